"""Tables and columns whose names hold a slash, a dot or a quote are seeded, recorded and scored like any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq

from harness.phases.planted import score_planted
from harness.scenario import SqlFile
from harness.seed import MANIFEST_FILE
from harness.seed.check import parse_spec
from harness.server import Server, connect
from tests.integration.seed.filling import filled, query, shop_scenario

SCHEMA = """
CREATE TABLE "../people" (id int, "a.b" text);
CREATE TABLE "orders/2024" (id uuid, person int, "a.b" text);
"""
MOVED = """
CREATE SCHEMA bench_old;
ALTER TABLE "orders/2024" SET SCHEMA bench_old;
ALTER TABLE bench_old."orders/2024" ADD PRIMARY KEY (id);
CREATE VIEW "new.orders" AS
SELECT o.id, CASE WHEN o.id = $id$::uuid THEN o."a.b" ELSE p."a.b" END AS "a.b"
FROM bench_old."orders/2024" o JOIN "../people" p ON p.id = o.person;
"""


def orders() -> dict[str, Any]:
    people = {"id": {"kind": "sequence"}, "a.b": {"kind": "template", "text": "p{row}"}}
    columns = {
        "id": {"kind": "uuid"},
        "person": {"kind": "parent", "table": "../people"},
        "a.b": {"kind": "copy", "through": "person", "column": "a.b"},
    }
    tables = {"../people": {"share": 0.1, "columns": people}, "orders/2024": {"share": 1, "columns": columns}}
    padded = {"kind": "padded", "table": "orders/2024", "columns": ["a.b"], "rate": 0.2}
    odd = {"kind": "at_limit", "table": "../people", "columns": ["a.b"], "rate": 0.5, "length": 9}
    return {"tables": tables, "anomaly": [padded, odd]}


async def test_foreign_names_lead_to_no_other_file_and_are_scored(
    server: Server, database: str, tmp_path: Path
) -> None:
    scenario = replace(shop_scenario(), schema=(SqlFile(Path("schema.sql"), SCHEMA),), constraints=())
    folder = tmp_path / "run"
    spec = parse_spec(orders(), "orders.toml")
    await filled(server, database, folder, spec, 500, scenario, "realistic")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [MANIFEST_FILE]
    planted = [row for row in pq.read_table(folder / MANIFEST_FILE).to_pylist() if row["kind"] == "padded"]
    assert len(planted) > 50
    kept = planted[0]["key"]
    connection = await connect(server.address, database)
    try:
        await connection.execute(MOVED.replace("$id$", f"'{kept}'"))
        scored = await score_planted(connection, integrity(kept), folder)
    finally:
        await connection.close()
    (padded,) = scored
    assert (padded.planted, padded.kept, padded.found) == (len(planted), 1, len(planted) - 1)
    assert (await query(server, database, 'SELECT count(*) AS n FROM "../people"'))[0]["n"] == 50


def integrity(kept: str) -> Any:
    """What the check would say of the view."""
    differing = f"""SELECT id::text FROM bench_old."orders/2024" WHERE "a.b" LIKE '% ' AND id <> '{kept}'"""
    finding = {"kind": "value_differs", "cause": "stale_copy", "object": "orders/2024.a.b", "query": differing}
    column = {"table": "orders/2024", "column": "a.b", "counterpart": "new.orders.a.b"}
    return SimpleNamespace(columns=[SimpleNamespace(**column)], findings=[SimpleNamespace(**finding)])
