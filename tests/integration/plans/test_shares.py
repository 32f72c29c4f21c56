"""Pages are counted once, each at the table that holds it, though CTEs and InitPlans run within other nodes."""

from __future__ import annotations

import asyncio

import pytest

from harness.plans import explain, read_tree
from harness.result import PlanRecord
from harness.server import Databases
from harness.server.address import connect
from tests.integration.measure.measuring import query

SCHEMA = """
CREATE TABLE big AS SELECT i AS id, repeat('x', 700) AS words FROM generate_series(1, 9000) AS i;
CREATE TABLE small AS SELECT i AS id, repeat('y', 700) AS words FROM generate_series(1, 1000) AS i;
CREATE TABLE parts (id int NOT NULL, words text) PARTITION BY RANGE (id);
CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (500);
CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (500) TO (9000);
INSERT INTO parts SELECT i, repeat('z', 700) FROM generate_series(1, 1000) AS i;
"""
VACUUM = "VACUUM (FREEZE, ANALYZE)"
STORED = "WITH s AS MATERIALIZED (SELECT id, length(words) FROM big)"
PARALLEL = {"parallel_setup_cost": "0", "parallel_tuple_cost": "0", "min_parallel_table_scan_size": "0"}


async def _explained(
    databases: Databases, database: str, sql: str, settings: dict[str, str]
) -> tuple[PlanRecord, dict[str, int]]:
    connection = await connect(databases.server.address, database)
    try:
        await connection.execute(SCHEMA)
        await connection.execute(VACUUM)
        bound = query("q", sql, names=(), sets=({},))
        (record,) = await explain(connection, bound, "after", bound.before, {}, "custom", {"jit": "off", **settings})
        tables = await connection.fetch("SELECT relname, relpages FROM pg_class WHERE relname ~ '^(big|small|parts)'")
        return record, dict(tables)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("sql", "settings", "tables"),
    [
        (f"{STORED} SELECT count(*) FROM s JOIN small USING (id)", {}, {"big", "small"}),
        (f"{STORED} SELECT count(*) FROM s JOIN s AS t USING (id) JOIN small USING (id)", {}, {"big", "small"}),
        (f"{STORED} SELECT count(*) FROM small WHERE id > (SELECT avg(id) FROM s)", {}, {"big", "small"}),
        (
            f"{STORED}, u AS MATERIALIZED (SELECT * FROM s WHERE id > 10) SELECT count(*) FROM u JOIN small USING (id)",
            {},
            {"big", "small"},
        ),
        ("SELECT count(*) FROM small WHERE id > (SELECT avg(id) FROM big)", {}, {"big", "small"}),
        ("SELECT count(*) FROM big WHERE id > (SELECT avg(id) FROM small)", {}, {"big", "small"}),
        ("SELECT count(*) FROM big WHERE id > (SELECT avg(id) FROM small)", PARALLEL, {"big", "small"}),
        (
            "SELECT b.id, (SELECT avg(id) FROM small) FROM big b JOIN parts_high p USING (id) ORDER BY 2, 1",
            {},
            {"big", "small", "parts_high"},
        ),
        ("SELECT sum(id) FROM parts WHERE id > (SELECT (max(id) / 10)::int FROM big)", {}, {"big", "parts_high"}),
        (
            "SELECT id FROM (SELECT id FROM small ORDER BY words LIMIT (SELECT count(*) FROM big)) s",
            {},
            {"big", "small"},
        ),
    ],
)
def test_every_page_is_charged_once_to_the_table_that_holds_it(
    databases: Databases, database: str, sql: str, settings: dict[str, str], tables: set[str]
) -> None:
    record, pages = asyncio.run(_explained(databases, database, sql, settings))
    nodes = list(read_tree(record.plan))
    assert {node.relation: node.pages for node in nodes if node.pages} == {table: pages[table] for table in tables}
    assert record.plan is not None
    top = record.plan["Plan"]
    assert record.buffers == top.get("Shared Hit Blocks", 0) + top.get("Shared Read Blocks", 0)
    assert sum(node.self_s for node in nodes) <= (record.execution_s or 0.0) * 1.05


def test_what_a_cte_writes_is_counted_though_nobody_reads_it(databases: Databases, database: str) -> None:
    sql = "WITH gone AS (DELETE FROM small WHERE id > 900) DELETE FROM big WHERE id IN (SELECT max(id) FROM big)"
    record, pages = asyncio.run(_explained(databases, database, sql, {}))
    scanned = [(node.relation, node.pages) for node in read_tree(record.plan) if node.is_scan]
    assert sorted(scanned) == [("big", pages["big"])] * 2 + [("small", pages["small"])]
    assert record.buffers is not None
    assert record.buffers >= 2 * pages["big"] + pages["small"] + 100
    assert record.rows == 101
