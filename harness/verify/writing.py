"""Writes through a view that took a table's name: the same row must get the same values, and no other row any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True)
class Attempt:
    """What is tried on the table, and on the view: statements, of which the last gives rows."""

    what: str
    then: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """The rows that the last statement gave, and what the one before it reported: `UPDATE 1`."""

    rows: list[tuple[Any, ...]]
    tag: str


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
    dropped = [item for item in change.dropped if not item.generated]
    row = await _row(old, change, list(dict.fromkeys((*columns, *dropped))))
    if row is None or any(view.column(name) is None for name in change.key):
        return []
    attempts = []
    for column in columns:
        if column.name not in change.key and view.writes & 4:
            other = await _other_value(old, change.old, column, row)
            set_to = f"UPDATE {_IT} SET {quote_ident(column.name)} = {other} WHERE {row.where}"
            read = f"SELECT {_text(column)}, (SELECT count(*) FROM {_IT} AS t WHERE {_text(column)} = {other}::text)"
            attempts.append(_alike(f"UPDATE of {column.name}", set_to, f"{read} FROM {_IT} AS t WHERE {row.where}"))
    count = f"SELECT count(*), count(*) FILTER (WHERE {row.where}) FROM {_IT} AS t"
    if view.writes & 16:
        attempts.append(_alike("DELETE", f"DELETE FROM {_IT} WHERE {row.where}", count))
    told = [await _tried(context, change.old, view, attempt, old, new) for attempt in attempts]
    if view.writes & 24 == 24:
        for attempt in _inserts(change, list(dict.fromkeys(columns)), row):
            told.append(await _tried(context, change.old, view, attempt, old, new))
            if told[-1] is not None:
                break  # the next would only tell the same again
    return [item for item in told if item is not None]


def _alike(what: str, *statements: str) -> Attempt:
    return Attempt(what, statements, statements)


def _inserts(change: ChangedTable, columns: list[Column], row: Row) -> Iterator[Attempt]:
    """The row, deleted, comes again: whole, then with what its defaults give, then with the key that they give.

    The table takes the values of its dropped columns besides, which may be NOT NULL; the view computes them.
    """
    dropped = {column.name for column in change.dropped}
    whole = [column.name for column in columns if column.name in row.values]
    filled = [column.name for column in columns if column.default_sql]
    delete = f"DELETE FROM {_IT} WHERE {row.where}"
    read = f"SELECT {', '.join(map(_text, columns))} FROM {_IT} AS t WHERE {row.where}"

    def attempt(what: str, names: list[str], *behind: str, returning: str = "") -> Attempt:
        then = _insert(row, [*names, *(name for name in row.values if name in dropped)]) + returning
        return Attempt(what, (delete, then, *behind), (delete, _insert(row, names) + returning, *behind))

    yield attempt("INSERT", whole, read)
    given = [name for name in whole if name not in filled or name in change.key]
    if len(given) < len(whole):
        left_out = ", ".join(name for name in whole if name not in given)
        yield attempt(f"INSERT without {left_out}", given, read)
    numbered = [name for name in change.key if name in filled]
    if numbered:
        given_back = ", ".join(
            f"CASE WHEN t.{quote_ident(name)} IS NULL THEN {quote_literal(f'no {name}')}"
            f" ELSE {quote_literal(f'its {name}')} END AS no_{place}"
            for place, name in enumerate(numbered)
        )
        bare = [name for name in whole if name not in filled]
        yield attempt(f"INSERT ... RETURNING without {', '.join(numbered)}", bare, returning=f" RETURNING {given_back}")


def _insert(row: Row, names: list[str]) -> str:
    if not names:
        return f"INSERT INTO {_IT} AS t DEFAULT VALUES"
    listed = ", ".join(map(quote_ident, names))
    return f"INSERT INTO {_IT} AS t ({listed}) VALUES ({', '.join(row.values[name] for name in names)})"


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
    context: Context, table: Relation, view: Relation, attempt: Attempt, old: Any, new: Any
) -> Finding | None:
    """The finding, where the table took the write and the view does not, or shows another outcome."""
    try:
        expected = await _outcome(old, table, attempt.then)
    except asyncpg.PostgresError:
        return None  # the table did not take it either
    try:
        got = await _outcome(new, view, attempt.now)
        said = _says(expected, got)
        if said:
            said = _says(expected, got, await _outcome(old, table, attempt.then))
    except asyncpg.PostgresError as error:
        said = f"fails: {describe(error)}"
    if not said:
        return None
    query = "BEGIN;\n" + ";\n".join(_on(item, view) for item in attempt.now) + ";\nROLLBACK;"
    detail = f"{attempt.what} through the view {view.display} {said}"
    return make_finding("write_lost", view.display, detail, count=1, query=query, database=context.verification_db)


def _says(expected: Outcome, got: Outcome, again: Outcome | None = None) -> str:
    """How they differ; a cell that differs between two writes to the table itself (a clock, a sequence) is left out."""
    steady = again or expected
    wanted, there = (
        [
            tuple(
                cell
                for place, cell in enumerate(row)
                if number >= len(steady.rows) or steady.rows[number][place] == expected.rows[number][place]
            )
            for number, row in enumerate(rows)
        ]
        for rows in (expected.rows, got.rows)
    )
    if wanted != there:
        return f"leaves {there} where the table had {wanted}"
    return f"reports {got.tag!r} where the table reported {expected.tag!r}" if got.tag != expected.tag else ""


async def _outcome(connection: Any, relation: Relation, statements: Sequence[str]) -> Outcome:
    """What the last statement gives after the others; all is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        tags = [await connection.execute(_on(statement, relation)) for statement in statements[:-1]]
        return Outcome([tuple(row) for row in await connection.fetch(_on(statements[-1], relation))], tags[-1])
    finally:
        await transaction.rollback()
