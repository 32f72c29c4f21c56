"""Each workload query's old and new form must answer alike before either is timed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from harness.copying import SESSION
from harness.result import Example, Finding
from harness.server.address import connect
from harness.server.faults import describe
from harness.verify.answers import Row, Tally, compare_answers, limit
from harness.verify.context import Context
from harness.verify.corrected import mend
from harness.verify.explain import Explained
from harness.verify.kinds import make_finding
from harness.verify.sequences import set_back
from harness.verify.sessions import is_about_data
from harness.verify.written import Lost, lost_writes
from harness.workload import BoundQuery, BoundStatement

_OPERATION = 1
_NOT_TIMED = frozenset({"answer_empty", "answer_unfinished"})


async def check_answers(
    context: Context, queries: Sequence[BoundQuery], explained: Sequence[Explained], limit_s: float | None = None
) -> tuple[list[Finding], frozenset[str]]:
    """Findings about answers, and the names of queries that must not be timed: those that exceed the limit, too.

    The new forms run on the verification clone, which holds what `after` holds. Writes are rolled back.
    """
    findings: list[Finding] = []
    untimed: set[str] = set()
    if not queries:
        return findings, frozenset()
    old = await connect(context.address, context.before_db, SESSION)
    new = await connect(context.address, context.verification_db, SESSION)
    mended: list[Any] = []
    try:
        async with set_back(old, new):
            for query in queries:
                found = await _judged(context, query, old, new, explained, mended, limit_s)
                if found is not None:
                    findings.append(found)
                    if found.severity == "error" or found.kind in _NOT_TIMED:
                        untimed.add(query.name)
    finally:
        for connection in (old, new, *mended):
            await connection.close()
    return findings, frozenset(untimed)


async def _judged(
    context: Context,
    query: BoundQuery,
    old: Any,
    new: Any,
    explained: Sequence[Explained],
    mended: list[Any],
    limit_s: float | None,
) -> Finding | None:
    """A query that cannot be run, or does not end in time, is a finding, too."""
    try:
        return await _check(context, query, old, new, explained, mended, limit_s)
    except asyncpg.QueryCanceledError:
        if limit_s is None:
            raise
        detail = f"{query.name} does not end within the statement timeout ({limit_s:g} s): its answers are not compared"
        return _about_new("answer_unfinished", context, query, detail)
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
        return _about_new("answer_differs", context, query, f"{query.name} cannot be run: {describe(error)}")


async def _check(
    context: Context,
    query: BoundQuery,
    old: Any,
    new: Any,
    explained: Sequence[Explained],
    mended: list[Any],
    limit_s: float | None,
) -> Finding | None:
    if query.query.kind == "write":
        return await _check_write(context, query, old, new, limit_s)
    tallies = await _tallies(query, old, new, limit_s)
    if _agree(query, tallies):
        return None if any(tally.old_rows for tally in tallies) else _empty(context, query)
    if any(item.cells for item in explained):
        if not mended:
            mended.append(await connect(context.address, context.before_db, SESSION))
            await mend(mended[0], new, explained)
        if _agree(query, await _tallies(query, mended[0], new, limit_s)):
            return _differs(context, query, tallies, explained=True)
    return _differs(context, query, tallies, explained=False)


async def _tallies(query: BoundQuery, old: Any, new: Any, limit_s: float | None) -> list[Tally]:
    sides = (old, query.before), (new, query.after)
    return [await compare_answers(*sides, values, _OPERATION, limit_s) for values in query.sets]


def _agree(query: BoundQuery, tallies: Iterable[Tally]) -> bool:
    return all(tally.agrees(ordered=query.query.ordered) for tally in tallies)


def _empty(context: Context, query: BoundQuery) -> Finding:
    detail = (
        f"{query.name} returns no row with any of its {len(query.sets)} parameter sets, so its answer proves nothing"
    )
    return _about_new("answer_empty", context, query, detail)


def _about_new(kind: str, context: Context, query: BoundQuery, detail: str, number: int = 0) -> Finding:
    """A finding that the new form, with one of its parameter sets, reproduces."""
    text = _text(query.after, query, number)
    return make_finding(kind, query.name, detail, query=text, database=context.verification_db)


def _differs(context: Context, query: BoundQuery, tallies: Sequence[Tally], *, explained: bool) -> Finding:
    number, tally = next(
        (place, item) for place, item in enumerate(tallies) if not item.agrees(ordered=query.query.ordered)
    )
    differing = sum(item.differing for item in tallies)
    rows = sum(item.old_rows for item in tallies)
    what = f"{differing} rows differ" if differing else f"the same rows in another order ({tally.misplaced} places)"
    why = "; the old copies' known differences explain all of it" if explained else ""
    return make_finding(
        "answer_differs",
        query.name,
        f"{query.name}: old and new form answer differently: {what} of {rows} over {len(tallies)} parameter sets{why}",
        severity="warning" if explained else None,
        count=differing or tally.misplaced,
        rows=rows,
        cause="stale_copy" if explained else "unexplained",
        examples=_examples(number, tally),
        query=_text(query.after, query, number),
        database=context.verification_db,
    )


def _examples(number: int, tally: Tally) -> list[Example]:
    key = f"parameter set {number + 1}"
    lost = [Example(key, old=_row_text(row)) for row in tally.only(1)]
    gained = [Example(key, new=_row_text(row)) for row in tally.only(-1)]
    return (lost + gained)[:20]


def _row_text(row: Row) -> str:
    return ", ".join("NULL" if value is None else str(value) for value in row)


def _text(statements: Sequence[BoundStatement], query: BoundQuery, number: int) -> str:
    """The statements as psql takes them: parameters through \\bind, which psql has from version 16."""
    lines = []
    for statement in statements:
        values = statement.arguments(query.sets[number], _OPERATION)
        bound = " ".join("'" + str(value).replace("'", "''") + "'" for value in values)
        lines.append(f"{statement.sql} \\bind {bound} \\g" if values else f"{statement.sql};")
    return "\n".join(lines)


async def _check_write(
    context: Context, query: BoundQuery, old: Any, new: Any, limit_s: float | None
) -> Finding | None:
    """A write must touch at least one row in both forms, with every parameter set, and leave the same there."""
    for number, values in enumerate(query.sets, start=1):
        for name, connection in (("old", old), ("new", new)):
            statements = query.before if name == "old" else query.after
            if not await touched(connection, statements, values, limit_s):
                detail = f"the {name} form of {query.name} changes no row with parameter set {number}"
                return _about_new("answer_empty", context, query, detail, number - 1)
    lost = await lost_writes(context, query, old, new, _OPERATION)
    return _not_written(context, query, lost) if lost is not None else None


def _not_written(context: Context, query: BoundQuery, lost: Lost) -> Finding:
    return make_finding(
        "answer_differs",
        query.name,
        f"{query.name}: after the new form, {lost.count} of {lost.cells} values that the old form writes"
        f" read otherwise, over {len(query.sets)} parameter sets: {', '.join(lost.places)}",
        count=lost.count,
        rows=lost.cells,
        cause="unexplained",
        examples=lost.examples,
        query=_text(query.after, query, lost.number),
        database=context.verification_db,
    )


async def touched(
    connection: Any, statements: Sequence[BoundStatement], values: Any, limit_s: float | None = None
) -> int:
    """Rows that the statements change, together; all is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        touched = 0
        await limit(connection, limit_s)
        for statement in statements:
            prepared = await connection.prepare(statement.sql)
            await prepared.fetch(*statement.arguments(values, _OPERATION))
            words = prepared.get_statusmsg().split()
            touched += int(words[-1]) if words[0] in ("INSERT", "UPDATE", "DELETE", "MERGE") else 0
        return touched
    finally:
        await transaction.rollback()
