"""Which queries may be timed: those whose two forms answer alike, to the connecting user or to the scenario's role."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from harness.copying import SESSION
from harness.server.address import Address, connect
from harness.server.faults import describe
from harness.verify.answers import compare_answers
from harness.verify.same_answer import touched
from harness.verify.sessions import is_about_data
from harness.workload import BoundQuery, become

_OPERATION = 1
DIFFERENT = "its two forms answer differently"
EMPTY = "it reads no row"


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


async def check_pair(address: Address, before_db: str, after_db: str, queries: Sequence[BoundQuery]) -> dict[str, str]:
    """Query -> why its two forms may not be held against each other on these databases; others are left out.

    Reads; writing queries are tried, and rolled back, where they are among the queries.
    """
    settings = {name: value for name, value in SESSION.items() if name != "row_security"}
    found: dict[str, str] = {}
    old, new = [await connect(address, name, settings) for name in (before_db, after_db)]
    try:
        for query in queries:
            try:
                reason = await _difference(query, old, new)
            except asyncpg.PostgresError as error:
                if not is_about_data(error):
                    raise
                reason = f"it fails: {describe(error)}"
            if reason:
                found[query.name] = reason
    finally:
        for connection in (old, new):
            await connection.close()
    return found


async def _difference(query: BoundQuery, old: Any, new: Any) -> str:
    """Why the forms do not do the same work on the two connections; empty where they do."""
    if query.query.kind == "write":
        for values in query.sets:
            for name, connection, statements in (("old", old, query.before), ("new", new, query.after)):
                if not await touched(connection, statements, values):
                    return f"its {name} form changes no row"
        return ""
    tallies = [
        await compare_answers((old, query.before), (new, query.after), values, _OPERATION) for values in query.sets
    ]
    agrees = all(tally.agrees(ordered=query.query.ordered) for tally in tallies)
    if not any(tally.old_rows for tally in tallies):
        return EMPTY if agrees else "only its new form reads rows"
    return "" if agrees else DIFFERENT


async def _reason(query: BoundQuery, old: Any, new: Any, old_owner: Any, new_owner: Any) -> str:
    difference = await _difference(query, old, new)
    if difference != DIFFERENT:
        return difference
    for values in query.sets:
        sides = ((old, old_owner, query.before), (new, new_owner, query.after))
        for as_role, as_owner, statements in sides:
            tally = await compare_answers((as_role, statements), (as_owner, statements), values, _OPERATION)
            if not tally.agrees(ordered=query.query.ordered):
                return difference
    return ""
