"""A scan that several processes share is one scan of all rows; one that each of them makes is as many."""

from __future__ import annotations

import asyncio

import pytest

from harness.plans import Facts, derive_causes, explain, read_tree
from harness.result import PlanRecord
from harness.server import Databases
from harness.server.address import connect
from tests.integration.measure.measuring import query

SCHEMA = """
CREATE TABLE item (id int PRIMARY KEY, code text, name text);
INSERT INTO item SELECT i, 'c' || i, 'item' FROM generate_series(1, 20000) AS i;
CREATE TABLE owner AS SELECT i AS id, 'c' || i AS code, 'owner ' || i AS name FROM generate_series(1, 300000) AS i;
CREATE VIEW item_with_owner AS SELECT i.id, o.name FROM item i JOIN owner o ON o.code = i.code;
"""
"""The scan of owner lasts longer than a worker takes to start, so that one of them seldom reads all of it alone."""

WORKERS = {
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "min_parallel_table_scan_size": "0",
    "max_parallel_workers_per_gather": "2",
    "parallel_leader_participation": "off",
    "enable_nestloop": "off",
    "enable_mergejoin": "off",
}


ALONE = WORKERS | {"max_parallel_workers_per_gather": "0"}
EACH = WORKERS | {"enable_parallel_hash": "off"}


async def _plans(
    databases: Databases, database: str, settings: dict[str, str], chosen: str
) -> tuple[tuple[PlanRecord, ...], tuple[PlanRecord, ...]]:
    """Those of the rows with one id of the table, and of the chosen rows of the view."""
    forms = "SELECT id, name FROM item WHERE id = $1", f"SELECT id, name FROM item_with_owner WHERE {chosen}"
    bound = query("q", *forms, ("id",), ({"id": 15000},))

    async def explained(form: str) -> tuple[PlanRecord, ...]:
        return await explain(connection, bound, form, bound.form(form), bound.sets[0], "custom", settings)

    connection = await connect(databases.server.address, database)
    try:
        await connection.execute(SCHEMA)
        await connection.execute("VACUUM ANALYZE")
        return await explained("before"), await explained("after")
    finally:
        await connection.close()


@pytest.mark.parametrize("settings", [WORKERS, ALONE], ids=["together", "alone"])
def test_processes_that_share_a_scan_read_its_rows_once(
    databases: Databases, database: str, settings: dict[str, str]
) -> None:
    old, new = asyncio.run(_plans(databases, database, settings, "id = $1"))
    (scan,) = [node for node in read_tree(new[0].plan) if node.relation == "owner"]
    assert (scan.kind, scan.times) == ("Seq Scan", 1)
    assert ("'Parallel Aware': True" in str(new[0].plan)) == (settings is WORKERS)
    sentences = [cause.sentence for cause in derive_causes("slower", old, new, Facts(planned_anew=(0.0, 0.0)))]
    assert "reads 1 more table: owner (Seq Scan, 300,000 rows)" in sentences
    assert "reads all 300,000 rows of owner to join on code, which no index leads" in sentences


def test_a_scan_that_every_process_makes_is_counted_as_often(databases: Databases, database: str) -> None:
    _, new = asyncio.run(_plans(databases, database, EACH, "id > $1 OR id > 0"))
    (scan,) = [node for node in read_tree(new[0].plan) if node.relation == "item"]
    assert scan.times == scan.loops >= 1
    assert scan.rows == 20_000 * scan.times
