"""What the migration did to the tables themselves: rows gone unseen, values changed in columns that are still there.

Both states are clones of one template: a table of the new one without a row that is newer than the clone holds what it
held, as far as it holds the rows. Any other is compared, value by value, with a copy of the old one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import asyncpg

from harness.catalogue import ChangedTable, Relation, survivor
from harness.copying import SCHEMA, SESSION, Copy, copy_columns, kept_as
from harness.result import Finding
from harness.scenario.paths import catalogue_sql
from harness.server.address import connect
from harness.server.faults import describe
from harness.snapshot import OldTable
from harness.together import together
from harness.verify.compare import field, is_drift
from harness.verify.context import Context
from harness.verify.kinds import make_finding
from harness.verify.multiset import multiset_findings, screen_multiset
from harness.verify.passed import Beside, differences
from harness.verify.relabelled import follow_labels, new_labels
from harness.verify.sessions import is_about_data
from harness.verify.survivors import relation_now
from harness.verify.values import Pass


async def table_findings(context: Context, followed: Collection[int]) -> list[Finding]:
    """What each table lost or shows otherwise in columns that are still there; the rows of those `followed` (OIDs
    before) are told of by the check of their views.
    """
    async with context.sessions.one() as connection:
        names = [context.before_db, context.after_db]
        horizon = await connection.fetchval(catalogue_sql("verify", "read_clone_horizon"), names)

    async def one(old: Relation, new: Relation) -> list[Finding]:
        if _means_else(old, new) or await _has_newer_rows(context, new, horizon):
            return await _compared(context, old, new, is_followed=old.oid in followed)
        return [] if old.oid in followed else await _fewer(context, old, new)

    tables = [
        (old, new)
        for old in context.before.relations.values()
        if old.kind in ("r", "p") and not old.partition
        if (new := relation_now(old.oid, context.before, context.after)) is not None
    ]
    return [finding for found in await together(*(one(old, new) for old, new in tables)) for finding in found]


async def _has_newer_rows(context: Context, table: Relation, horizon: str) -> bool:
    """Whether the table has a row from after the clone was made; it may have where its rows do not tell."""
    newer = f"SELECT EXISTS (SELECT FROM {table.sql} AS t WHERE age(t.xmin) <= age($1::text::xid))"
    try:
        async with context.sessions.one() as connection:
            return bool(await connection.fetchval(newer, horizon))
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
        return True


async def _fewer(context: Context, old: Relation, new: Relation) -> list[Finding]:
    """Rows that are gone from a table without a new one: their number tells."""
    before = await connect(context.address, context.before_db, SESSION)
    try:
        async with context.sessions.one() as after:
            had, has = await _rows(before, old), await _rows(after, new)
    finally:
        await before.close()
    query = f"SELECT count(*) FROM {new.sql};"
    if has > had:
        return [_came(context, new, has - had, has, query)]
    return [_gone(context, new, had - has, had, query)] if has < had else []


async def _rows(connection: Any, table: Relation) -> int:
    return int(await connection.fetchval(f"SELECT count(*) FROM {table.sql}"))


async def _compared(context: Context, old: Relation, new: Relation, *, is_followed: bool) -> list[Finding]:
    told = {  # by the check of columns that were dropped, written anew or put behind a view
        column.name
        for table in context.snapshot.tables
        if table.change.old.oid == old.oid
        for column in table.change.old_columns
    }
    pairs = tuple((column, now) for column in old.columns if (now := survivor(column, old, new)) is not None)
    key = context.before.row_key(old.oid)
    new_key = tuple(now.name for column, now in pairs if column.name in key)
    if len(new_key) < len(key):
        key = ()  # a part of it is gone, and no row can be followed
    try:
        columns = tuple(column.name for column, _ in pairs)
        name = f"{old.display}_rows"
        copy = await copy_columns(context.address, context.before_db, context.verification_db, old, key, columns, name)
        async with context.sessions.one() as connection:
            if not key:
                drifted = tuple((column, now) for column, now in pairs if is_drift(column, now))
                change = ChangedTable(old, new, (), (), drifted)
                same = len(drifted) < len(pairs) and copy.rows
                return await _whole_rows(context, connection, OldTable(change, copy)) if same else []
            held = tuple(kept_as(column, copy.as_text) for column in old.columns)
            known = replace(old, schema=SCHEMA, name=name, columns=held)
            renamed = {a.name: labels for a, b in pairs if a.name in key and (labels := new_labels(a, b))}
            known, names = await follow_labels(context.address, context.verification_db, known, renamed)
            compared = tuple(
                (kept_as(column, copy.as_text), now)
                for column, now in pairs
                if column.name not in {*key, *told} - names.keys() and not is_drift(column, now)
            )
            followed = tuple(names.get(name, name) for name in key)
            ordered = tuple(now.name for part in key for column, now in pairs if column.name == part)
            return await _followed(
                context, connection, Beside(known, followed, new, ordered, compared), copy, is_followed
            )
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
        detail = f"{new.display} has new rows, and its old ones could not be compared with them: {describe(error)}"
        query = f"SELECT * FROM {new.sql};"
        return [make_finding("not_compared", new.display, detail, query=query, database=context.verification_db)]


async def _followed(context: Context, connection: Any, beside: Beside, copy: Copy, is_followed: bool) -> list[Finding]:
    """Row by row: values that differ, and rows that are gone."""
    beside = replace(beside, cause="row_changed", tells_drift=False)
    found = await differences(context, connection, beside) if beside.pairs else []
    if is_followed:
        return found
    unmatched = f"FROM {beside.unmatched}"
    gone = int(await connection.fetchval(f"SELECT count(*) {unmatched}"))
    query = f"SELECT {beside.keys} {unmatched} ORDER BY {beside.keys};"
    if gone:
        found.append(_gone(context, beside.view, gone, copy.rows, query))
    came = int(await connection.fetchval(f"SELECT count(*) FROM {beside.unknown}"))
    names = ", ".join(field("n", name) for name in beside.key)
    query = f"SELECT {names} FROM {beside.unknown} ORDER BY {names};"
    return [*found, _came(context, beside.view, came, copy.rows - gone + came, query)] if came else found


async def _whole_rows(context: Context, connection: Any, table: OldTable) -> list[Finding]:
    """Without a key: old rows that are not there as they were, and rows in excess of those that may be changed ones."""
    assert table.change.new is not None
    work = Pass(table, table.change.new, (), ())
    counted = await screen_multiset(connection, work)
    cause = "row_changed" if counted.new_rows > counted.old_rows - counted.missing else "row_deleted"
    added = max(counted.extra - counted.missing, 0)
    found = await multiset_findings(connection, work, replace(counted, extra=added), context.verification_db)
    return [
        replace(item, cause=cause)
        if item.kind == "row_missing"
        else replace(item, cause="row_added", severity="warning")
        for item in found
    ]


def _means_else(old: Relation, new: Relation) -> bool:
    """Whether a value that nobody touched reads otherwise now: an enum's labels were renamed."""
    pairs = ((column, survivor(column, old, new)) for column in old.columns if column.labels)
    return any(
        now is not None and tuple(label for label in now.labels if label in column.labels) != column.labels
        for column, now in pairs
    )


def _came(context: Context, table: Relation, came: int, has: int, query: str) -> Finding:
    return make_finding(
        "row_extra",
        table.display,
        f"{table.display} has {has} rows, of which {came} are the migration's own",
        count=came,
        rows=has,
        cause="row_added",
        query=query,
        database=context.verification_db,
    )


def _gone(context: Context, table: Relation, gone: int, had: int, query: str) -> Finding:
    return make_finding(
        "row_missing",
        table.display,
        f"{table.display} had {had} rows before the migration, of which {gone} are gone",
        count=gone,
        rows=had,
        cause="row_deleted",
        query=query,
        database=context.verification_db,
    )
