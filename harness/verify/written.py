"""Whether what a query's old form writes can be read after its new form: under the same names, cell by cell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from harness.catalogue import Column, Relation
from harness.result import Example
from harness.scenario.paths import catalogue_sql
from harness.sqltext import quote_ident
from harness.verify.compare import field, render
from harness.verify.context import Context
from harness.verify.rows import EXAMPLES
from harness.workload import BoundQuery, BoundStatement

Key = tuple[str, ...]
Rows = dict[Key, dict[str, str | None]]
"""The columns of rows, as text, by the text of their key."""


@dataclass(frozen=True)
class Lost:
    """Cells that the old form writes and that read otherwise after the new form: `count` of all `cells`.

    `number` is the first parameter set with which they do, `places` names their columns.
    """

    count: int
    cells: int
    number: int
    places: tuple[str, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class _Change:
    """What statements did to a table: the cells they changed and, if they deleted rows, by how many it shrank."""

    cells: Rows
    fewer: int | None


@dataclass(frozen=True)
class _Difference:
    """Something that reads otherwise: where, of which row, what was wanted and what is there; how often."""

    place: str
    row: str
    wanted: str | None
    there: str | None
    count: int = 1


async def lost_writes(context: Context, query: BoundQuery, old: Any, new: Any, operation: int) -> Lost | None:
    """Runs both forms with every parameter set, each rolled back.

    Compared are the cells that the old form changes in tables with a key, as far as a relation of that name still has
    the column, and how many rows it deletes; not dropped columns, which a view computes now, nor what two runs of the
    old form fill differently (clocks, sequences).
    """
    cells, found = 0, list[tuple[int, _Difference]]()
    for number, values in enumerate(query.sets):
        once = await _changes(context, old, query.before, values, operation)
        again = await _changes(context, old, query.before, values, operation)
        wanted = {
            oid: _Change(_alike(item.cells, again[oid].cells if oid in again else {}), item.fewer)
            for oid, item in once.items()
        }
        had = {oid: await _count(context, new, oid) for oid, item in wanted.items() if item.fewer is not None}
        async with _run(new, query.after, values, operation):
            for oid, change in wanted.items():
                cells += sum(map(len, change.cells.values())) + abs(change.fewer or 0)
                found += [(number, item) for item in await _otherwise(context, new, oid, change.cells)]
                if change.fewer is not None:
                    found += [(number, item) for item in await _not_deleted(context, new, oid, change.fewer, had[oid])]
    if not found:
        return None
    examples = [Example(f"parameter set {n + 1}: {item.row}", item.wanted, item.there) for n, item in found[:EXAMPLES]]
    places = sorted({item.place for _, item in found})
    return Lost(sum(item.count for _, item in found), cells, found[0][0], tuple(places), tuple(examples))


@asynccontextmanager
async def _run(
    connection: Any, statements: Sequence[BoundStatement], values: Any, operation: int
) -> AsyncIterator[None]:
    """The state in which the statements leave the database, until it is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        for statement in statements:
            await connection.fetch(statement.sql, *statement.arguments(values, operation))
        yield
    finally:
        await transaction.rollback()


async def _changes(
    context: Context, connection: Any, statements: Sequence[BoundStatement], values: Any, operation: int
) -> dict[int, _Change]:
    """What the statements do to each table (by OID); of new rows, all cells are changed."""
    written: dict[int, tuple[Rows, int]] = {}
    async with _run(connection, statements, values, operation):
        for row in await connection.fetch(catalogue_sql("measure", "list_written_tables")):
            table = context.before.named(row["schema_name"], row["table_name"])
            if table is not None and context.before.row_key(table.oid):
                mine = "r.xmin = pg_current_xact_id()::xid"
                rows = await _read(connection, table, context.before.row_key(table.oid), _names(context, table), mine)
                written[table.oid] = rows, await connection.fetchval(f"SELECT count(*) FROM {table.sql}")
    changed: dict[int, _Change] = {}
    for oid, (rows, left) in written.items():
        table = context.before.relations[oid]
        was = await _read_keys(
            connection, table, _columns(table, context.before.row_key(oid)), _names(context, table), rows
        )
        fewer = await connection.fetchval(f"SELECT count(*) FROM {table.sql}") - left
        cells = {key: _differing(cells, was.get(key)) for key, cells in rows.items()}
        changed[oid] = _Change(cells, fewer if fewer + len(rows) - len(was) > 0 else None)
    return changed


def _names(context: Context, table: Relation) -> list[str]:
    """The table's columns but those that the migration dropped."""
    changes = (item.change for item in context.snapshot.tables if item.change.old.oid == table.oid)
    dropped = {column.name for change in changes if change.new is not None for column in change.dropped}
    return [column.name for column in table.columns if column.name not in dropped]


async def _count(context: Context, connection: Any, oid: int) -> int | None:
    """The rows of what has the table's name now; None where nothing has."""
    now = context.after.named(context.before.relations[oid].schema, context.before.relations[oid].name)
    return int(await connection.fetchval(f"SELECT count(*) FROM {now.sql}")) if now is not None else None


async def _not_deleted(context: Context, connection: Any, oid: int, fewer: int, had: int | None) -> list[_Difference]:
    has = await _count(context, connection, oid)
    gone = had - has if had is not None and has is not None else fewer
    name = f"rows of {context.before.relations[oid].display}"
    return [_Difference(name, f"{name} that went", str(fewer), str(gone), abs(fewer - gone))] if gone != fewer else []


def _differing(cells: Mapping[str, str | None], was: Mapping[str, str | None] | None) -> dict[str, str | None]:
    return {name: value for name, value in cells.items() if was is None or was[name] != value}


def _alike(once: Rows, again: Rows) -> Rows:
    """The cells that are the same in both."""
    missing = object()
    both = {
        key: {name: value for name, value in cells.items() if again[key].get(name, missing) == value}
        for key, cells in once.items()
        if key in again
    }
    return {key: cells for key, cells in both.items() if cells}


async def _otherwise(context: Context, connection: Any, oid: int, rows: Rows) -> list[_Difference]:
    """Cells that what has the table's name now shows otherwise."""
    old = context.before.relations[oid]
    now = context.after.named(old.schema, old.name)
    key = context.before.row_key(oid)
    if now is None or not rows or not all(now.column(name) for name in key):
        return []
    names = [
        column.name
        for column in old.columns
        if (shown := now.column(column.name)) is not None and shown.plain_type == column.plain_type
    ]
    found = await _read_keys(connection, now, _columns(old, key), names, rows)
    return [
        _Difference(f"{old.display}.{name}", f"{', '.join(place)}, {name}", value, found.get(place, {}).get(name))
        for place, cells in rows.items()
        for name, value in cells.items()
        if name in names and (place not in found or found[place][name] != value)
    ]


async def _read(
    connection: Any, relation: Relation, key: Sequence[str], names: Sequence[str], condition: str, *arguments: Any
) -> Rows:
    """The rows that fulfil the condition."""
    keys = ", ".join(f"{field('r', name)}::text" for name in key)
    columns = _columns(relation, names)
    cells = "".join(f", {render(column, field('r', column.name))} AS {quote_ident(column.name)}" for column in columns)
    query = f"SELECT ARRAY[{keys}] AS bench_key{cells} FROM {relation.sql} AS r WHERE {condition}"
    found = [dict(row) for row in await connection.fetch(query, *arguments)]
    return {tuple(row.pop("bench_key")): row for row in found}


async def _read_keys(
    connection: Any, relation: Relation, key: Sequence[Column], names: Sequence[str], wanted: Rows
) -> Rows:
    """The rows of these keys, whose columns are given as the old table has them: where the relation has the same types,
    an index can find them.
    """
    keys = [list(column) for column in zip(*wanted, strict=True)]
    if not keys:
        return {}
    now = _columns(relation, [column.name for column in key])
    alike = [column.type_sql == old.type_sql for column, old in zip(now, key, strict=True)]
    mine = ", ".join(field("r", c.name) + ("" if same else "::text") for c, same in zip(now, alike, strict=True))
    given = ", ".join(
        f"CAST(k{place} AS {column.type_sql})" if alike[place] else f"k{place}" for place, column in enumerate(now)
    )
    arrays = ", ".join(f"${number}::text[]" for number in range(1, len(keys) + 1))
    aliases = ", ".join(f"k{place}" for place in range(len(keys)))
    condition = f"({mine}) IN (SELECT {given} FROM unnest({arrays}) AS wanted ({aliases}))"
    return await _read(connection, relation, [column.name for column in key], names, condition, *keys)


def _columns(relation: Relation, names: Sequence[str]) -> list[Column]:
    return [column for name in names if (column := relation.column(name)) is not None]
