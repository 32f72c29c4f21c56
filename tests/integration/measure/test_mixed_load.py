"""The open load on a real server: one schedule for all arms, stalls charged, what is late or skipped counted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pyarrow.parquet as pq

from harness.judge import mixed_load, query_rules
from harness.measure.model import MIX, BlockTable, Measurement, OpenLoad
from harness.measure.samples import read_open_table, read_table
from harness.server import Server
from tests.integration.measure.measuring import Recording, measured, options, query

POINT = query("point", "SELECT id, name FROM item WHERE id = $1::int")
SLOW = query("slow", "SELECT pg_sleep(0.005), id FROM item WHERE id = $1::int")
NOTE = query(
    "note", "UPDATE item SET note = 'operation ' || $2::bigint WHERE id = $1::int", names=("id", "op"), kind="write"
)
RATE = OpenLoad(rate_per_s=100, connections=2, budget_share=0.8)


def mixed(measurement: Measurement, query: str = MIX) -> list[tuple[str, int, int]]:
    return [(item.arm, item.block, item.intended) for item in measurement.open_table.slices if item.query == query]


def test_every_arm_gets_the_same_operations_and_the_file_gives_the_same_table(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "samples.parquet"
    chosen = options(budget_s=20, open_load=RATE)
    measurement = asyncio.run(measured([POINT, NOTE], arms, server.address, path, chosen))
    table = measurement.open_table
    assert table.counted_blocks >= 1
    assert read_open_table(path) == table
    assert read_table(path) == measurement.table
    rows = [row for row in pq.read_table(path).to_pylist() if row["rate_per_s"] is not None]
    for block in {row["block"] for row in rows}:
        schedules = [
            sorted(
                (round(r["intended_s"] - r["began_s"], 6), r["query"], r["op"]) for r in rows if key(r) == (block, arm)
            )
            for arm in arms
        ]
        assert schedules[0] == schedules[1] == schedules[2]
        assert len(schedules[0]) > 10
    assert all(proof.equal for proof in measurement.equality)
    assert measurement.equality


def key(row: dict[str, object]) -> tuple[object, object]:
    return row["block"], row["arm"]


def test_the_rate_is_found_once_as_a_share_of_what_the_slower_arm_manages(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    progress = Recording()
    chosen = options(budget_s=20, open_load=OpenLoad(connections=2, budget_share=0.8))
    measurement = asyncio.run(measured([SLOW], arms, server.address, tmp_path / "s", chosen, progress))
    assert measurement.rate_per_s is not None
    assert 60 < measurement.rate_per_s < 0.4 * 2 / 0.005  # two connections, 5 ms each at the very least
    (line,) = [note for note in progress.notes if "operations a second on every arm" in note]
    assert "40% of the" in line
    assert "seed is 1" in line


def test_an_arm_that_cannot_keep_the_rate_is_called_saturated_and_nothing_is_dropped(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "samples.parquet"
    chosen = options(budget_s=20, open_load=OpenLoad(rate_per_s=1000, connections=2, budget_share=0.8))
    measurement = asyncio.run(measured([SLOW], arms, server.address, path, chosen))
    slices = [item for item in measurement.open_table.slices if item.query == MIX]
    assert all(item.skipped > 100 and item.saturated for item in slices)
    for item in slices:
        assert item.executions + item.skipped == item.intended
    assert read_open_table(path) == measurement.open_table
    found = mixed_load(measurement, query_rules([SLOW.query]))
    (latency,) = [item for item in found if (item.query, item.arm, item.metric) == (MIX, "after", "p50")]
    assert latency.ratio is None
    assert latency.skipped > 100


def test_a_stall_is_charged_to_everyone_who_would_have_waited(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    """One operation in sixty takes 0.3 s; at 80 a second over one connection two dozen others are due meanwhile."""
    path = tmp_path / "samples.parquet"
    stalling = query(
        "stalling",
        "SELECT pg_sleep(CASE $2::bigint % 60 WHEN 59 THEN 0.3 ELSE 0.002 END), id FROM item WHERE id = $1::int",
        names=("id", "op"),
    )
    chosen = options(budget_s=20, open_load=OpenLoad(rate_per_s=80, connections=1, budget_share=0.8))
    asyncio.run(measured([stalling], arms, server.address, path, chosen))
    rows = [row for row in pq.read_table(path).to_pylist() if row["rate_per_s"] is not None]
    done = [row for row in rows if row["done_s"] is not None]
    stalls = sum(row["op"] % 60 == 59 for row in done)
    waited = sum(row["done_s"] - row["intended_s"] > 0.1 for row in done) + len(rows) - len(done)
    assert stalls >= 3
    assert waited > 6 * stalls
    assert sum(row["done_s"] - row["sent_s"] > 0.1 for row in done) < 3 * stalls


def test_a_rate_that_the_budget_holds_no_block_of_leaves_the_load_out(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    progress = Recording()
    chosen = options(budget_s=8, open_load=OpenLoad(rate_per_s=0.001))
    measurement = asyncio.run(measured([POINT], arms, server.address, tmp_path / "s", chosen, progress))
    assert measurement.open_table == BlockTable()
    assert any("the mixed load is left out" in note for note in progress.notes)
