"""Reads a Catalogue from one state of the database, so that its parts belong together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from harness.catalogue.model import Catalogue, Column, Constraint, Function, Index, Object, Relation, Sequence
from harness.scenario.paths import catalogue_sql
from harness.together import together

Rows = list[dict[str, Any]]
_PARTS = ("columns", "relations", "dependencies", "constraints", "indexes", "functions")
_SURROUNDINGS = ("objects", "inventory", "sequences")


async def read_catalogue(connection: Any) -> Catalogue:
    """The catalogue of the database that the connection is for; names in definitions are schema-qualified."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("SELECT set_config('search_path', 'pg_catalog', true)")
        return _assembled({name: await _rows(connection, name) for name in (*_PARTS, *_SURROUNDINGS)})


async def read_catalogue_at_once(lend: Callable[[], AbstractAsyncContextManager[Any]], number: int) -> Catalogue:
    """The same on so many connections that see one state of the database, in transactions of theirs.

    Triggers, policies, comments, grants, sequences and the like, which take the longest, are left out.
    """
    waiting = list(_PARTS)
    found: dict[str, Rows] = {}

    async def read() -> None:
        async with lend() as connection:
            path = await connection.fetchval(
                "SELECT current_setting('search_path'), set_config('search_path', 'pg_catalog', true)"
            )
            while waiting:
                name = waiting.pop(0)
                found[name] = await _rows(connection, name)
            await connection.execute("SELECT set_config('search_path', $1, true)", path)

    await together(*(read() for _ in range(number)))
    return _assembled(found)


def _assembled(parts: Mapping[str, Rows]) -> Catalogue:
    columns: dict[int, list[Column]] = defaultdict(list)
    for row in parts["columns"]:
        columns[row.pop("relation")].append(Column(**row))
    reads: dict[int, set[int]] = defaultdict(set)
    for row in parts["dependencies"]:
        reads[row["view"]].add(row["relation"])
    return Catalogue(
        relations={row["oid"]: Relation(**row, columns=tuple(columns[row["oid"]])) for row in parts["relations"]},
        constraints=tuple(Constraint(**row) for row in parts["constraints"]),
        indexes=tuple(Index(**row) for row in parts["indexes"]),
        objects=tuple(Object(**row) for name in ("objects", "inventory") for row in parts.get(name, ())),
        functions=tuple(Function(**row) for row in parts["functions"]),
        reads={view: frozenset(read) for view, read in reads.items()},
        sequences=tuple(Sequence(**row) for row in parts.get("sequences", ())),
    )


async def _rows(connection: Any, name: str) -> Rows:
    """Rows of one catalogue query, arrays as tuples so that records stay frozen."""
    records = await connection.fetch(catalogue_sql("catalogue", name))
    return [
        {key: tuple(value) if isinstance(value, list) else value for key, value in record.items()} for record in records
    ]
