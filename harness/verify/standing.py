"""Views that show other values than the tables will hold tomorrow, or another row than they showed today."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from harness import sqltext
from harness.catalogue import Relation
from harness.result import Finding
from harness.verify.context import Context
from harness.verify.explain import Explained
from harness.verify.kinds import make_finding
from harness.verify.sessions import is_about_data


async def standing_findings(context: Context, explained: Sequence[Explained]) -> list[Finding]:
    """About the views that replace lost columns, and those below them."""
    compared = {item.work.relation.oid for item in explained}
    below = frozenset().union(*map(context.after.reads_transitively, compared)) | compared
    found = []
    async with context.sessions.one() as connection:
        for oid in sorted(below):
            view = context.after.relations.get(oid)
            if view is None or view.is_table:
                continue
            if view.kind == "m":
                detail = "is stored: it shows what it held when it was refreshed last, not what is written since"
                found.append(_told(context, "view_stored", view, detail))
            if view.definition and await _takes_any(connection, view):
                detail = "takes the first of several rows, and no ORDER BY says which (LIMIT, DISTINCT ON)"
                found.append(_told(context, "row_arbitrary", view, detail))
    return found


def _told(context: Context, kind: str, view: Relation, detail: str) -> Finding:
    query = f"SELECT pg_get_viewdef({sqltext.quote_literal(view.sql)}::regclass);"
    text = f"{view.display} {detail}"
    return make_finding(kind, view.display, text, count=1, query=query, database=context.verification_db)


async def _takes_any(connection: Any, view: Relation) -> bool:
    """Whether the view would have other rows, or a subselect several, without the choice; of a key nobody chooses."""
    every = sqltext.with_all_rows(view.definition or "")
    if not every:
        return False
    counts = f"SELECT (SELECT count(v) FROM {view.sql} AS v) <> (SELECT count(e) FROM ({every.rstrip(';')}) AS e)"
    try:
        return bool(await connection.fetchval(counts))
    except asyncpg.CardinalityViolationError:
        return True
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
        return False  # what cannot be read is told of as that
