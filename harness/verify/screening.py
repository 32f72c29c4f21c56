"""One pass screened: cut into spans where that can be done, the spans counted at once, the finished ones kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from harness.together import together
from harness.verify.context import Context
from harness.verify.frozen import is_unchanged, read_state
from harness.verify.multiset import screen_multiset
from harness.verify.spans import Cut, cut, may_cut
from harness.verify.values import Pass, Screen, Span, Tally, add, count, count_filled, count_keyless

Advance = Callable[[int, str], None]


async def open_ledger(context: Context, passes: Sequence[Pass]) -> None:
    """Takes up what an earlier session finished, where the data are proven to be the same; else begins anew."""
    if not context.ledger.is_kept or not any(may_cut(work) for work in passes):
        return
    async with context.sessions.one() as connection:
        state = context.ledger.state
        if state is not None and await is_unchanged(connection, context.after, passes, state):
            context.ledger.accept()
            context.progress.note(f"{context.ledger.spans_done} finished parts of the earlier check are used")
            return
        if state is not None:
            context.progress.note("the data are not what they were in the earlier check, so it starts again")
        context.ledger.begin(await read_state(connection, context.after, passes))


async def screen(context: Context, work: Pass, advance: Advance) -> Screen:
    """Counts rows on both sides, and for each pair those that are not identical; `advance` is told of rows done."""
    if not work.key:
        async with context.sessions.one() as connection:
            counted = await screen_multiset(connection, work)
        advance(work.table.copy.rows, work.relation.display)
        return counted
    found = await _cut(context, work)
    tally = await _tally(context, work, found.spans, advance)
    duplicates = tally.joined + tally.missing - work.table.copy.rows
    filled = tally.filled
    if duplicates:
        async with context.sessions.one() as connection:
            filled = await count_filled(connection, work)
    return Screen(
        old_rows=work.table.copy.rows,
        new_rows=tally.joined + tally.extra,
        missing=tally.missing,
        extra=tally.extra,
        duplicates=duplicates,
        filled=filled,
        differing=tally.differing,
        note=f"{work.relation.display} was compared in one pass: {found.reason}" if found.reason else "",
    )


async def _tally(context: Context, work: Pass, spans: Sequence[Span], advance: Advance) -> Tally:
    rows, name = work.table.copy.rows, work.relation.display
    if not spans:
        async with context.sessions.one() as connection:
            tally = await count(connection, work)
        advance(rows, name)
        return tally
    finished = context.ledger.finished(work)
    advance(rows * len(finished) // len(spans), name)

    async def one(number: int, span: Span) -> Tally:
        if number in finished:
            return finished[number]
        async with context.sessions.one() as connection:
            tally = await count(connection, replace(work, span=span))
        context.ledger.record(work, number, tally)
        advance(rows // len(spans), name)
        return tally

    async def keyless() -> Tally:
        async with context.sessions.one() as connection:
            return await count_keyless(connection, work)

    parts = [one(number, span) for number, span in enumerate(spans)]
    return add(await together(*parts, keyless()))


async def _cut(context: Context, work: Pass) -> Cut:
    """As an earlier session cut, or anew."""
    known = context.ledger.spans(work)
    if known is not None:
        return Cut(known)
    async with context.sessions.one() as connection:
        found = await cut(connection, work, context.sessions.number)
    if found.reason:
        context.progress.note(f"{work.relation.display} is compared in one pass: {found.reason}")
    if found.spans:
        context.ledger.record_spans(work, found.spans)
    return found
