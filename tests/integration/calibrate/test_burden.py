"""The known slow-down on a real server: the same rows in the same order, and more time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.calibrate import burdened
from harness.scenario import Query, SqlFile
from harness.server import Databases
from harness.server.address import connect
from harness.workload import BoundQuery, BoundStatement

QUERIES = {
    "ordered and limited": "SELECT i, i % 7 AS k FROM generate_series(1, 100) i ORDER BY k DESC, i LIMIT 20",
    "two columns of one name": "SELECT 1 AS a, 2 AS a",
    "with": "WITH x AS (SELECT 3 AS n) SELECT n FROM x -- a remark at its end",
    "grouped": "SELECT i % 3 AS k, count(*) FROM generate_series(1, 10) i GROUP BY 1 HAVING count(*) > 2 ORDER BY 1",
    "united": "SELECT 1 AS n UNION ALL SELECT 2 ORDER BY n DESC",
    "empty": "SELECT 1 AS n WHERE false",
}


def slowed(sql: str, rows: int) -> str:
    file = SqlFile(Path("q.sql"), sql)
    query = Query(
        name="q",
        title="q",
        kind="read",
        before=file,
        after=file,
        params=None,
        weight=1.0,
        max_slowdown=0.05,
        gated=True,
        ordered=False,
    )
    statements = (BoundStatement(sql, ()),)
    return burdened(BoundQuery(query, statements, statements, ({},)), rows).after[0].sql


def on(databases: Databases, database: str, work: Callable[[Any], Any]) -> Any:
    async def connected() -> Any:
        connection = await connect(databases.server.address, database)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


@pytest.mark.parametrize("sql", QUERIES.values(), ids=QUERIES.keys())
def test_the_slowed_query_gives_the_same_rows_in_the_same_order(databases: Databases, database: str, sql: str) -> None:
    async def both(connection: Any) -> list[list[tuple[Any, ...]]]:
        return [[tuple(row) for row in await connection.fetch(text)] for text in (sql, slowed(sql, 10))]

    plain, wrapped = on(databases, database, both)
    assert plain == wrapped


def test_twice_as_many_rows_cost_twice_as_much(databases: Databases, database: str) -> None:
    sql = "SELECT i FROM generate_series(1, 1000) i ORDER BY i"

    async def quickest(connection: Any) -> list[float]:
        """The shortest of many in turn: a busy machine adds time and never takes any away."""
        counts = (1, 20_000, 40_000)
        best = dict.fromkeys(counts, math.inf)
        for _ in range(400):
            for rows in counts:
                began = time.perf_counter()
                await connection.fetch(slowed(sql, rows))
                best[rows] = min(best[rows], time.perf_counter() - began)
        return list(best.values())

    none, once, twice = on(databases, database, quickest)
    assert once > 2 * none
    assert 1.7 < (twice - none) / (once - none) < 2.3
