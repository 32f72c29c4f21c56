"""What the columns that a migration drops occupy, measured in a sample of the rows that lose them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from harness.catalogue import Catalogue, ChangedTable, Column, changed_tables, is_dropped
from harness.result import DroppedColumn
from harness.sqltext import quote_ident

SAMPLE_ROWS = 100_000
"""Tables of no more rows are measured whole."""

_Holders = tuple[int, ...]
"""OIDs of the tables whose rows lose a column."""


async def read_dropped_columns(connection: Any, before: Catalogue, after: Catalogue) -> tuple[DroppedColumn, ...]:
    """What each column that the migration drops occupies, on a connection to `before`.

    Partitions count with their table, and so does what inherits a column and loses it, too. A foreign table's rows
    lie elsewhere.
    """
    changed = [table for table in changed_tables(before, after) if table.dropped and table.old.kind != "f"]
    told = {(table.old.oid, column.name) for table in changed for column in table.dropped}
    found: list[DroppedColumn] = []
    for table in changed:
        counted = f"SELECT tableoid, count(*) FROM {table.old.sql} GROUP BY tableoid"  # noqa: S608 - quoted
        counts: dict[int, int] = dict(await connection.fetch(counted))
        heirs = [before.relations[oid] for oid in counts if oid in before.relations and oid != table.old.oid]
        by_holders: dict[_Holders, list[Column]] = {}
        for column in table.dropped:
            lose = [heir.oid for heir in heirs if heir.kind == "r" and is_dropped(column.name, heir, after)]
            more = [oid for oid in lose if (oid, column.name) not in told]
            told |= {(oid, column.name) for oid in more}
            by_holders.setdefault((table.old.oid, *more), []).append(column)
        for holders, columns in by_holders.items():
            rows = sum(counts.get(oid, 0) for oid in holders)
            found += await _measured(connection, table, holders, columns, rows)
    return tuple(found)


async def _measured(
    connection: Any, table: ChangedTable, holders: _Holders, columns: Sequence[Column], rows: int
) -> Iterable[DroppedColumn]:
    """One record per column; a value counts as it is stored: compressed, and in TOAST where it lies there."""
    stored = [column for column in columns if column.stored]
    names = [quote_ident(column.name) for column in stored]
    figures = "".join(f", count({name}), avg(pg_column_size({name}))::float8" for name in names)
    share = min(100.0, 100 * SAMPLE_ROWS / max(rows, 1))
    sampled = (
        f"SELECT count(*){figures} FROM {table.old.sql} TABLESAMPLE BERNOULLI ({share}) REPEATABLE (1) "  # noqa: S608
        "WHERE tableoid = ANY ($1::oid[])"
    )
    try:
        looked_at, *rest = await connection.fetchrow(sampled, holders)
    except asyncpg.InsufficientPrivilegeError:
        return [_record(table, item, rows, None, 0, None) for item in columns]
    measured = dict(zip((column.name for column in stored), zip(rest[::2], rest[1::2], strict=True), strict=True))
    return [_record(table, column, rows, looked_at, *measured.get(column.name, (0, None))) for column in columns]


def _record(
    table: ChangedTable, column: Column, rows: int, looked_at: int | None, filled: int, width: float | None
) -> DroppedColumn:
    """`looked_at` is None where the rows may not be read."""
    nothing = None if looked_at is None else 0
    return DroppedColumn(
        table=table.old.display,
        column=column.name,
        type=column.type,
        rows=rows,
        average_width_bytes=None if width is None else round(width),
        null_share=1 - filled / looked_at if looked_at and column.stored else None,
        estimated_bytes=round(rows * filled / looked_at * width) if looked_at and width is not None else nothing,
        table_stays=table.new is not None and table.new.oid == table.old.oid,
    )
