"""Whether no two rows of a relation share a key, as the server proves it, without counting."""

from __future__ import annotations

import json
import re
from typing import Any

import asyncpg

from harness.catalogue import Catalogue, Relation
from harness.scenario.paths import catalogue_sql
from harness.sqltext import quote_ident
from harness.verify.sessions import is_about_data

_COLUMN = re.compile(r"""(?:(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")\.)?(?:([a-z_][a-z0-9_$]*)|"((?:[^"]|"")+)")""")
_SCANS = frozenset({"Seq Scan", "Index Scan", "Index Only Scan"})


async def is_unique(connection: Any, catalogue: Catalogue, relation: Relation, key: tuple[str, ...]) -> bool:
    """Whether a unique index proves it: the relation's own, or that of the only table from which the key is read.

    Where a view's joins cannot multiply its rows, the planner leaves them out of a query for the key alone, and what is
    left is one scan. NULLs may still be in the key, several times.
    """
    declared = any(set(unique) <= set(key) for unique in catalogue.unique_keys(relation.oid))
    if declared and not await has_heirs(connection, relation):
        return True
    plan = await _plan(connection, relation, key)
    if plan is None or plan["Node Type"] not in _SCANS or "Plans" in plan:
        return False
    below = catalogue.named(plan.get("Schema", ""), plan["Relation Name"])
    if below is None or await has_heirs(connection, below):
        return False
    names = {_column(text) for text in plan.get("Output", ())}
    return any(set(unique) <= names for unique in catalogue.unique_keys(below.oid))


async def has_heirs(connection: Any, relation: Relation) -> bool:
    """Whether other tables inherit from it, whose rows its unique index does not hold; partitions' it does."""
    return relation.kind == "r" and bool(await connection.fetchval(catalogue_sql("verify", "has_heirs"), relation.oid))


async def expected_rows(connection: Any, relation: Relation) -> int:
    """How many rows the planner expects, which looks at a table's present size."""
    (answer,) = await connection.fetchrow(f"EXPLAIN (FORMAT JSON) SELECT FROM {relation.sql}")
    return int(json.loads(answer)[0]["Plan"]["Plan Rows"])


async def _plan(connection: Any, relation: Relation, key: tuple[str, ...]) -> dict[str, Any] | None:
    """The plan that reads the key; None where there is none."""
    names = ", ".join(map(quote_ident, key))
    try:
        async with connection.transaction():
            (answer,) = await connection.fetchrow(f"EXPLAIN (FORMAT JSON, VERBOSE) SELECT {names} FROM {relation.sql}")
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
        return None
    plan: dict[str, Any] = json.loads(answer)[0]["Plan"]
    return plan


def _column(text: str) -> str | None:
    """The column's name where the text, an expression as the server writes it, is a column and nothing else."""
    match = _COLUMN.fullmatch(text)
    return (match[1] or match[2].replace('""', '"')) if match else None
