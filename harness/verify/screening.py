"""One pass screened: cut into spans where that can be done, the spans counted at once, the finished ones kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import asyncpg

from harness.together import together
from harness.verify.context import Context
from harness.verify.frozen import State, is_unchanged, read_state
from harness.verify.ledger import KEPT_AFTER_S
from harness.verify.multiset import screen_multiset
from harness.verify.sessions import is_about_data
from harness.verify.spans import Cut, cut, may_cut, reads_in_order
from harness.verify.values import Pass, Screen, Span, Tally, add, count, count_filled, count_keyless

Advance = Callable[[int, str], None]


async def open_ledger(context: Context, passes: Sequence[Pass]) -> None:
    """Takes up what an earlier session finished, where the data are proven to be the same; else begins anew."""
    if not context.ledger.is_kept or not any(may_cut(work) for work in passes):
        return
    works = list(passes)

    async def read(connection: Any) -> State | None:
        try:
            async with connection.transaction():
                return await read_state(connection, context.after, works)
        except asyncpg.PostgresError as error:
            if not is_about_data(error):
                raise
            return None  # a table below a view that this role may not read itself

    async with context.sessions.one() as connection:
        state = context.ledger.state
        if state is not None and await is_unchanged(connection, context.after, passes, state):
            context.ledger.accept()
            context.progress.note(f"{context.ledger.spans_done} finished parts of the earlier check are used")
            return
        if state is not None:
            context.progress.note("the data are not what they were in the earlier check, so it starts again")
        await context.ledger.hold(connection, read)


async def screen(context: Context, work: Pass, advance: Advance) -> Screen:
    """Counts rows on both sides, and for each pair those that are not identical; `advance` is told of rows done."""
    if not work.key:
        async with context.sessions.one() as connection:
            counted = await screen_multiset(connection, work)
        advance(work.table.copy.rows, work.relation.display)
        return counted
    found = await _cut(context, work)
    if found.spans:
        async with context.sessions.one() as connection:
            work = replace(work, in_order=await reads_in_order(connection, work))
    tally = await _tally(context, work, found.spans, advance)
    shown = tally.joined + tally.missing
    rows = work.table.copy.rows if work.table.copy.counted else shown  # else no row is shown twice: that is proven
    duplicates = shown - rows
    filled = tally.filled
    if duplicates:
        async with context.sessions.one() as connection:
            filled = await count_filled(connection, work)
    return Screen(
        old_rows=rows,
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
    waiting = len(spans) - len(finished)
    advance(rows * len(finished) // len(spans), name)

    async def one(number: int, span: Span) -> Tally:
        if number in finished:
            return finished[number]
        async with context.sessions.one() as connection:
            nonlocal waiting
            waiting -= 1
            tally = await count(connection, replace(work, span=span))
            context.ledger.record(work, number, tally)
            if waiting:
                await context.ledger.keep(connection)
        advance(rows // len(spans), name)
        return tally

    async def keyless() -> Tally:
        async with context.sessions.one() as connection:
            return await count_keyless(connection, work)

    parts = [one(number, span) for number, span in enumerate(spans)]
    async with _keeping(context):
        return add(await together(*parts, keyless()))


@contextlib.asynccontextmanager
async def _keeping(context: Context) -> AsyncIterator[None]:
    """Has the finished spans kept, too, where nothing more ends for a while."""
    ended = asyncio.Event()

    async def keep() -> None:
        known = -1
        while context.ledger.is_held and not ended.is_set():
            if known == context.ledger.spans_done:
                async with context.sessions.one() as connection:
                    if not ended.is_set():
                        await context.ledger.keep(connection)
            known = context.ledger.spans_done
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), KEPT_AFTER_S)

    keeper = asyncio.create_task(keep())
    try:
        yield
    except BaseException:
        keeper.cancel()
        await asyncio.wait([keeper])
        raise
    ended.set()
    await keeper


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
