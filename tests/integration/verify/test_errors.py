"""What cannot be read or compared is a finding with its reason; what is the server's trouble is an error."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from harness.errors import ScenarioError
from harness.progress import Silent
from harness.scenario import AcceptRule
from harness.server import Databases
from harness.snapshot import Snapshot, take_snapshot
from harness.verify import verify
from tests.integration.verify.checking import Outcome, check, drop, execute, scenario

OLD_STATE = """
    CREATE TABLE goods (id int PRIMARY KEY, divisor int, share int, label text, hidden text, word text);
    INSERT INTO goods SELECT n, n - 3, 1, 'label ' || n, 'hidden ' || n, 'word ' || n FROM generate_series(1, 9) n;
    CREATE TABLE coloured (id int PRIMARY KEY, colour text);
    INSERT INTO coloured VALUES (1, 'red');
"""
MIGRATION = """
    CREATE VIEW goods_shown AS SELECT id, 1 / divisor AS share, 'label ' || id AS label, word FROM goods;
    CREATE VIEW goods_keyless AS SELECT 'hidden ' || id AS hidden FROM goods;
    CREATE TYPE colour AS ENUM ('blue');
    CREATE VIEW coloured_shown AS SELECT id, 'blue'::colour AS colour FROM coloured;
    ALTER TABLE goods DROP COLUMN share, DROP COLUMN label, DROP COLUMN hidden;
    ALTER TABLE coloured DROP COLUMN colour;
"""
ENDING = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = $1 AND query LIKE '%"slow"%' AND state = 'active'
"""


@pytest.fixture(scope="module")
def outcome(databases: Databases) -> Iterator[Outcome]:
    made = check(databases, OLD_STATE, MIGRATION, column_map=(("goods.hidden", "goods_keyless.hidden"),))
    yield made
    made.drop()


def test_a_view_that_errors_is_a_finding(outcome: Outcome) -> None:
    finding = outcome.one("view_error", "goods_shown")
    assert "division by zero" in finding.detail
    view = next(view for view in outcome.integrity.views if view.view == "goods_shown")
    assert (view.rows, "division by zero" in (view.error or "")) == (None, True)
    with pytest.raises(asyncpg.DivisionByZeroError):
        outcome.rerun(finding)


def test_a_column_that_errors_is_not_compared_and_the_others_are(outcome: Outcome) -> None:
    failed = outcome.column("goods.share")
    assert (failed.verdict, failed.reason) == ("not_compared", "division by zero")
    assert outcome.one("not_compared", "goods.share").severity == "error"
    assert outcome.column("goods.label").verdict == "identical"


def test_a_mapped_view_without_the_key_is_not_compared(outcome: Outcome) -> None:
    assert outcome.column("goods.hidden").reason == "goods_keyless does not show the key of goods (id)"


def test_values_that_the_new_type_does_not_know_differ(outcome: Outcome) -> None:
    found = outcome.column("coloured.colour")
    assert (found.verdict, found.different) == ("different", 1)


def test_an_accept_rule_of_an_unknown_kind_is_the_scenarios_fault(databases: Databases) -> None:
    with pytest.raises(ScenarioError, match="there is no finding kind 'value_difers'"):
        check(databases, OLD_STATE, MIGRATION, accept=(AcceptRule("value_difers", "*", "typo"),))


def test_a_server_that_ends_the_session_is_no_finding(databases: Databases) -> None:
    before, clone = "lost_before", "lost_clone"
    names = (databases.name(before), databases.name(clone))
    address = databases.server.address

    async def prepare() -> Snapshot:
        await databases.create(before)
        await execute(databases, before, OLD_STATE)
        await databases.create(clone, before)
        await execute(databases, clone, MIGRATION + "CREATE VIEW slow AS SELECT id, pg_sleep(60)::text FROM goods;")
        return await take_snapshot(address, *names, Silent())

    async def end_the_session() -> None:
        connection = await databases.connect(before)
        try:
            while not await connection.fetchval(ENDING, names[1]):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        finally:
            await connection.close()

    async def check_and_lose(snapshot: Snapshot) -> None:
        ending = asyncio.create_task(end_the_session())
        try:
            await verify(scenario(MIGRATION), address, names[0], names[1], names[1], snapshot, (), Silent())
        finally:
            await ending

    try:
        snapshot = asyncio.run(prepare())
        with pytest.raises((asyncpg.AdminShutdownError, asyncpg.ConnectionDoesNotExistError)):
            asyncio.run(check_and_lose(snapshot))
    finally:
        drop(databases, (before, clone))
