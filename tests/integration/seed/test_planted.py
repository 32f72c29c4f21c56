"""The manifest against the truth: what SQL finds wrong in the seeded CRM is what was planted, cell by cell."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from harness.result import SeedManifest
from harness.scenario import load_scenario
from harness.seed import MANIFEST_FILE, SeedSpec, load_spec
from harness.seed.columns import CopyColumn, ExpressionColumn
from harness.seed.expression import lone_name
from harness.seed.references import target
from harness.server import Databases, Server
from tests.integration.seed.filling import filled, query

SCALE = 4000
Cell = tuple[str, str, str]
"""Table, key, column."""


@pytest.fixture(scope="module")
def spec() -> SeedSpec:
    """The CRM's own specification, with the rare anomalies often enough for a small scale."""
    spec = load_spec(load_scenario("crm").seed)
    often = [item.model_copy(update={"rate": min(1.0, 4 * item.rate)}) for item in spec.anomaly]
    return spec.model_copy(update={"anomaly": tuple(often)})


@pytest.fixture(scope="module")
def planted(
    databases: Databases, spec: SeedSpec, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """A database of the CRM in profile realistic, and the folder of its manifest."""
    folder = tmp_path_factory.mktemp("planted")
    database = asyncio.run(databases.create("planted"))
    made = asyncio.run(
        filled(databases.server, database, folder, spec, SCALE, load_scenario("crm"), profile="realistic")
    )
    assert isinstance(made, SeedManifest)
    (folder / "counts").write_text(repr(made.anomalies))
    yield database, folder
    asyncio.run(databases.drop("planted"))


def manifest(folder: Path) -> list[dict[str, str | None]]:
    rows: list[dict[str, str | None]] = pq.read_table(folder / MANIFEST_FILE).to_pylist()
    return rows


def copies(spec: SeedSpec) -> Iterator[tuple[str, str, str]]:
    """Table, column and the SQL of its source, for each copy whose source is in the database."""
    for table, entry in spec.stored_tables.items():
        for name in entry.stored_columns:
            column = entry.columns[name]
            if isinstance(column, ExpressionColumn) and (other := lone_name(column.expression)):
                yield table, name, f"t.{other}"
            elif isinstance(column, CopyColumn) and target(spec, table, name) is None:
                steps = path(spec, table, column)
                if steps is not None:
                    yield table, name, steps


def path(spec: SeedSpec, table: str, column: CopyColumn, row: str = "t") -> str | None:
    """A scalar subquery that reads the source over the stored keys."""
    through = spec.tables[table].columns[column.through]
    parent = target(spec, table, column.through)
    assert parent is not None
    if not spec.tables[parent].stored:
        return None
    if isinstance(through, CopyColumn):  # a helper: the key lies in the row that it is copied from
        middle = target(spec, table, through.through)
        key = f"(SELECT m.{through.column} FROM {middle} m WHERE m.id = {row}.{through.through})"
    else:
        key = f"{row}.{column.through}"
    return f"(SELECT s.{column.column} FROM {parent} s WHERE s.id = {key})"


async def wrong_cells(server: Server, database: str, spec: SeedSpec) -> dict[Cell, str]:
    """Each cell whose copy differs from its source, with the kind of finding."""
    found: dict[Cell, str] = {}
    for table, name, source in copies(spec):
        sql = f"""
            SELECT id::text, CASE WHEN old IS NULL THEN 'null_to_value' WHEN new IS NULL THEN 'value_to_null'
                                  ELSE 'value_differs' END AS kind
            FROM (SELECT t.id, t.{name}::text AS old, {source}::text AS new FROM {table} t) x
            WHERE old IS DISTINCT FROM new"""
        for row in await query(server, database, sql):
            found[table, row["id"], name] = row["kind"]
    return found


async def test_every_difference_was_planted_and_every_plant_differs(
    server: Server, planted: tuple[str, Path], spec: SeedSpec
) -> None:
    database, folder = planted
    compared = {(table, name) for table, name, _ in copies(spec)}
    assert len(compared) > 35
    wanted = {
        (str(row["table"]), str(row["key"]), str(row["column"])): str(row["finding"])
        for row in manifest(folder)
        if row["finding"] is not None and (row["table"], row["column"]) in compared
    }
    assert len(wanted) > 1000
    assert await wrong_cells(server, database, spec) == wanted


async def test_each_cause_is_what_the_keys_say(server: Server, planted: tuple[str, Path], spec: SeedSpec) -> None:
    database, folder = planted
    said: dict[tuple[str, str], dict[str, str]] = {}
    for row in manifest(folder):
        if row["finding"] is not None:
            said.setdefault((str(row["table"]), str(row["column"])), {})[str(row["key"])] = str(row["cause"])
    seen: set[str] = set()
    for (table, name), causes in said.items():
        column = spec.tables[table].columns[name]
        if not isinstance(column, CopyColumn) or not spec.tables[table].columns[column.through].stored:
            continue
        parent = str(target(spec, table, column.through))
        if not spec.tables[parent].stored:
            continue
        sql = f"""
            SELECT t.id::text, CASE WHEN t.{column.through} IS NULL THEN 'null_fk'
                                    WHEN p.id IS NULL THEN 'orphan_fk' ELSE 'stale_copy' END AS cause
            FROM {table} t LEFT JOIN {parent} p ON p.id = t.{column.through}
            WHERE t.id = ANY($1::uuid[])"""
        found = {row["id"]: row["cause"] for row in await query(server, database, sql, list(causes))}
        assert found == causes, (table, name)
        seen |= set(causes.values())
    assert seen == {"stale_copy", "null_fk", "orphan_fk"}


async def test_the_counts_are_those_of_the_manifest_and_a_cell_has_one_anomaly(planted: tuple[str, Path]) -> None:
    rows = manifest(planted[1])
    assert dict(sorted(Counter(str(row["kind"]) for row in rows).items())) == eval((planted[1] / "counts").read_text())
    cells = [(row["table"], row["key"], row["column"]) for row in rows]
    assert len(set(cells)) == len(cells)


async def test_every_kind_that_the_file_names_is_planted(planted: tuple[str, Path], spec: SeedSpec) -> None:
    assert {row["kind"] for row in manifest(planted[1])} == {item.kind for item in spec.anomaly}


async def test_harmless_anomalies_are_in_their_cells(server: Server, planted: tuple[str, Path]) -> None:
    database, folder = planted
    tests = {
        "deleted": "{} IS NOT NULL",
        "empty": "{} = ''",
        "at_limit": "char_length({}) = 255",
        "odd_text": "{} ~ '[^a-z0-9 ]'",
    }
    seen: Counter[str] = Counter()
    for row in manifest(folder):
        kind = str(row["kind"])
        if kind in tests and seen[kind] < 20:
            seen[kind] += 1
            sql = f"SELECT {tests[kind].format(row['column'])} AS holds FROM {row['table']} WHERE id = $1"
            assert (await query(server, database, sql, row["key"]))[0]["holds"], row
    assert set(seen) == set(tests)


async def test_rows_of_one_tenant_point_at_another_tenants_customer(server: Server, planted: tuple[str, Path]) -> None:
    database, folder = planted
    wanted = {row["key"] for row in manifest(folder) if row["kind"] == "other_parent" and row["table"] == "sales"}
    sql = "SELECT s.id::text FROM sales s JOIN customers c ON c.id = s.customer_id WHERE c.tenant_id <> s.tenant_id"
    assert {row["id"] for row in await query(server, database, sql)} == wanted
    assert wanted


async def test_clean_data_hold_no_difference(server: Server, database: str, spec: SeedSpec, tmp_path: Path) -> None:
    made = await filled(server, database, tmp_path, spec, 1500, load_scenario("crm"))
    assert made.anomalies == {}
    assert manifest(tmp_path) == []
    assert await wrong_cells(server, database, spec) == {}
    deleted = await query(server, database, "SELECT count(*) AS n FROM customers WHERE deleted_at IS NOT NULL")
    assert deleted[0]["n"] == 0


async def test_both_profiles_differ_in_the_planted_cells_alone(
    server: Server, databases: Databases, planted: tuple[str, Path], spec: SeedSpec, tmp_path: Path
) -> None:
    clean = await databases.create("cleantwin")
    await filled(server, clean, tmp_path, spec, SCALE, load_scenario("crm"))
    columns = spec.stored_tables["sales"].stored_columns
    sql = f"SELECT {', '.join(f'{name}::text' for name in columns)} FROM sales ORDER BY id"
    one, two = await query(server, clean, sql), await query(server, planted[0], sql)
    differing = {
        ("sales", row["id"], name)
        for row, other in zip(one, two, strict=True)
        for name in columns
        if row[name] != other[name]
    }
    cells = {(row["table"], row["key"], row["column"]) for row in manifest(planted[1])}
    spread = {cell for cell in differing - cells if cell[2] != "customer_name" and cell[2] != "assigned_to_name"}
    assert differing & cells
    assert spread == set()  # names that were altered at their source show in their copies, too
    await databases.drop("cleantwin")
