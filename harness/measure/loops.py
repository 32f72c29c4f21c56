"""The clients' loops within a worker: operations back to back, or each at its instant; every execution is a sample."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any

from harness.measure.buffer import SampleLog, state_number
from harness.measure.orders import MOST_FAILURES_IN_A_ROW, Fault, OpenOrder, SliceOrder, Work
from harness.measure.schedule import operation_numbers
from harness.measure.session import Operation, Session
from harness.measure.timer import Pacer
from harness.measure.wire import AnswerError

FAILURES = (AnswerError, OSError)
"""How an execution fails: the server's answer is an error, or the connection breaks."""


@dataclass
class Tally:
    """What the loops of a slice add up beside their samples; see SliceReport."""

    rows: int = 0
    lost: bool = False
    finished: bool = True
    changes: int = 0
    messages: dict[str, str] = field(default_factory=dict)

    def failed(self, error: Exception) -> int:
        """Keeps the first message of each kind; gives the state of the sample."""
        sqlstate = getattr(error, "sqlstate", None) or "08006"
        self.messages.setdefault(sqlstate, str(error) or type(error).__name__)
        self.lost |= not isinstance(error, AnswerError)
        return state_number(sqlstate)


async def closed_loop(
    session: Session, work: Work, order: SliceOrder, client: int, log: SampleLog, tally: Tally
) -> None:
    """One client's operations back to back: each is sent when the answer to its predecessor is complete."""
    operation = session.operations[order.query]
    if isinstance(operation, Fault):
        tally.finished = False
        return
    numbers = operation_numbers(order, client, work.reads, work.claims)
    tally.finished &= await _run(operation, numbers, order, client, log, tally, work.reads)


async def _run(
    operation: Operation,
    numbers: Iterable[int],
    order: SliceOrder,
    client: int,
    log: SampleLog,
    tally: Tally,
    reads: bool,
) -> bool:
    """Runs the operations one after the other; True where every one took place."""
    clock, cycle, add, run = time.perf_counter, order.cycle, log.add, operation.run
    sets, needs_change = len(cycle), operation.needs_change
    failures = 0
    for number in numbers:
        sent = clock()
        if sent > order.stop_at:
            return False
        chosen = cycle[number % sets]
        try:
            if needs_change(chosen):
                await operation.change_asker(chosen)
                tally.changes += 1
                sent = clock()
            tally.rows += await run(chosen, number)
            done, answered_s, state, failures = clock(), operation.answered_s, 0, 0
        except FAILURES as error:
            done, answered_s, failures, state = clock(), nan, failures + 1, tally.failed(error)
        if not add(number, sent, sent, done, answered_s, client, state):
            return False
        if tally.lost or (state and operation.connection.is_closed()):
            tally.lost = True
            return False
        if reads and failures == MOST_FAILURES_IN_A_ROW:
            return True
    return True


async def open_loop(
    session: Session,
    works: Sequence[Work],
    order: OpenOrder,
    client: int,
    places: Iterator[int],
    stop_at: float,
    pacer: Pacer,
    log: SampleLog,
    tally: Tally,
) -> None:
    """One client of an open load: takes the next operation, sleeps until its instant if that is still to come.

    A client that is early gives its connection to the operation's asker before it sleeps; only one that is late anyway
    is held up by that.
    """
    clock, until, sets = time.perf_counter, pacer.until, [len(work.sets) for work in works]
    dues, queries, numbers = plain(order.due_s), plain(order.query), plain(order.number)
    for place in places:
        due, query, number = dues[place], queries[place], numbers[place]
        operation, chosen = session.operations[query], number % sets[query]
        if isinstance(operation, Fault):
            tally.finished = False
            return
        state = await _change(operation, chosen, tally) if operation.needs_change(chosen) else 0
        if clock() < due:
            await until(due)
        sent = clock()
        if sent > stop_at:
            return
        state = state or await _execute(operation, chosen, number, tally)
        if not log.add(place, due, sent, clock(), nan if state else operation.answered_s, client, state):
            tally.finished = False
            return
        if state and session.is_broken:
            tally.lost = True
            return


async def _change(operation: Operation, chosen: int, tally: Tally) -> int:
    """Gives the connection to the asker; the state of the sample if that fails."""
    tally.changes += 1
    try:
        await operation.change_asker(chosen)
    except FAILURES as error:
        return tally.failed(error)
    return 0


async def _execute(operation: Operation, chosen: int, number: int, tally: Tally) -> int:
    """Runs the operation once; gives the state that its sample takes."""
    try:
        tally.rows += await operation.run(chosen, number)
    except FAILURES as error:
        return tally.failed(error)
    return 0


def plain(values: Any) -> memoryview:
    """An array's values as Python's own numbers, without a copy of them all."""
    return memoryview(values)
