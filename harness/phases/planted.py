"""Which planted anomalies the check found, by kind: its recall and precision, from the manifest that it never reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pyarrow.parquet as pq

from harness.result import ColumnCheck, Integrity, PlantedKind
from harness.scenario.paths import catalogue_sql
from harness.seed import KEY_SEPARATOR
from harness.sqltext import quote_ident

MANIFEST = "seed_manifest.parquet"
CELL_KINDS = ("value_differs", "value_to_null", "null_to_value", "renders_differently")

Cell = tuple[str, str, str]
"""Table, key, column."""
Said = tuple[str, str]
"""Kind of finding, cause."""


async def score_planted(connection: Any, integrity: Integrity, folder: Path) -> tuple[PlantedKind, ...]:
    """For each planted kind what became of its cells in replaced columns; nothing where nothing was planted.

    `connection` is to the verification clone: the findings' own queries give every cell that differs.
    """
    path = folder / MANIFEST
    if not path.exists():
        return ()
    replaced = {(item.table, item.column): item for item in integrity.columns if item.counterpart}
    planted = [
        row for row in pq.read_table(path).to_pylist() if row["finding"] and (row["table"], row["column"]) in replaced
    ]
    if not planted:
        return ()
    found = await found_cells(connection, integrity)
    missing = {_cell(row) for row in planted} - found.keys()
    differing = await _differing(connection, missing, replaced)
    return score(planted, found, missing - differing)


def score(
    planted: Iterable[Mapping[str, Any]], found: Mapping[Cell, Said], kept: Collection[Cell]
) -> tuple[PlantedKind, ...]:
    """Recall: of the cells that the migration did not keep as they were, the share found with the right kind and cause.

    Precision: of all cells found with the kinds and causes that belong to the planted kind, the share that was planted.
    """
    rows: dict[str, list[tuple[Cell, Said]]] = defaultdict(list)
    for row in planted:
        rows[row["kind"]].append((_cell(row), (row["finding"], row["cause"])))
    every = {item for cells in rows.values() for item in cells}
    scored = []
    for kind, cells in sorted(rows.items()):
        lost = [item for item in cells if item[0] not in kept]
        right = sum(found.get(cell) == said for cell, said in lost)
        signs = {said for _, said in cells}
        same = [(cell, said) for cell, said in found.items() if said in signs]
        scored.append(
            PlantedKind(
                kind=kind,
                planted=len(cells),
                kept=len(cells) - len(lost),
                found=right,
                recall=right / len(lost) if lost else None,
                precision=sum(item in every for item in same) / len(same) if same else None,
            )
        )
    return tuple(scored)


def _cell(row: Mapping[str, Any]) -> Cell:
    return str(row["table"]), str(row["key"]), str(row["column"])


async def found_cells(connection: Any, integrity: Integrity) -> dict[Cell, Said]:
    """Every differing cell of a dropped column, with what the check says of it."""
    columns = {f"{item.table}.{item.column}": (item.table, item.column) for item in integrity.columns}
    found: dict[Cell, Said] = {}
    for finding in integrity.findings:
        if finding.kind in CELL_KINDS and finding.object in columns:
            table, column = columns[finding.object]
            width = len(await _primary_key(connection, table)) or 1
            for row in await connection.fetch(finding.query):
                key = KEY_SEPARATOR.join(str(value) for value in list(row)[:width])
                found[table, key, column] = (finding.kind, finding.cause)
    return found


async def _primary_key(connection: Any, table: str) -> list[str]:
    """The columns of an old table's primary key, which is what the findings' queries begin with."""
    rows = await connection.fetch(catalogue_sql("verify", "primary_key"), f"bench_old.{quote_ident(table)}")
    return [row["attname"] for row in rows]


async def _differing(
    connection: Any, cells: Iterable[Cell], replaced: Mapping[tuple[str, str], ColumnCheck]
) -> set[Cell]:
    """Those of the cells whose old value the view does not show: asked directly, whatever the check said."""
    keys: dict[tuple[str, str], list[str]] = defaultdict(list)
    for table, key, column in cells:
        keys[table, column].append(key)
    found: set[Cell] = set()
    for (table, column), wanted in keys.items():
        named = await connection.fetchrow(catalogue_sql("verify", "named_column"), replaced[table, column].counterpart)
        names = [quote_ident(name) for name in await _primary_key(connection, table)]
        kept_unknown = {(table, value, column) for value in wanted}
        if named is None or not names:
            found |= kept_unknown
            continue
        old, new = quote_ident(column), quote_ident(named["column"])
        key = f"concat_ws('{KEY_SEPARATOR}', {', '.join(f'o.{name}' for name in names)})"
        query = (
            f"SELECT {key} FROM bench_old.{quote_ident(table)} AS o"
            f" LEFT JOIN {named['relation']} AS n USING ({', '.join(names)})"
            f" WHERE {key} = ANY ($1) AND o.{old}::text IS DISTINCT FROM n.{new}::text"
        )
        try:
            found |= {(table, row[0], column) for row in await connection.fetch(query, wanted)}
        except asyncpg.UndefinedColumnError:  # the view shows the key under another name
            found |= kept_unknown
    return found
