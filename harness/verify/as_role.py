"""Which queries may be timed as the scenario's role: those whose two forms answer it alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from harness.server.address import Address, connect
from harness.server.faults import describe
from harness.snapshot import SESSION
from harness.verify.answers import Tally, compare_answers
from harness.verify.same_answer import touched
from harness.verify.sessions import is_about_data
from harness.workload import BoundQuery, become

_OPERATION = 1


async def check_as_role(
    address: Address, before_db: str, after_db: str, queries: Sequence[BoundQuery]
) -> dict[str, str]:
    """Query -> why its two forms, with the parameters and the session that it is bound with, are not the same work.

    Queries that may be timed so are left out. The answers agree, or each form answers the role as it answers the
    connecting user: then what differs is what the check of the values has found already. Writes are rolled back.
    """
    settings = {name: value for name, value in SESSION.items() if name != "row_security"}
    found: dict[str, str] = {}
    old, new, old_owner, new_owner = [
        await connect(address, name, settings) for name in (before_db, after_db, before_db, after_db)
    ]
    try:
        asker: tuple[tuple[str, str], ...] = ()
        for query in queries:
            if query.session != asker:
                await become(old, query.session)
                await become(new, query.session)
                asker = query.session
            try:
                reason = await _reason(query, old, new, old_owner, new_owner)
            except asyncpg.PostgresError as error:
                if not is_about_data(error):
                    raise
                reason = f"it fails: {describe(error)}"
            if reason:
                found[query.name] = reason
    finally:
        for connection in (old, new, old_owner, new_owner):
            await connection.close()
    return found


async def _reason(query: BoundQuery, old: Any, new: Any, old_owner: Any, new_owner: Any) -> str:
    if query.query.kind == "write":
        for values in query.sets:
            for name, connection, statements in (("old", old, query.before), ("new", new, query.after)):
                if not await touched(connection, statements, values):
                    return f"its {name} form changes no row"
        return ""
    ordered = query.query.ordered
    tallies = [
        await compare_answers((old, query.before), (new, query.after), values, _OPERATION) for values in query.sets
    ]
    if not any(tally.old_rows for tally in tallies):
        return "it reads no row"
    if all(tally.agrees(ordered=ordered) for tally in tallies):
        return ""
    for values in query.sets:
        sides = ((old, old_owner, query.before), (new, new_owner, query.after))
        for as_role, as_owner, statements in sides:
            tally: Tally = await compare_answers((as_role, statements), (as_owner, statements), values, _OPERATION)
            if not tally.agrees(ordered=ordered):
                return "its two forms answer differently"
    return ""
