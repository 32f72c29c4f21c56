"""The claims' queries on a real server: one value each, read only, and the CRM's give what the CRM holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import asyncpg
import pytest

from harness.claims import Claim, FactError, collect_facts, load_claims
from harness.scenario import load_scenario
from harness.server import Databases
from harness.server.address import connect
from tests.integration.scenario_files.states import SMALL_DATA, States, build, execute

T = TypeVar("T")


def asked(databases: Databases, database: str, work: Callable[[Any], Awaitable[T]]) -> T:
    async def run() -> T:
        connection = await connect(databases.server.address, database)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def claim(name: str, sql: str) -> Claim:
    return Claim(name, "s", "t", None, None, sql, None, None, "", 0, "", "", "r", "")


def test_each_query_gives_its_value_or_the_reason_why_not(databases: Databases, database: str) -> None:
    claims = (
        claim("number", "SELECT 4"),
        claim("truth", "SELECT true"),
        claim("text", "SELECT 'a'"),
        claim("broken", "SELECT count(*) FROM nowhere"),
        claim("after-broken", "SELECT 5;"),
        claim("rows", "SELECT generate_series(1, 3)"),
        claim("none", "SELECT 1 WHERE false"),
        claim("columns", "SELECT 1, 2"),
        claim("null", "SELECT NULL::int"),
        claim("writes", "CREATE TABLE t (a int)"),
        claim("two", "SELECT 1; SELECT 2"),
        claim("untested", ""),
    )
    facts = asked(databases, database, lambda connection: collect_facts(connection, claims))
    values = {name: fact for name, fact in facts.items() if not isinstance(fact, FactError)}
    reasons = {name: fact.message for name, fact in facts.items() if isinstance(fact, FactError)}
    assert values == {"number": 4, "truth": True, "text": "a", "after-broken": 5}
    assert '42P01 relation "nowhere" does not exist' in reasons["broken"]
    assert "gave 3 rows" in reasons["rows"]
    assert "gave 0 rows" in reasons["none"]
    assert "one column" in reasons["columns"]
    assert "NULL" in reasons["null"]
    assert "read-only" in reasons["writes"]
    assert "multiple commands" in reasons["two"]
    assert "untested" not in facts


def test_a_lost_connection_is_no_fact(databases: Databases, database: str) -> None:
    async def cut(connection: Any) -> None:
        await connection.execute("SELECT 1")
        connection.terminate()
        await collect_facts(connection, (claim("number", "SELECT 4"),))

    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)):
        asked(databases, database, cut)


@pytest.fixture(scope="module")
def facts(databases: Databases) -> Mapping[str, object]:
    """The CRM's facts after its migration, on the small data."""
    crm = load_scenario("crm")
    assert crm.claims is not None
    claims = load_claims(crm.claims)

    async def migrated(connection: Any) -> None:
        await execute(connection, crm.roles)
        await build(connection, crm, [SMALL_DATA])
        await execute(connection, crm.migrations)

    states = States(databases)
    states.make("claims_after", migrated)
    try:
        return states.ask("claims_after", lambda connection: collect_facts(connection, claims))
    finally:
        states.drop("claims_after")


def test_the_crm_answers_every_query_of_its_claims(facts: Mapping[str, object]) -> None:
    assert not {name: fact for name, fact in facts.items() if isinstance(fact, FactError)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("job-works-fields-in-view", 12),
        ("job-works-join", 5),
        ("job-works-columns-gone", 0),
        ("suppliers-indexes", 4),
        ("suppliers-row-security", True),
        ("suppliers-policies", 1),
        ("no-orphaned-sales", 0),
        ("expected-indexes", 0),
        ("composite-indexes", 0),
        ("foreign-key-indexes", 5),
    ],
)
def test_the_crm_is_as_its_description_says(facts: Mapping[str, object], name: str, value: object) -> None:
    assert facts[name] == value


def test_the_crm_lacks_what_only_the_verification_expects(facts: Mapping[str, object]) -> None:
    assert "deleted_at" in str(facts["categories-deleted-at"])
