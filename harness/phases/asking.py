"""Who asks the timed queries: the scenario's role, as far as the server has it and the answers allow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness import sqltext
from harness.job import Run
from harness.verify import check_as_role, obstacle_to
from harness.workload import BoundQuery, bind_as, draw_session

_BYPASSED = "rls_bypassed"


async def ask_as_role(run: Run, queries: Sequence[BoundQuery], after_db: str) -> tuple[BoundQuery, ...]:
    """The queries as they are timed: as the scenario's role where both forms answer it alike, else as they are.

    Says which are which, and beside each figure where the new form reads past row security that the old one pays for.
    """
    role, databases = run.job.scenario.queries_as, run.databases
    if role is None or not queries:
        return tuple(queries)
    before_db = databases.name("before")
    connection = await databases.connect("before")
    try:
        obstacle = await obstacle_to(connection, role.role)
        if obstacle:
            run.recorder.note(f"queries are timed as the connecting user, not as {role.role}: {obstacle}")
            return tuple(queries)
        session = await draw_session(connection, role)
        bound = await bind_as(connection, [item.query for item in queries], session)
    finally:
        await connection.close()
    reasons = {item.name: "it draws no parameters" for item in queries}
    reasons |= {item.name: "" for item in bound} | await check_as_role(
        databases.server.address, before_db, after_db, bound
    )
    as_role = {item.name: item for item in bound if not reasons[item.name]}
    bypassing = _bypassing(run)
    chosen = tuple(
        _with_remark(as_role[item.name], bypassing, role.role)
        if item.name in as_role
        else replace(item, remarks=(f"timed as the connecting user: as {role.role} {reasons[item.name]}",))
        for item in queries
    )
    run.recorder.note(_summary(role.role, chosen))
    return chosen


def _bypassing(run: Run) -> frozenset[str]:
    """Names of the views that read past row security."""
    found = (item.object for item in run.recorder.result.integrity.findings if item.kind == _BYPASSED)
    return frozenset(name.rpartition(".")[2] for name in found)


def _with_remark(query: BoundQuery, bypassing: frozenset[str], role: str) -> BoundQuery:
    named = sqltext.relations_named(";".join(statement.sql for statement in query.after))
    views = ", ".join(sorted(named & bypassing))
    if not views:
        return query
    return replace(
        query, remarks=(f"asked as {role}: {views} reads past row security, whose checks only the old form pays for",)
    )


def _summary(role: str, queries: Sequence[BoundQuery]) -> str:
    others = [item.name for item in queries if not item.session]
    number = len(queries) - len(others)
    rest = f"; as the connecting user, past row security: {', '.join(others)}" if others else ""
    return (
        f"{number} of {len(queries)} queries are timed as {role}, with its claims and with keys that it may see{rest}"
    )
