"""Who asks the timed queries: the scenario's role, as far as the server has it and the answers allow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness import sqltext
from harness.job import Run
from harness.scenario import AccessRole
from harness.server import Address, connect
from harness.verify import EMPTY, check_as_role, obstacle_to
from harness.workload import MOST_SETS, BoundQuery, Settings, bind_as, draw_askers, join_askers

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

    Where the role has several askers, each has parameters of its own, and the forms have to answer every one alike. Who
    reads nothing by a query takes no part in it, which a remark says. A remark also stands where the new form reads one
    of the views that are `bypassing` row security.
    """
    if role is None or not queries:
        return Asked(tuple(queries))
    connection = await connect(address, before_db)
    try:
        obstacle = await obstacle_to(connection, role.role)
        if obstacle:
            return Asked(tuple(queries), f"queries are timed as the connecting user, not as {role.role}: {obstacle}")
        session, claims = await draw_askers(connection, role)
        bound = [await bind_as(connection, [item.query for item in queries], (*session, *own)) for own in claims]
    finally:
        await connection.close()
    asks: list[_Asks] = []
    for own, found in zip(claims, bound, strict=True):
        parts = [item.thinned(MOST_SETS // len(claims)) for item in found] if len(claims) > 1 else found
        asks.append(_Asks(own, parts, await check_as_role(address, before_db, after_db, parts)))
    chosen = tuple(_choose(item, role.role, session, asks, bypassing) for item in queries)
    return Asked(chosen, _summary(role.role, chosen, len(claims)))


@dataclass(frozen=True)
class _Asks:
    """One asker: its own claims, the queries as it asks them, and why it may not (by the query's name)."""

    claims: Settings
    parts: Sequence[BoundQuery]
    reasons: Mapping[str, str]


def _choose(
    query: BoundQuery, role: str, session: Settings, asks: Sequence[_Asks], bypassing: frozenset[str]
) -> BoundQuery:
    """The query as those ask it who read anything by it, if its forms answer every asker alike."""
    parts = [(one.claims, part) for one in asks for part in one.parts if part.name == query.name]
    reasons = [(number, one.reasons.get(query.name, "")) for number, one in enumerate(asks, start=1)]
    wrong = [(number, reason) for number, reason in reasons if reason not in ("", EMPTY)]
    if wrong:
        whose = f"{role} (the asker {wrong[0][0]} of {len(asks)})" if len(asks) > 1 else role
        return replace(query, remarks=(f"timed as the connecting user: as {whose} {wrong[0][1]}",))
    empty = {one.claims for one in asks if query.name in one.reasons}
    usable = [(claims, part) for claims, part in parts if claims not in empty]
    if not usable:
        why = EMPTY if parts else "it draws no parameters"
        return replace(query, remarks=(f"timed as the connecting user: as {role} {why}",))
    asked = _with_remark(join_askers(usable, session), bypassing, role)
    if len(usable) == len(asks):
        return asked
    some = f"asked by {len(usable)} of the {len(asks)} askers: the others have nothing to read by it"
    return replace(asked, remarks=(*asked.remarks, some))


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


def _summary(role: str, queries: Sequence[BoundQuery], askers: int) -> str:
    others = [item.name for item in queries if not item.session]
    number = len(queries) - len(others)
    rest = f"; as the connecting user, past row security: {', '.join(others)}" if others else ""
    whose = "its claims and with keys that it may see"
    if askers > 1:
        whose = f"the claims of {askers} askers in turn and with keys that each may see"
    return f"{number} of {len(queries)} queries are timed as {role}, with {whose}{rest}"
