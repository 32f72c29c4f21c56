"""A worker process: holds connections to every arm and runs slices when told to; started with `python -m`."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
import time
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import numpy as np
import uvloop

from harness.errors import HarnessError
from harness.measure.buffer import SampleLog, state_number
from harness.measure.channel import Channel
from harness.measure.lag import LagProbe
from harness.measure.orders import (
    CountPlans,
    Fault,
    OpenOrder,
    PlanReport,
    Ready,
    Refused,
    Setup,
    SliceOrder,
    SliceReport,
)
from harness.measure.precedence import take_precedence
from harness.measure.schedule import operation_numbers
from harness.measure.session import Operation, Session
from harness.measure.timer import Pacer, wait_until

_LOST = (asyncpg.InterfaceError, OSError)
_MOST_FAILURES_IN_A_ROW = 3
"""A read that fails so often in a row is not tried again in this slice: a timeout would eat the whole budget."""


@dataclass
class _Tally:
    rows: int = 0
    answered_s: float = 0.0
    lost: bool = False
    finished: bool = True
    messages: dict[str, str] = field(default_factory=dict)

    def failed(self, error: Exception) -> int:
        """Keeps the first message of each kind; gives the state of the sample."""
        sqlstate = getattr(error, "sqlstate", None) or "08006"
        self.messages.setdefault(sqlstate, str(error) or type(error).__name__)
        return state_number(sqlstate)


class Worker:
    """The state of a worker: sessions by arm and client, the log, the probe."""

    def __init__(self, log: SampleLog) -> None:
        self._log = log
        self._probe = LagProbe()
        self._pacer = Pacer()
        self._setup: Setup | None = None
        self._sessions: dict[tuple[int, int], Session] = {}

    async def answer(self, order: object) -> object:
        """Does what the order says and gives the report."""
        if isinstance(order, SliceOrder):
            return await self._closed_slice(order)
        if isinstance(order, OpenOrder):
            return await self._open_slice(order)
        if isinstance(order, Setup):
            return await self._set_up(order)
        if isinstance(order, CountPlans):
            return await self._count_plans()
        raise TypeError(f"no such order: {order!r}")

    async def _set_up(self, setup: Setup) -> Ready | Refused:
        self._setup = setup
        try:
            for arm, work in enumerate(setup.arms):
                for client in setup.clients:
                    self._sessions[arm, client] = await Session.open(setup.address, work, setup.settings)
        except HarnessError as error:
            return Refused(error.message, error.next_step)
        except (asyncpg.PostgresError, *_LOST) as error:
            return Refused(f"the connections could not be set up: {error}", "look at the server's log")
        gc.collect()
        gc.freeze()
        gc.disable()
        found = (item for session in self._sessions.values() for item in session.operations if isinstance(item, Fault))
        return Ready(
            tuple(dict.fromkeys(found)), tuple(pid for session in self._sessions.values() for pid in session.backends)
        )

    async def _closed_slice(self, order: SliceOrder) -> SliceReport:
        clients = [client for arm, client in self._sessions if arm == order.arm and client < order.clients]
        tally = _Tally()
        return await self._timed(
            [self._closed_loop(order, client, tally) for client in clients], order.start_at, tally, len(clients) == 1
        )

    async def _open_slice(self, order: OpenOrder) -> SliceReport:
        """Every client takes the next operation when it is free: a stall is charged to all that wait behind it."""
        clients = [client for arm, client in self._sessions if arm == order.arm and client <= order.clients]
        reads, writes = iter(_plain(np.flatnonzero(~order.writing))), iter(_plain(np.flatnonzero(order.writing)))
        tally = _Tally()
        loops = [
            self._open_loop(order, client, writes, order.writes_stop_at, tally)
            if client == order.clients
            else self._open_loop(order, client, reads, order.stop_at, tally)
            for client in clients
        ]
        return await self._timed(loops, order.start_at, tally, alone=False)

    async def _timed(
        self, loops: Sequence[Coroutine[None, None, None]], start_at: float, tally: _Tally, alone: bool
    ) -> SliceReport:
        """Lets the clients' loops run from the instant on, with the probe and the clock of this process beside them."""
        self._log.clear()
        await wait_until(start_at)
        self._probe.start(alone)
        cpu_before = time.process_time()
        await asyncio.gather(*loops)
        cpu_s = time.process_time() - cpu_before
        lags = self._probe.stop()
        gc.collect()
        return SliceReport(
            count=self._log.count,
            rows=tally.rows,
            lags_s=tuple(lags),
            cpu_s=cpu_s,
            answered_s=tally.answered_s,
            messages=tally.messages,
            lost=tally.lost,
            finished=tally.finished,
        )

    async def _closed_loop(self, order: SliceOrder, client: int, tally: _Tally) -> None:
        """One client's operations back to back: each is sent when the answer to its predecessor is complete."""
        session = self._sessions[order.arm, client]
        operation = session.operations[order.query]
        if isinstance(operation, Fault):
            tally.finished = False
            return
        assert self._setup is not None
        reads = self._setup.arms[order.arm].works[order.query].reads
        numbers = operation_numbers(order, client, reads)
        tally.finished &= await _run(operation, numbers, order, client, self._log, tally, reads)

    async def _open_loop(
        self, order: OpenOrder, client: int, places: Iterator[int], stop_at: float, tally: _Tally
    ) -> None:
        """One client of an open load: takes the next operation, sleeps until its instant if that is still to come."""
        session, clock, until = self._sessions[order.arm, client], time.perf_counter, self._pacer.until
        assert self._setup is not None
        sets = [len(work.sets) for work in self._setup.arms[order.arm].works]
        dues, queries, numbers = _plain(order.due_s), _plain(order.query), _plain(order.number)
        for place in places:
            due, query, number = dues[place], queries[place], numbers[place]
            if clock() < due:
                await until(due)
            sent = clock()
            if sent > stop_at:
                return
            operation = session.operations[query]
            if isinstance(operation, Fault):
                tally.finished = False
                return
            state = await _execute(operation, number % sets[query], number, tally)
            if not self._log.add(place, due, sent, clock(), client, state):
                tally.finished = False
                return
            if state and session.is_broken:
                tally.lost = True
                return

    async def _count_plans(self) -> PlanReport:
        assert self._setup is not None
        counts: dict[tuple[str, str], tuple[int, int]] = {}
        for (arm, _), session in self._sessions.items():
            for query, (generic, custom) in (await session.plan_counts()).items():
                key = query, self._setup.arms[arm].arm
                counts[key] = counts.get(key, (0, 0))[0] + generic, counts.get(key, (0, 0))[1] + custom
        return PlanReport(counts)


async def _run(
    operation: Operation,
    numbers: Iterable[int],
    order: SliceOrder,
    client: int,
    log: SampleLog,
    tally: _Tally,
    reads: bool,
) -> bool:
    """Runs the operations one after the other; True where every one took place."""
    clock, cycle, add, run = time.perf_counter, order.cycle, log.add, operation.run
    sets = len(cycle)
    failures = 0
    for number in numbers:
        sent = clock()
        if sent > order.stop_at:
            return False
        try:
            tally.rows += await run(cycle[number % sets], number)
            done, state, failures = clock(), 0, 0
            tally.answered_s += operation.answered_s
        except (asyncpg.PostgresError, *_LOST) as error:
            done, failures, state = clock(), failures + 1, tally.failed(error)
        if not add(number, sent, sent, done, client, state):
            return False
        if state and operation.connection.is_closed():
            tally.lost = True
            return False
        if reads and failures == _MOST_FAILURES_IN_A_ROW:
            return True
    return True


async def _execute(operation: Operation, chosen: int, number: int, tally: _Tally) -> int:
    """Runs the operation once; gives the state that its sample takes."""
    try:
        tally.rows += await operation.run(chosen, number)
    except (asyncpg.PostgresError, *_LOST) as error:
        return tally.failed(error)
    tally.answered_s += operation.answered_s
    return 0


def _plain(values: Any) -> memoryview:
    """An array's values as Python's own numbers, without a copy of them all."""
    return memoryview(values)


async def serve(control: int, memory: int) -> None:
    """Answers orders until the coordinator closes its end or dies."""
    channel = await Channel.over(socket.socket(fileno=control))
    worker = Worker(SampleLog(memory))
    try:
        while True:
            await channel.send(await worker.answer(await channel.receive()))
    except (EOFError, ConnectionError):
        return


def main() -> None:
    """The process's entry: the two inherited descriptors are its arguments."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the coordinator decides what ends
    take_precedence()
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))


if __name__ == "__main__":
    main()
