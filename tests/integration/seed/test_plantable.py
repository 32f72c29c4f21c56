"""Anomalies in columns of any type: what is planted differs in the database, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from harness.scenario import SqlFile
from harness.seed import MANIFEST_FILE
from harness.seed.check import parse_spec
from harness.server import Server
from tests.integration.seed.filling import filled, query, shop_scenario
from tests.unit.seed.tiny import shop

COPIES = {"sold_at": ("sale", "made_at"), "is_open": ("sale", "is_open"), "born": ("person", "born"),
          "price": ("sale", "price")}  # fmt: skip


async def test_stale_copies_of_dates_flags_and_numbers_differ(server: Server, database: str, tmp_path: Path) -> None:
    data = shop(tables__person__columns__born__jitter_days=400)
    data["anomaly"] = [{"kind": "stale", "table": "line", "columns": list(COPIES), "rate": 0.5}]
    columns = data["tables"]["line"]["columns"]
    for name, (table, column) in COPIES.items():
        columns[name] = {"kind": "copy", "through": f"{table}_id", "column": column}
    more = SqlFile(Path("more.sql"), "ALTER TABLE line ADD is_open boolean, ADD born date, ADD price numeric(8,2)")
    scenario = shop_scenario()
    scenario = replace(scenario, schema=(*scenario.schema, more))
    await filled(server, database, tmp_path, parse_spec(data, "shop.toml"), 500, scenario, "realistic")
    planted = pq.read_table(tmp_path / MANIFEST_FILE).to_pylist()
    for name, (table, column) in COPIES.items():
        sql = f"SELECT l.id::text FROM line l JOIN {table} s ON s.id = l.{table}_id WHERE l.{name} <> s.{column}"
        differing = {row["id"] for row in await query(server, database, sql)}
        assert differing == {row["key"] for row in planted if row["column"] == name}, name
        assert differing, name


@pytest.mark.parametrize(
    ("key", "kind"),
    [({}, "int"), ({"start": -5}, "smallint"), ({"prefix": "C", "width": 4}, "varchar(5)"), ({"prefix": "C"}, "text")],
)
async def test_an_orphan_is_of_the_keys_type_and_points_nowhere(
    server: Server, database: str, tmp_path: Path, key: dict[str, Any], kind: str
) -> None:
    data = shop(tables__person__columns__id={"kind": "sequence", **key})
    data["anomaly"] = [{"kind": "orphan", "table": "line", "columns": ["person_id"], "rate": 0.2}]
    scenario = shop_scenario()
    (shops,) = scenario.schema
    text = shops.text.replace("id bigint", f"id {kind}").replace("person_id bigint", f"person_id {kind}")
    scenario = replace(scenario, schema=(replace(shops, text=text),))
    await filled(server, database, tmp_path, parse_spec(data, "shop.toml"), 500, scenario, "realistic")
    sql = "SELECT id::text FROM line WHERE person_id NOT IN (SELECT id FROM person)"
    orphans = {row["id"] for row in await query(server, database, sql)}
    planted = pq.read_table(tmp_path / MANIFEST_FILE).to_pylist()
    assert orphans == {row["key"] for row in planted if row["column"] == "person_id"}
    assert len(orphans) > 100
