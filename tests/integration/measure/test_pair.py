"""Measuring a pair of databases that is there: reads only unless told, nothing made or dropped, everything kept."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import MeasureError, ServerError, UsageError
from harness.measure.samples import read_table
from harness.pair import Compared, PairOptions, measure_pair, prepare_pair
from harness.progress import Silent
from harness.server import Databases, Journal, ServerOptions, open_server

SCENARIO = """
name = "pair"
title = "A pair"
origin = "a test"
main_tables = ["item"]
schema = ["schema.sql"]
migrations = ["schema.sql"]
seed = "seed.toml"
"""
QUERIES = {
    "same": ("SELECT name FROM item WHERE id = :id", "SELECT name || '' AS name FROM item WHERE id = :id", "read"),
    "other": ("SELECT name FROM item WHERE id = :id", "SELECT name || '!' AS name FROM item WHERE id = :id", "read"),
    "note": (*2 * ("UPDATE item SET note = 'n' || :op::bigint WHERE id = :id",), "write"),
    "sneaky": (*2 * ("UPDATE item SET note = 'x' WHERE id = :id RETURNING name",), "read"),
}


def scenario(folder: Path, *names: str) -> str:
    (folder / "workload").mkdir(parents=True)
    (folder / "schema.sql").write_text("SELECT 1;")
    (folder / "seed.toml").write_text("")
    text = SCENARIO
    for name in names:
        before, after, kind = QUERIES[name]
        text += f'\n[[query]]\nname = "{name}"\ntitle = "{name}"\nkind = "{kind}"\n'
        (folder / "workload" / f"{name}.before.sql").write_text(before)
        (folder / "workload" / f"{name}.after.sql").write_text(after)
        (folder / "workload" / f"{name}.params.sql").write_text("SELECT id FROM item WHERE id % 2000 = 0 ORDER BY id")
    (folder / "scenario.toml").write_text(text)
    return str(folder)


def measured(tmp_path: Path, urls: dict[str, str], *names: str, **changes: Any) -> Compared:
    chosen: dict[str, Any] = {"budget_s": 6.0, "rate": 0.0, "results": tmp_path / "results"}
    options = PairOptions(scenario(tmp_path / "scenario", *names), urls["before"], urls["after"], **(chosen | changes))
    folder, read = prepare_pair(options)
    return asyncio.run(measure_pair(options, folder, read, Silent()))


@pytest.fixture
def urls(databases: Databases, arms: dict[str, str]) -> dict[str, str]:
    return {arm: databases.url(arm) for arm in arms}


async def state(databases: Databases) -> tuple[object, ...]:
    """All databases there are, and what the arms hold."""
    found: list[object] = []
    for arm in ("before", "after"):
        connection = await databases.connect(arm)
        found.append(await connection.fetchval("SELECT array_agg(datname ORDER BY datname) FROM pg_database"))
        found.append(await connection.fetchval("SELECT sum(hashtextextended(item::text, 0)::numeric) FROM item"))
        found.append(await connection.fetchval("SELECT count(*) FROM pg_class"))
        await connection.close()
    return tuple(found)


def test_a_pair_is_measured_and_left_as_it_is(databases: Databases, urls: dict[str, str], tmp_path: Path) -> None:
    before = asyncio.run(state(databases))
    found = measured(tmp_path, urls, "same", "note", control=urls["control"])
    assert asyncio.run(state(databases)) == before
    assert {item.query for item in found.result.latency} == {"same"}
    assert {item.arm for item in found.result.latency} == {"after", "control"}
    assert "queries that write are left out: --writes lets them in" in found.result.notes
    assert {item.query for item in read_table(found.folder / "samples.parquet").slices} == {"same"}
    kept = json.loads(json.dumps(found.as_json()))
    assert set(kept) == {
        *("scenario", "databases", "seconds", "untimed", "latency", "throughput", "errors", "void_slices", "notes"),
        "exit_code",
    }
    assert "password" not in json.dumps(kept)


def test_writes_run_where_they_are_let_in(databases: Databases, urls: dict[str, str], tmp_path: Path) -> None:
    before = asyncio.run(state(databases))
    found = measured(tmp_path, urls, "same", "note", writes=True)
    assert found.untimed == {}
    assert {item.query for item in found.result.latency} == {"same", "note"}
    assert asyncio.run(state(databases)) != before


def test_a_query_that_only_says_that_it_reads_cannot_write(
    databases: Databases, urls: dict[str, str], tmp_path: Path
) -> None:
    before = asyncio.run(state(databases))
    found = measured(tmp_path, urls, "same", "sneaky")
    assert asyncio.run(state(databases)) == before
    assert "read-only transaction" in found.untimed["sneaky"]


def test_queries_that_answer_differently_are_not_timed_and_end_with_3(urls: dict[str, str], tmp_path: Path) -> None:
    found = measured(tmp_path, urls, "same", "other")
    assert found.untimed == {"other": "its two forms answer differently"}
    assert {item.query for item in found.result.latency} == {"same"}
    assert found.exit_code == 3


def test_nothing_to_time_is_told_with_the_reason(urls: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="no query can be timed on this pair: other: its two forms answer"):
        measured(tmp_path, urls, "other")


def test_what_is_no_pair_is_refused(urls: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--after names the database .* once more"):
        measured(tmp_path, urls | {"after": urls["before"]}, "same")


@pytest.mark.parametrize("arm", ["after", "control"])
def test_a_url_that_differs_in_more_than_the_database_is_refused(
    urls: dict[str, str], tmp_path: Path, arm: str
) -> None:
    urls = urls | {arm: f"{urls[arm]}{'&' if '?' in urls[arm] else '?'}application_name=x"}
    with pytest.raises(UsageError, match=f"--{arm} differs from --before in more than the database: application_name"):
        measured(tmp_path, urls, "same", control=urls["control"])


def test_databases_of_two_servers_are_no_pair(urls: dict[str, str], tmp_path: Path) -> None:
    async def run() -> None:
        journal = Journal.begin(tmp_path)
        async with open_server(ServerOptions(), journal, Silent()) as other:
            options = PairOptions(
                scenario(tmp_path / "s", "same"),
                urls["before"],
                other.address.url("postgres"),
                results=tmp_path / "results",
            )
            folder, read = prepare_pair(options)
            await measure_pair(options, folder, read, Silent())

    with pytest.raises(UsageError, match="--after leads to another server"):
        asyncio.run(run())


def test_a_database_that_cannot_be_reached_or_named_is_told(urls: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="no server answers"):
        measured(tmp_path, urls | {"after": "postgresql://nobody@127.0.0.1:1/none"}, "same")
    with pytest.raises(UsageError, match="is no PostgreSQL URL"):
        measured(tmp_path / "two", urls | {"after": "mysql://x"}, "same")
