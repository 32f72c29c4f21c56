"""What is loaded next, and which keys and indexes are built side by side."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from harness.errors import SeedError
from harness.scenario import SqlFile
from harness.seed.constrain import Step, constraint_steps, remaining, run_steps
from harness.seed.load import CHUNK_BLOCKS, CHUNK_BYTES, _Agenda, missing_chunks
from harness.seed.scale import BLOCK_ROWS
from harness.seed.worker import Chunk


def test_a_table_is_cut_into_chunks_that_hold_all_its_rows() -> None:
    rows = 40 * BLOCK_ROWS + 5
    chunks = missing_chunks({"t": rows}, {}, {"t": 10.0})["t"]
    assert [chunk.blocks for chunk in chunks] == [CHUNK_BLOCKS, CHUNK_BLOCKS, 41 - 2 * CHUNK_BLOCKS]
    assert sum(chunk.rows for chunk in chunks) == rows
    assert chunks[-1].rows == 8 * BLOCK_ROWS + 5


@pytest.mark.parametrize(("row_bytes", "blocks"), [(CHUNK_BYTES / BLOCK_ROWS / 3, 3), (1e9, 1)])
def test_a_chunk_of_wide_rows_has_fewer_blocks_but_one_at_least(row_bytes: float, blocks: int) -> None:
    first, *_ = missing_chunks({"t": 40 * BLOCK_ROWS}, {}, {"t": row_bytes})["t"]
    assert first.blocks == blocks
    assert first.bytes == row_bytes * first.rows


def test_only_missing_blocks_are_loaded_again() -> None:
    loaded = {"t": [(0, 3), (5, 1)], "u": [(0, 1)]}
    chunks = missing_chunks({"t": 26 * BLOCK_ROWS, "u": 1}, loaded, {"t": 10.0, "u": 10.0})
    assert chunks["u"] == []
    assert [(chunk.first_block, chunk.blocks) for chunk in chunks["t"]] == [(3, 2), (6, 16), (22, 4)]


def chunk(table: str, number: int, size: float = 10.0) -> Chunk:
    return Chunk(table, number, 1, 10, size)


def test_a_worker_stays_with_its_table_and_others_take_the_largest_free_one() -> None:
    agenda = _Agenda({"a": [chunk("a", 0), chunk("a", 1)], "b": [chunk("b", 0), chunk("b", 1), chunk("b", 2)]})
    first, second = agenda.take(None), agenda.take(None)
    assert (first, second) == (chunk("b", 0), chunk("a", 0))
    assert agenda.take(first) == chunk("b", 1)
    assert agenda.take(second) == chunk("a", 1)
    assert agenda.take(chunk("a", 1)) == chunk("b", 2)
    assert agenda.take(chunk("b", 1)) is None


def test_the_table_with_most_bytes_comes_first_not_the_one_with_most_rows() -> None:
    agenda = _Agenda({"long": [chunk("long", 0), chunk("long", 1)], "wide": [chunk("wide", 0, 25.0)]})
    assert agenda.take(None) == chunk("wide", 0, 25.0)


KEYS = """
ALTER TABLE a ADD PRIMARY KEY (id);
ALTER TABLE b ADD PRIMARY KEY (id);
ALTER TABLE b ADD FOREIGN KEY (a_id) REFERENCES a (id);
CREATE INDEX b_1 ON b (x);
CREATE UNIQUE INDEX b_2 ON b (y);
CREATE INDEX CONCURRENTLY b_3 ON b (z);
COMMENT ON TABLE b IS 'x';
"""


def steps() -> list[Step]:
    return constraint_steps([SqlFile(Path("keys.sql"), KEYS)])


def test_steps_are_named_by_file_and_line_and_know_what_they_lock() -> None:
    found = steps()
    assert [step.name for step in found] == [f"keys.sql:{line}" for line in range(2, 9)]
    assert [step.group for step in found] == ["key", "key", "foreign", "index", "index", "", ""]
    assert found[2].tables == {"a", "b"}
    assert found[2].disturbs(found[0])
    assert not found[0].disturbs(found[1])
    assert not found[3].disturbs(found[4])
    assert [step.in_transaction for step in found] == [True] * 5 + [False, True]


class Log:
    """Which steps ran side by side."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.together: set[frozenset[str]] = set()
        self.order: list[str] = []
        self.most_at_once = 0

    async def run(self, connection: Any, step: Step) -> None:
        self.running.append(step.name)
        self.most_at_once = max(self.most_at_once, len(self.running))
        self.order.append(step.name)
        self.together.add(frozenset(self.running))
        await asyncio.sleep(0.01)
        self.running.remove(step.name)


def test_steps_that_lock_other_tables_run_side_by_side_and_the_rest_waits() -> None:
    log = Log()
    asyncio.run(run_steps([1, 2, 3], steps(), {"a": 1, "b": 9}, log.run))
    pairs = {pair for pair in log.together if len(pair) > 1}
    assert pairs == {frozenset({"keys.sql:2", "keys.sql:3"}), frozenset({"keys.sql:5", "keys.sql:6"})}
    assert log.order[0] == "keys.sql:3"  # the larger table's first
    assert sorted(log.order) == [f"keys.sql:{line}" for line in range(2, 9)]


def test_steps_on_one_table_keep_their_order() -> None:
    text = "".join(f"ALTER TABLE t ADD COLUMN c{number} int;\n" for number in range(5))
    log = Log()
    asyncio.run(run_steps([1, 2], constraint_steps([SqlFile(Path("k.sql"), text)]), {}, log.run))
    assert log.order == [f"k.sql:{line}" for line in range(1, 6)]


def test_steps_on_one_line_keep_their_order_and_never_run_side_by_side() -> None:
    text = "UPDATE a SET x = 1; UPDATE b SET x = 1; UPDATE c SET x = 1;"
    log = Log()
    asyncio.run(run_steps([1, 2], constraint_steps([SqlFile(Path("k.sql"), text)]), {}, log.run))
    assert log.order == ["k.sql:1"] * 3
    assert log.most_at_once == 1


def of(*texts: str) -> list[Step]:
    """The steps of one file for each text; all have the same name."""
    return constraint_steps([SqlFile(Path("k.sql"), text) for text in texts])


def test_no_two_steps_are_taken_for_one_another() -> None:
    found = of("UPDATE a SET x = 1; UPDATE b SET x = 1; UPDATE a SET x = 1;", "UPDATE c SET x = 1; UPDATE a SET x = 1;")
    assert {step.name for step in found} == {"k.sql:1"}
    assert len({step.mark for step in found}) == 5


def test_a_resumed_seeding_runs_what_was_not_done_and_what_was_mended() -> None:
    first = of("CREATE INDEX ON a (x); CREATE INDEX ON b (x); UPDATE c SET x = 1; UPDATE d SET x = 1;")
    assert remaining(first, [first[1].mark, "vacuum a"]) == [first[0], *first[2:]]
    mended = of("-- mended\n\nCREATE INDEX ON a (y); CREATE INDEX ON b (x);", "UPDATE c SET x = 1;")
    assert [step.sql for step in remaining(mended, [first[1].mark])] == ["CREATE INDEX ON a (y)", "UPDATE c SET x = 1"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("UPDATE b SET x = 1;", "1 of the statements that were done are no longer in the files"),
        ("UPDATE a SET x = 2; UPDATE b SET x = 1;", "1 of the statements that were done are no longer"),
        (
            "UPDATE z SET x = 1; UPDATE a SET x = 1; UPDATE b SET x = 1;",
            "k.sql:1: this statement is new before k.sql:1",
        ),
    ],
)
def test_files_that_no_longer_say_what_was_done_are_refused(text: str, reason: str) -> None:
    done = of("UPDATE a SET x = 1; UPDATE b SET x = 1;")[0].mark
    with pytest.raises(SeedError, match=reason):
        remaining(of(text), [done])


def test_no_step_overtakes_one_that_waits_for_the_same_table() -> None:
    log = Log()
    waiting = [
        Step("one", "one", "", "foreign", frozenset({"big"})),
        Step("two", "two", "", "foreign", frozenset({"big", "small"})),
        Step("three", "three", "", "foreign", frozenset({"small"})),
    ]
    asyncio.run(run_steps([1, 2], waiting, {"big": 9}, log.run))
    assert log.order == ["one", "two", "three"]


def test_an_error_of_ours_ends_the_steps() -> None:
    async def run(connection: Any, step: Step) -> None:
        raise RuntimeError(step.name)

    with pytest.raises(RuntimeError, match=r"keys.sql:2"):
        asyncio.run(run_steps([1], steps(), {}, run))
