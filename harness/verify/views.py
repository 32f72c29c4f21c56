"""Every view that the migration makes is read once, every column of every row: an error is a finding."""

from __future__ import annotations

import asyncpg

from harness.catalogue import Relation
from harness.result import Finding, ViewCheck
from harness.server.faults import describe
from harness.together import together
from harness.verify.context import Context
from harness.verify.kinds import make_finding
from harness.verify.sessions import is_about_data


def made_views(context: Context) -> list[Relation]:
    """Views that did not exist before the migration, or were defined otherwise."""
    made = (view for view in context.after.views() if not _is_old(context, view))
    return sorted(made, key=lambda view: view.display)


def _is_old(context: Context, view: Relation) -> bool:
    """Whether it was there before as it is, perhaps made anew since."""
    old = context.before.relations.get(view.oid) or context.before.named(view.schema, view.name)
    return old is not None and _read_as(old) == _read_as(view)


def _read_as(view: Relation) -> tuple[str | None, bool, bool]:
    return view.definition, view.invoker_rights, view.populated


async def check_views(context: Context) -> tuple[list[ViewCheck], list[Finding]]:
    """Reads the views; one that fails is reported with PostgreSQL's message."""
    checks = await together(*(read_view(context, view) for view in made_views(context)))
    return list(checks), [found for check in checks if (found := unreadable(context, check)) is not None]


def unreadable(context: Context, check: ViewCheck) -> Finding | None:
    """The finding about a view that cannot be read; None for one that can."""
    if check.error is None:
        return None
    return make_finding(
        "view_error",
        check.view,
        f"reading {check.view} fails: {check.error}",
        query=_reading(_relation(context, check.view)) + ";",
        database=context.verification_db,
    )


def _relation(context: Context, display: str) -> Relation:
    return next(view for view in context.after.views() if view.display == display)


def _reading(view: Relation) -> str:
    """count(*) alone would let the planner leave out joins and columns; a whole row needs them all."""
    return f"SELECT count(*) AS rows, count(v) AS read FROM {view.sql} AS v"


async def read_view(context: Context, view: Relation) -> ViewCheck:
    """The view, read; with PostgreSQL's message where that fails."""
    below = context.after.reads_transitively(view.oid)
    tables = sorted(
        relation.display
        for oid in below
        if (relation := context.after.relations.get(oid)) is not None and relation.is_table
    )
    rows: int | None = None
    error: str | None = None
    try:
        async with context.sessions.one() as connection:
            rows = await connection.fetchval(_reading(view))
    except asyncpg.PostgresError as problem:
        if not is_about_data(problem):
            raise
        error = describe(problem)
    return ViewCheck(view=view.display, tables=tuple(tables), columns=len(view.columns), rows=rows, error=error)
