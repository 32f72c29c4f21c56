"""Writes through a view that took a table's name: the same row must get the same values, and no other row any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import asyncpg

from harness.catalogue import ChangedTable, Column, Relation
from harness.copying import SESSION
from harness.result import Finding
from harness.server.address import connect
from harness.server.faults import describe
from harness.sqltext import quote_ident, quote_literal
from harness.verify.context import Context
from harness.verify.kinds import make_finding
from harness.verify.sequences import set_back

_IT = "\0"
"""Stands in a statement for the relation that it is tried on; no SQL text holds this character."""


@dataclass(frozen=True)
class Row:
    """One row to be written: the condition that finds it, by the values of its key, and its columns as literals."""

    where: str
    values: dict[str, str]


async def writing_findings(context: Context) -> list[Finding]:
    """Columns that the table still has are written through the view, one row and one column at a time; rolled back."""
    changes = [table.change for table in context.snapshot.tables]
    wanted = [change for change in changes if change.view is not None and change.view.writes and change.key]
    if not wanted:
        return []
    old = await connect(context.address, context.before_db, SESSION)
    new = await connect(context.address, context.verification_db, SESSION)
    try:
        async with set_back(old, new):
            return [found for change in wanted for found in await _through(context, change, old, new)]
    finally:
        await old.close()
        await new.close()


async def _through(context: Context, change: ChangedTable, old: Any, new: Any) -> list[Finding]:
    assert change.view is not None
    view = change.view
    keys = [column for column in change.old.columns if column.name in change.key]
    columns = [item for item in (*keys, *change.covered) if view.column(item.name) and not item.generated]
    row = await _row(old, change, list(dict.fromkeys(columns)))
    if row is None or any(view.column(name) is None for name in change.key):
        return []
    found = []
    for column in columns:
        if column.name not in change.key and view.writes & 4:
            other = await _other_value(old, change.old, column, row)
            set_to = f"UPDATE {_IT} SET {quote_ident(column.name)} = {other} WHERE {row.where}"
            read = f"SELECT {_text(column)}, (SELECT count(*) FROM {_IT} AS t WHERE {_text(column)} = {other}::text)"
            found.append((f"UPDATE of {column.name}", [set_to], f"{read} FROM {_IT} AS t WHERE {row.where}"))
    count = f"SELECT count(*), count(*) FILTER (WHERE {row.where}) FROM {_IT} AS t"
    if view.writes & 16:
        found.append(("DELETE", [f"DELETE FROM {_IT} WHERE {row.where}"], count))
    if view.writes & 24 == 24:
        names = ", ".join(quote_ident(name) for name in row.values)
        insert = f"INSERT INTO {_IT} ({names}) VALUES ({', '.join(row.values.values())})"
        shown = ", ".join(_text(column) for column in columns if column.name in row.values)
        read = f"SELECT {shown} FROM {_IT} AS t WHERE {row.where}"
        found.append(("INSERT", [f"DELETE FROM {_IT} WHERE {row.where}", insert], read))
    return [
        told
        for what, statements, read in found
        if (told := await _tried(context, change.old, view, (what, statements, read), old, new)) is not None
    ]


def _on(statement: str, relation: Relation) -> str:
    return statement.replace(_IT, relation.sql)


def _text(column: Column) -> str:
    return f"t.{quote_ident(column.name)}::text"


async def _row(connection: Any, change: ChangedTable, columns: list[Column]) -> Row | None:
    """The first row by its key."""
    shown = ", ".join(_text(column) for column in columns)
    order = ", ".join(f"t.{quote_ident(name)}" for name in change.key)
    values = await connection.fetchrow(f"SELECT {shown} FROM {change.old.sql} AS t ORDER BY {order} LIMIT 1")
    if values is None:
        return None
    literals = {
        column.name: _literal(column, value) for column, value in zip(columns, values, strict=True) if value is not None
    }
    where = " AND ".join(f"{quote_ident(name)} = {literals[name]}" for name in change.key)
    return Row(where, literals)


def _literal(column: Column, value: str) -> str:
    return f"{quote_literal(value)}::{column.type_sql}"


async def _other_value(connection: Any, table: Relation, column: Column, row: Row) -> str:
    """Another value that occurs, else NULL."""
    text = _text(column)
    mine = f"(SELECT {text} FROM {table.sql} AS t WHERE {row.where})"
    query = f"SELECT {text} FROM {table.sql} AS t WHERE {text} IS DISTINCT FROM {mine} AND {text} IS NOT NULL LIMIT 1"
    value = await connection.fetchval(query)
    return _literal(column, value) if value is not None else f"NULL::{column.type_sql}"


async def _tried(
    context: Context, table: Relation, view: Relation, attempt: tuple[str, list[str], str], old: Any, new: Any
) -> Finding | None:
    """The finding, where the table took the write and the view does not, or shows another outcome."""
    what, statements, read = attempt
    try:
        expected = await _outcome(old, table, statements, read)
    except asyncpg.PostgresError:
        return None  # the table did not take it either
    try:
        got = await _outcome(new, view, statements, read)
        said = "" if got == expected else f"leaves {got} where the table had {expected}"
    except asyncpg.PostgresError as error:
        said = f"fails: {describe(error)}"
    if not said:
        return None
    query = "BEGIN;\n" + ";\n".join(_on(item, view) for item in (*statements, read)) + ";\nROLLBACK;"
    detail = f"{what} through the view {view.display} {said}"
    return make_finding("write_lost", view.display, detail, count=1, query=query, database=context.verification_db)


async def _outcome(connection: Any, relation: Relation, statements: list[str], read: str) -> list[tuple[Any, ...]]:
    """What is read after the statements; all is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        for statement in statements:
            await connection.execute(_on(statement, relation))
        return [tuple(row) for row in await connection.fetch(_on(read, relation))]
    finally:
        await transaction.rollback()
