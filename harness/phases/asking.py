"""Who asks the timed queries: the scenario's role, as far as the server has it and the answers allow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness import sqltext
from harness.job import Run
from harness.scenario import AccessRole
from harness.server import Address, connect
from harness.verify import check_as_role, obstacle_to
from harness.workload import BoundQuery, bind_as, draw_session

_BYPASSED = "rls_bypassed"


async def ask_as_role(run: Run, queries: Sequence[BoundQuery], after_db: str) -> tuple[BoundQuery, ...]:
    """The run's queries as they are timed; says which are asked by whom."""
    databases, scenario = run.databases, run.job.scenario
    address, before_db = databases.server.address, databases.name("before")
    asked = await choose_askers(address, scenario.queries_as, queries, before_db, after_db, _bypassing(run))
    if asked.note:
        run.recorder.note(asked.note)
    return asked.queries


@dataclass(frozen=True)
class Asked:
    """The queries as they are timed, and in a sentence who asks them; empty where nobody but the user was to."""

    queries: tuple[BoundQuery, ...]
    note: str = ""


async def choose_askers(
    address: Address,
    role: AccessRole | None,
    queries: Sequence[BoundQuery],
    before_db: str,
    after_db: str,
    bypassing: frozenset[str],
) -> Asked:
    """Each query as the role where both forms answer it alike, else as it is, with a remark that says so.

    A remark also stands where the new form reads one of the views that are `bypassing` row security.
    """
    if role is None or not queries:
        return Asked(tuple(queries))
    connection = await connect(address, before_db)
    try:
        obstacle = await obstacle_to(connection, role.role)
        if obstacle:
            return Asked(tuple(queries), f"queries are timed as the connecting user, not as {role.role}: {obstacle}")
        session = await draw_session(connection, role)
        bound = await bind_as(connection, [item.query for item in queries], session)
    finally:
        await connection.close()
    reasons = {item.name: "it draws no parameters" for item in queries} | {item.name: "" for item in bound}
    reasons |= await check_as_role(address, before_db, after_db, bound)
    as_role = {item.name: item for item in bound if not reasons[item.name]}
    chosen = tuple(
        _with_remark(as_role[item.name], bypassing, role.role)
        if item.name in as_role
        else replace(item, remarks=(f"timed as the connecting user: as {role.role} {reasons[item.name]}",))
        for item in queries
    )
    return Asked(chosen, _summary(role.role, chosen))


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
