"""Measuring on a real server: blocks, verdicts, samples, writes, and queries that fail."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.errors import MeasureError
from harness.judge import judge_table, query_rules
from harness.measure.model import WARMUP_BLOCKS, Measurement
from harness.measure.orders import MOST_FAILURES_IN_A_ROW
from harness.measure.planning import FEWEST_EXECUTIONS
from harness.measure.process import WorkerProcess
from harness.measure.samples import read_slices, read_table
from harness.measure.slices import summarise
from harness.server import Databases, Server, connect
from tests.integration.measure.measuring import SETS, Recording, measured, options, query, without_lateness

POINT = query("point", "SELECT id, name FROM item WHERE id = $1::int")
WIDE = query("wide", "SELECT * FROM item WHERE id BETWEEN $1::int AND $1::int + 50")
SLOWED = query(
    "slowed",
    "SELECT count(*) FROM item WHERE id < $1::int + 2000",
    "SELECT count(*) FROM item, generate_series(1, 8) WHERE id < $1::int + 2000",
)


def test_a_slower_form_is_found_and_an_unchanged_one_is_not(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "samples.parquet"
    measurement = asyncio.run(measured([POINT, SLOWED], arms, server.address, path, options(looks=(12, 20, 40))))
    rules = query_rules([POINT.query, SLOWED.query])
    found = {
        (item.query, item.arm): item
        for item in judge_table(without_lateness(measurement.table), rules)
        if item.metric == "p50"
    }
    assert found["slowed", "after"].verdict == "slower"
    assert (found["slowed", "after"].ratio or 0) > 2
    assert found["point", "after"].verdict in ("equivalent", "inconclusive")
    assert found["slowed", "control"].verdict in ("equivalent", "inconclusive")
    assert measurement.errors == ()


def test_the_samples_file_gives_the_same_table_again(arms: dict[str, str], server: Server, tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    measurement = asyncio.run(measured([POINT, WIDE], arms, server.address, path, options()))
    assert read_table(path) == measurement.table
    assert [file.name for file in tmp_path.iterdir()] == ["samples.parquet"]


def test_every_block_holds_every_arm_and_the_same_work(arms: dict[str, str], server: Server, tmp_path: Path) -> None:
    measurement = asyncio.run(measured([POINT, WIDE], arms, server.address, tmp_path / "s", options(clients=(1, 3))))
    table = measurement.table
    assert table.counted_blocks >= 1
    for block in range(WARMUP_BLOCKS + table.counted_blocks):
        cells = [(item.query, item.clients, item.arm) for item in table.slices if item.block == block]
        assert len(cells) == len(set(cells)) == 2 * 2 * 3
    for name in ("point", "wide"):
        for clients in (1, 3):
            counts = {item.executions for item in table.slices if (item.query, item.clients) == (name, clients)}
            assert len(counts) == 1
            assert counts.pop() % (len(SETS) * clients) == 0
    alike = [item.relative for item in table.slices if item.arm == "control" and not item.warmup]
    assert len(alike) == 2 * 2 * table.counted_blocks
    assert all(ratio is not None and 0.2 < ratio < 5 for ratio in alike)


def test_an_arm_that_sits_blocks_out_runs_the_same_operations_where_it_takes_part(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "samples.parquet"
    chosen = options(sparse_arms=frozenset({"control"}), looks=(6,))
    measurement = asyncio.run(measured([POINT, WIDE], arms, server.address, path, chosen))
    operations: dict[tuple[str, int], set[tuple[int, ...]]] = {}
    for item in read_slices(path):
        load = item.facts.query, item.facts.block
        operations.setdefault(load, set()).add(tuple(sorted(item.samples["op"].tolist())))
    assert len(operations) == 2 * (WARMUP_BLOCKS + 6)
    assert {len(found) for found in operations.values()} == {1}
    sparse = [item for item in measurement.table.slices if item.arm == "control"]
    assert sorted({item.block for item in sparse}) == [0, 2, 4, 6]
    assert all(item.relative is not None for item in sparse)


def test_the_budget_is_kept(arms: dict[str, str], server: Server, tmp_path: Path) -> None:
    measurement = asyncio.run(
        measured([POINT], arms, server.address, tmp_path / "s", options(budget_s=8, looks=(200,)))
    )
    assert 7 <= measurement.seconds <= 8.8


def test_the_servers_time_lies_between_its_statements_and_the_response(
    arms: dict[str, str], server: Server, databases: Databases, database: str, tmp_path: Path
) -> None:
    chosen = options(stats_database=database)
    measurement = asyncio.run(measured([WIDE], arms, server.address, tmp_path / "s", chosen))
    for item in measurement.table.slices:
        assert 0 < (item.statements_mean_s or 0) < (item.server_mean_s or 0) < (item.mean_s or 0)


def test_the_servers_time_is_told_without_pg_stat_statements(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    measurement = asyncio.run(measured([WIDE], arms, server.address, tmp_path / "s", options()))
    assert all(item.statements_mean_s is None for item in measurement.table.slices)
    assert all(0 < (item.server_mean_s or 0) < (item.mean_s or 0) for item in measurement.table.slices)


def test_a_query_that_cannot_be_prepared_on_an_arm_is_an_error_and_the_others_are_measured(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    broken = query("broken", "SELECT name FROM item WHERE id = $1::int", "SELECT lost FROM item WHERE id = $1::int")
    measurement = asyncio.run(measured([POINT, broken], arms, server.address, tmp_path / "s", options()))
    (error,) = measurement.errors
    assert (error.query, error.arm, error.sqlstate) == ("broken", "after", "42703")
    assert 'column "lost" does not exist' in error.message
    assert measurement.left_out == {("broken", 1): "it cannot be prepared on every arm"}
    assert {item.query for item in measurement.table.slices} == {"point"}


def test_a_query_that_fails_when_run_is_counted_by_sqlstate(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    failing = query("failing", "SELECT 1 / ($1::int - $1::int) FROM item LIMIT 1")
    measurement = asyncio.run(measured([POINT, failing], arms, server.address, tmp_path / "s", options()))
    assert {(error.query, error.sqlstate) for error in measurement.errors} == {("failing", "22012")}
    comparisons = judge_table(
        measurement.table, query_rules([POINT.query, failing.query]), invalid=measurement.invalid_loads()
    )
    verdicts = {item.query: (item.verdict, item.ratio) for item in comparisons if item.query == "failing"}
    assert verdicts == {"failing": ("inconclusive", None)}


def test_the_arms_run_each_slice_in_turns_so_that_what_slows_the_machine_down_meets_them_alike(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "samples.parquet"
    asyncio.run(measured([POINT], arms, server.address, path, options(slice_s=0.1)))
    slices = [item for item in read_slices(path) if item.facts.block >= WARMUP_BLOCKS]
    assert {(item.facts.block, item.facts.arm) for item in slices} == {(b, a) for b in (2, 3) for a in arms}
    for block in (2, 3):
        middles = {
            item.facts.arm: float(np.median(item.samples["sent_s"])) for item in slices if item.facts.block == block
        }
        lengths = [float(np.ptp(item.samples["sent_s"])) for item in slices if item.facts.block == block]
        assert max(middles.values()) - min(middles.values()) < 0.2 * min(lengths)
    for item in slices:
        assert len(item.facts.turns) > 5
        assert set(np.diff(item.samples["op"])) == {1}
    record = summarise(slices[0].facts, slices[0].samples)
    assert record.wall_s < 0.6 * float(np.ptp(slices[0].samples["sent_s"]))


@pytest.mark.parametrize("granted", [True, False])
def test_clients_without_real_time_turns_are_told_of(
    arms: dict[str, str], server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, granted: bool
) -> None:
    settled = property(lambda _: granted, lambda _, told: None)
    monkeypatch.setattr(WorkerProcess, "real_time", settled, raising=False)
    measurement = asyncio.run(measured([POINT], arms, server.address, tmp_path / "s", options()))
    assert any("no real-time turns" in note for note in measurement.notes) == (not granted)


def test_a_read_that_fails_again_and_again_has_no_further_turns(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    """It succeeds until the planned blocks have begun, and then runs into the time limit."""
    slow = query(
        "slow",
        "SELECT pg_sleep(CASE WHEN nextval('calls') > 40 THEN 9 ELSE 0.001 END), $1::int",
    )

    async def run() -> Measurement:
        for database in arms.values():
            connection = await connect(server.address, database)
            await connection.execute("CREATE SEQUENCE calls")
            await connection.close()
        chosen = options(statement_timeout_s=0.5, budget_s=120)
        return await measured([POINT, slow], arms, server.address, tmp_path / "s", chosen)

    measurement = asyncio.run(run())
    failed = [sum(count for _, count in item.errors) for item in measurement.table.slices if item.query == "slow"]
    assert failed
    assert max(failed) == MOST_FAILURES_IN_A_ROW


def test_a_statement_that_takes_too_long_is_an_error_by_its_code(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    slow = query("slow", "SELECT pg_sleep(3), $1::int")
    chosen = options(statement_timeout_s=1.0)
    measurement = asyncio.run(measured([POINT, slow], arms, server.address, tmp_path / "s", chosen))
    assert ("slow", "57014") in {(error.query, error.sqlstate) for error in measurement.errors}
    assert measurement.left_out["slow", 1].startswith("it fails on ")


def test_a_read_that_finds_nothing_is_no_measurement(arms: dict[str, str], server: Server, tmp_path: Path) -> None:
    empty = query("empty", "SELECT id FROM item WHERE id = -$1::int")
    measurement = asyncio.run(measured([POINT, empty], arms, server.address, tmp_path / "s", options()))
    assert ("empty", "02000") in {(error.query, error.sqlstate) for error in measurement.errors}
    assert measurement.left_out["empty", 1].startswith("it reads or touches no row on ")


def test_a_budget_that_holds_not_one_block_is_told_with_the_next_step(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    slow = query("slow", "SELECT pg_sleep(0.2), $1::int")
    with pytest.raises(MeasureError, match="nothing can be measured within 5 s — give a larger --budget") as told:
        asyncio.run(measured([slow], arms, server.address, tmp_path / "s", options(budget_s=5)))
    needed = re.search(r"the 2 blocks of a verdict on every query need more than (\d+) s$", str(told.value))
    assert needed
    assert int(needed[1]) >= (2 + WARMUP_BLOCKS) * FEWEST_EXECUTIONS * 0.2 * 2  # the pilot ends on the second arm


def test_a_query_that_costs_more_than_the_budget_leaves_it_to_the_others(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    slow = query("slow", "SELECT pg_sleep(3), $1::int")
    chosen = options(budget_s=25)
    measurement = asyncio.run(measured([slow, POINT], arms, server.address, tmp_path / "s", chosen))
    assert set(measurement.left_out) == {("slow", 1)}
    reason = "its slices cost more than the budget holds: a block of it takes more than "
    assert measurement.left_out["slow", 1].startswith(reason)
    assert {item.block for item in measurement.table.slices if item.query == "point"} == set(range(2 + WARMUP_BLOCKS))
    assert any("of a verdict on every query need more than" in note for note in measurement.notes)


def test_no_query_that_runs_is_told_with_the_reason(arms: dict[str, str], server: Server, tmp_path: Path) -> None:
    broken = query("broken", "SELECT lost FROM item WHERE id = $1::int")
    with pytest.raises(MeasureError, match="no query runs on every arm: it cannot be prepared on every arm"):
        asyncio.run(measured([broken], arms, server.address, tmp_path / "s", options()))


def test_the_cost_of_the_looks_is_told_before_the_first_block(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    progress = Recording()
    asyncio.run(measured([POINT, WIDE], arms, server.address, tmp_path / "s", options(), progress))
    (line,) = [note for note in progress.notes if "a block of" in note]
    assert line.startswith("a block of 2 queries on 3 arms takes about")
    assert "2 blocks" in line


def test_statements_ran_often_enough_for_the_choice_of_plan(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    measurement = asyncio.run(measured([POINT], arms, server.address, tmp_path / "s", options()))
    for count in measurement.plan_counts:
        assert count.generic + count.custom > 6
        assert count.custom >= 5


def test_queries_run_as_whoever_asks_them_each_on_a_connection_of_its_own(
    arms: dict[str, str], server: Server, databases: Databases, tmp_path: Path
) -> None:
    """The claim reaches the query, and a query without one runs as the connecting user beside it."""

    async def run() -> Measurement:
        for arm in arms:
            connection = await databases.connect(arm)
            await connection.execute("GRANT SELECT ON item TO pg_monitor")
            await connection.close()
        claim = "coalesce(current_setting('app.tenant', true), '')"
        sql = f"SELECT 1 / (current_user = '{{0}}' AND {claim} = '{{1}}')::int, $1::int"
        asked = replace(
            query("asked", sql.format("pg_monitor", "7")), session=(("app.tenant", "7"), ("role", "pg_monitor"))
        )
        plain = query("plain", sql.format(server.user, ""))
        return await measured([asked, plain], arms, server.address, tmp_path / "s", options())

    measurement = asyncio.run(run())
    assert measurement.errors == ()
    assert {item.query for item in measurement.table.slices} == {"asked", "plain"}
    assert {count.query for count in measurement.plan_counts if count.custom} == {"asked", "plain"}
