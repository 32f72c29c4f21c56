"""Proof that what a comparison reads is still what it was: no row is newer, none is gone, nothing is defined anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import asyncpg

from harness.catalogue import Catalogue
from harness.scenario.paths import catalogue_sql
from harness.verify.sessions import is_about_data
from harness.verify.values import Pass

_XID_SPACE = 2**32
State = dict[str, Any]


async def read_state(connection: Any, catalogue: Catalogue, passes: Iterable[Pass]) -> State:
    """What the passes read, as JSON holds it: definitions, the tables' files, their rows, and when that was.

    A function in a view that reads further tables is not looked into.
    """
    works = list(passes)
    counted = {
        work.table.change.old.oid: work.table.copy.rows for work in works if _in_place(work) and work.table.copy.counted
    }
    horizon = await connection.fetchval(catalogue_sql("verify", "read_horizon"))
    tables = {}
    for leaf in await connection.fetch(catalogue_sql("verify", "list_leaves"), _tables(catalogue, works)):
        rows = counted.get(leaf["oid"]) if leaf["is_alone"] else None
        if rows is None and leaf["is_heap"]:
            rows = await connection.fetchval(f"SELECT count(*) FROM ONLY {leaf['name']}")
        tables[leaf["name"]] = [leaf["oid"], leaf["filenode"], rows]
    return {"horizon": horizon, "definitions": _definitions(catalogue, works), "tables": tables}


async def is_unchanged(connection: Any, catalogue: Catalogue, passes: Iterable[Pass], state: State) -> bool:
    """Whether the passes would read now what they read then.

    An insert or an update leaves a row whose transaction is not older than the horizon, a delete leaves fewer rows,
    and whatever rewrites or replaces a table gives it another file.
    """
    works = list(passes)
    if state["definitions"] != _definitions(catalogue, works):
        return False
    try:
        return await _same_rows(connection, catalogue, works, state)
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
        return False  # a table of another kind, whose rows do not tell their transaction


async def _same_rows(connection: Any, catalogue: Catalogue, works: list[Pass], state: State) -> bool:
    leaves = await connection.fetch(catalogue_sql("verify", "list_leaves"), _tables(catalogue, works))
    if {leaf["name"] for leaf in leaves} != set(state["tables"]) or not all(leaf["is_heap"] for leaf in leaves):
        return False
    for leaf in leaves:
        oid, filenode, known_rows = state["tables"][leaf["name"]]
        if (leaf["oid"], leaf["filenode"]) != (oid, filenode):
            return False
        rows, newer = await connection.fetchrow(
            f"SELECT count(*), count(*) FILTER (WHERE age(xmin) <= age($1::text::xid)) FROM ONLY {leaf['name']}",
            str(state["horizon"] % _XID_SPACE),
        )
        if rows != known_rows or newer:
            return False
    return True


def _tables(catalogue: Catalogue, works: list[Pass]) -> list[str]:
    """The relations with rows of their own below both sides."""
    names = set()
    for work in works:
        old = work.table.change.old
        below = {work.relation.oid, *catalogue.reads_transitively(work.relation.oid)}
        if _in_place(work):  # where the old side may be a view, too
            below |= {old.oid, *catalogue.reads_transitively(old.oid)}
        else:
            names.add(work.table.copy.sql)
        found = [catalogue.relations[oid] for oid in below if oid in catalogue.relations]
        names |= {relation.sql for relation in found if relation.kind != "v"}
    return sorted(names)


def _in_place(work: Pass) -> bool:
    """Whether the old rows are read where they always were, rather than from a copy."""
    return work.table.copy.sql == work.table.change.old.sql


def _definitions(catalogue: Catalogue, works: list[Pass]) -> str:
    """A digest of every definition that gives the rows their values."""
    read = {oid for work in works for oid in (work.relation.oid, work.table.change.old.oid)}
    read |= {below for oid in read for below in catalogue.reads_transitively(oid)}
    relations = [catalogue.relations[oid] for oid in sorted(read) if oid in catalogue.relations]
    parts = [(item.oid, item.sql, item.definition, [column.type_sql for column in item.columns]) for item in relations]
    parts += [(item.oid, item.identity, item.definition, []) for item in catalogue.functions]
    return hashlib.sha256(repr(parts).encode()).hexdigest()
