"""The server's account of pages: per execution of a query, and of all its processes."""

from __future__ import annotations

import asyncio
import threading
import uuid
from dataclasses import replace
from hashlib import md5
from pathlib import Path

import pytest

from harness.judge import query_io
from harness.measure.server_io import io_between, read_server_io
from harness.report import build
from harness.report.evidence import Absent
from harness.result import QueryIo, ServerIo
from harness.server import Address, Databases
from harness.server.address import connect
from tests.integration.measure.measuring import Recording, measured, options, query
from tests.unit.report.cases import CASES


def test_a_query_touches_the_pages_that_it_must_touch(
    databases: Databases, arms: dict[str, str], tmp_path: Path
) -> None:
    async def run() -> dict[tuple[str, str], float]:
        statistics = await databases.create("pages_statistics")
        try:
            whole = query("whole", "SELECT count(*) FROM item WHERE price < $1", names=("id",))
            point = query("point", "SELECT name FROM item WHERE id = $1")
            chosen = options(stats_database=statistics)
            outcome = await measured([whole, point], arms, databases.server.address, tmp_path / "s.parquet", chosen)
        finally:
            await databases.drop("pages_statistics")
        return {(item.query, item.arm): item.hit_per_execution + item.read_per_execution for item in query_io(outcome)}

    async def pages() -> int:
        connection = await connect(databases.server.address, arms["before"])
        try:
            return int(await connection.fetchval("SELECT pg_relation_size('item') / 8192"))
        finally:
            await connection.close()

    found, table = asyncio.run(run()), asyncio.run(pages())
    for arm in ("before", "after", "control"):
        assert found["whole", arm] == pytest.approx(table, abs=2)
        assert 2 <= found["point", arm] <= 4


class Meddling(Recording):
    """A progress that has an index dropped, and waits for it, when five blocks are over."""

    def __init__(self, address: Address, database: str) -> None:
        super().__init__()
        self._address, self._database = address, database

    def update(self, done: float, detail: str = "") -> None:
        super().update(done, detail)
        if detail.startswith("block 5,"):
            thread = threading.Thread(target=lambda: asyncio.run(self._drop()))
            thread.start()
            thread.join()

    async def _drop(self) -> None:
        connection = await connect(self._address, self._database)
        await connection.execute("DROP INDEX item_code_idx")
        await connection.close()


def test_a_plan_that_changes_between_blocks_is_told_with_its_block_in_the_result_and_the_report(
    databases: Databases, arms: dict[str, str], tmp_path: Path
) -> None:
    case = CASES["regression"]
    name = case.plans[0].query

    async def run() -> tuple[QueryIo, ...]:
        statistics = await databases.create("pages_statistics")
        try:
            sets = [{"code": uuid.UUID(md5(str(number).encode()).hexdigest())} for number in range(1, 5)]
            point = query(name, "SELECT name FROM item WHERE code = $1", names=("code",), sets=sets)
            chosen = options(stats_database=statistics, looks=(8,))
            address = databases.server.address
            meddling = Meddling(address, arms["after"])
            outcome = await measured([point], arms, address, tmp_path / "s.parquet", chosen, meddling)
        finally:
            await databases.drop("pages_statistics")
        return query_io(outcome)

    found = asyncio.run(run())
    sixth = 5  # blocks are counted from 0
    assert {item.arm: item.changed_in_blocks for item in found} == {"before": (), "control": (), "after": (sixth,)}
    queries = build(replace(case, query_io=found)).plans
    assert not isinstance(queries, Absent)
    words = f"another plan from block {sixth} on"
    assert [note.split(",")[0] for note in queries[0].notes if words in note] == ["after"]


def test_the_servers_io_is_a_difference_and_a_server_that_keeps_none_says_so(databases: Databases) -> None:
    async def read() -> tuple[ServerIo, ...] | None:
        connection = await connect(databases.server.address, None)
        try:
            return await read_server_io(connection)
        finally:
            await connection.close()

    found = asyncio.run(read())
    if databases.server.version_num < 160000:
        assert found is None
        return
    assert found is not None
    assert any(item.backend == "client backend" and item.hits for item in found)
    assert io_between(found, found) == ()


def test_what_grew_between_two_readings_is_told() -> None:
    old = ServerIo("client backend", "relation", "normal", 10, 5, 40960, 1, 8192, 0, 0)
    new = ServerIo("client backend", "relation", "normal", 30, 6, 49152, 1, 8192, 0, 2)
    assert io_between((old,), (new,)) == (ServerIo("client backend", "relation", "normal", 20, 1, 8192, 0, 0, 0, 2),)
    assert io_between((), (new,)) == (new,)
