"""Views that were there before and are defined otherwise now: each is a query that must give the same answer."""

from __future__ import annotations

from pathlib import Path

from harness.catalogue import Relation
from harness.copying import SESSION
from harness.scenario import Query, SqlFile
from harness.server.address import connect
from harness.sqltext import quote_ident, quote_literal
from harness.verify.context import Context
from harness.workload import BoundQuery, BoundStatement


async def old_view_queries(context: Context) -> list[BoundQuery]:
    """A query for each such view, named after it: all its old columns, sorted, in both states.

    The old form is the old definition itself, without the tables' schema where that is the default, so that copies
    known to be stale can be mended beneath it.
    """
    views = list(_redefined(context))
    if not views:
        return []
    connection = await connect(context.address, context.before_db, SESSION)
    try:
        return [_query(old, new, await _old_form(connection, old)) for old, new in views]
    finally:
        await connection.close()


def _redefined(context: Context) -> list[tuple[Relation, Relation]]:
    found = []
    for old in context.before.views():
        new = context.after.named(old.schema, old.name)
        if new is not None and (new.kind, new.definition) != (old.kind, old.definition):
            found.append((old, new))
    return found


async def _old_form(connection: object, old: Relation) -> str:
    if old.kind == "m":
        return f"SELECT * FROM {old.sql}"
    name = quote_literal(old.sql)
    text = await connection.fetchval(f"SELECT pg_get_viewdef({name}::regclass)")  # type: ignore[attr-defined]
    return str(text).rstrip().removesuffix(";")


def _query(old: Relation, new: Relation, old_form: str) -> BoundQuery:
    names = ", ".join(f"v.{quote_ident(column.name)}" for column in old.columns)
    order = 'ORDER BY ROW(v.*)::text COLLATE "C"'
    before = f"SELECT {names} FROM ({old_form}) AS v {order}"
    after = f"SELECT {names} FROM {new.sql} AS v {order}"
    query = Query(
        name=old.display,
        title=f"All of the view {old.display}",
        kind="read",
        before=SqlFile(Path(f"{old.display}.before.sql"), before),
        after=SqlFile(Path(f"{old.display}.after.sql"), after),
        params=None,
        weight=0,
        max_slowdown=0,
        gated=False,
        ordered=False,
    )
    return BoundQuery(query, (BoundStatement(before, ()),), (BoundStatement(after, ()),), ({},))
