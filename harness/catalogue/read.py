"""Reads a Catalogue in one transaction, so that its parts belong together."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from harness.catalogue.model import Catalogue, Column, Constraint, Function, Index, Object, Relation, Sequence
from harness.scenario.paths import catalogue_sql


async def read_catalogue(connection: Any, *, with_objects: bool = True) -> Catalogue:
    """The catalogue of the database that the connection is for; names in definitions are schema-qualified.

    Triggers, policies, comments, grants, sequences and the like take the longest, and can be left out.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("SELECT set_config('search_path', 'pg_catalog', true)")
        columns: dict[int, list[Column]] = defaultdict(list)
        for row in await _rows(connection, "columns"):
            columns[row.pop("relation")].append(Column(**row))
        relations = {
            row["oid"]: Relation(**row, columns=tuple(columns[row["oid"]]))
            for row in await _rows(connection, "relations")
        }
        reads: dict[int, set[int]] = defaultdict(set)
        for row in await _rows(connection, "dependencies"):
            reads[row["view"]].add(row["relation"])
        return Catalogue(
            relations=relations,
            constraints=tuple(Constraint(**row) for row in await _rows(connection, "constraints")),
            indexes=tuple(Index(**row) for row in await _rows(connection, "indexes")),
            objects=await _objects(connection) if with_objects else (),
            functions=tuple(Function(**row) for row in await _rows(connection, "functions")),
            reads={view: frozenset(read) for view, read in reads.items()},
            sequences=tuple(Sequence(**row) for row in await _rows(connection, "sequences")) if with_objects else (),
        )


async def _objects(connection: Any) -> tuple[Object, ...]:
    rows = [*await _rows(connection, "objects"), *await _rows(connection, "inventory")]
    return tuple(Object(**row) for row in rows)


async def _rows(connection: Any, name: str) -> list[dict[str, Any]]:
    """Rows of one catalogue query, arrays as tuples so that records stay frozen."""
    records = await connection.fetch(catalogue_sql("catalogue", name))
    return [
        {key: tuple(value) if isinstance(value, list) else value for key, value in record.items()} for record in records
    ]
