"""Relations and columns by the names that a user writes: looked up as PostgreSQL would, near misses named."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

import asyncpg

from harness.catalogue import Catalogue, Column, Relation
from harness.errors import UsageError
from harness.scenario.paths import catalogue_sql

_NAMES = re.compile(r'\s*("(?:[^"]|"")+"|[^",]+)\s*(?:,|$)')


async def find_relation(connection: Any, catalogue: Catalogue, name: str) -> Relation:
    """The table or view that `name` means on this connection, its search path and quotes included.

    Raises UsageError for what does not exist, with the nearest name, and for what has no rows to compare.
    """
    row, unreadable = None, ""
    try:
        async with connection.transaction():
            row = await connection.fetchrow(catalogue_sql("verify", "find_relation"), name)
    except asyncpg.PostgresError as error:  # no name in SQL's sense, and perhaps one that lacks its quotes
        unreadable = str(error)
    relation = catalogue.relations.get(row["oid"]) if row else _as_written(catalogue, name)
    if relation is not None:
        return relation
    if row:
        raise UsageError(f"{name} is {row['kind']}", "name a table or a view of a schema of yours")
    if unreadable:
        raise UsageError(f"{name!r} is no name of a table or view: {unreadable}", "write it as table or schema.table")
    database = await connection.fetchval("SELECT current_database()::text")
    known = [item.display for item in catalogue.relations.values()]
    raise UsageError(
        f"the database {database} has no table or view {name!r}", near(name, known) or "write it as schema.table"
    )


def _as_written(catalogue: Catalogue, name: str) -> Relation | None:
    """A name with capitals that was written without its quotes."""
    found = [item for item in catalogue.relations.values() if name in (item.display, f"{item.schema}.{item.name}")]
    return found[0] if len(found) == 1 else None


def find_column(relation: Relation, name: str) -> Column:
    """The relation's column of that name; raises UsageError, with the nearest name, where there is none."""
    plain = unquoted(name)
    column = relation.column(plain) or (relation.column(plain.lower()) if plain == name else None)
    if column is None:
        names = [item.name for item in relation.columns]
        hint = near(plain, names) or f"its columns are {', '.join(names)}"
        raise UsageError(f"{relation.display} has no column {plain!r}", hint)
    return column


def split_names(text: str) -> tuple[str, ...]:
    """`id, "Second, id"` as a tuple, quotes kept; raises UsageError where a name is empty."""
    names: list[str] = []
    place = 0
    while place < len(text):
        match = _NAMES.match(text, place)
        if match is None or not match[1].strip():
            raise UsageError(f"{text!r} is no list of columns", "write for example id or id,line")
        names.append(match[1].strip())
        place = match.end()
    if not names or text.rstrip().endswith(","):
        raise UsageError(f"{text!r} is no list of columns", "write for example id or id,line")
    return tuple(names)


def unquoted(name: str) -> str:
    """The name without the quotes that SQL would need."""
    quoted = len(name) > 1 and name.startswith('"') and name.endswith('"')
    return name[1:-1].replace('""', '"') if quoted else name


def near(name: str, names: Iterable[str]) -> str:
    """`did you mean 'x'?`, or nothing where no name is near."""
    close = difflib.get_close_matches(name, list(names), n=1)
    return f"did you mean {close[0]!r}?" if close else ""
