"""A worker process: holds connections to every arm and runs slices when told to; started with `python -m`."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
import uvloop

from harness.errors import HarnessError
from harness.measure.buffer import SampleLog, state_number
from harness.measure.channel import Channel
from harness.measure.lag import LagProbe
from harness.measure.orders import CountPlans, Fault, PlanReport, Ready, Refused, Setup, SliceOrder, SliceReport
from harness.measure.precedence import take_precedence
from harness.measure.schedule import operation_numbers
from harness.measure.session import Operation, Session

_LOST = (asyncpg.InterfaceError, OSError)
_MOST_FAILURES_IN_A_ROW = 3
"""A read that fails so often in a row is not tried again in this slice: a timeout would eat the whole budget."""


@dataclass
class _Tally:
    rows: int = 0
    lost: bool = False
    finished: bool = True
    messages: dict[str, str] = field(default_factory=dict)


class Worker:
    """The state of a worker: sessions by arm and client, the log, the probe."""

    def __init__(self, log: SampleLog) -> None:
        self._log = log
        self._probe = LagProbe()
        self._setup: Setup | None = None
        self._sessions: dict[tuple[int, int], Session] = {}

    async def answer(self, order: object) -> object:
        """Does what the order says and gives the report."""
        if isinstance(order, SliceOrder):
            return await self._slice(order)
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
        return Ready(tuple(dict.fromkeys(found)), tuple(session.backend for session in self._sessions.values()))

    async def _slice(self, order: SliceOrder) -> SliceReport:
        self._log.clear()
        clients = [client for arm, client in self._sessions if arm == order.arm and client < order.clients]
        tally = _Tally()
        await _wait_until(order.start_at)
        self._probe.start(alone=len(clients) == 1)
        cpu_before = time.process_time()
        await asyncio.gather(*(self._closed_loop(order, client, tally) for client in clients))
        cpu_s = time.process_time() - cpu_before
        lags = self._probe.stop()
        gc.collect()
        return SliceReport(
            count=self._log.count,
            rows=tally.rows,
            lags_s=tuple(lags),
            cpu_s=cpu_s,
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
        tally.finished &= await _run(operation, session, numbers, order, client, self._log, tally, reads)

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
    session: Session,
    numbers: Sequence[int],
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
        except (asyncpg.PostgresError, *_LOST) as error:
            done, failures = clock(), failures + 1
            sqlstate = getattr(error, "sqlstate", None) or "08006"
            state = state_number(sqlstate)
            tally.messages.setdefault(sqlstate, str(error) or type(error).__name__)
        if not add(number, sent, sent, done, client, state):
            return False
        if state and session.connection.is_closed():
            tally.lost = True
            return False
        if reads and failures == _MOST_FAILURES_IN_A_ROW:
            return True
    return True


async def _wait_until(start_at: float) -> None:
    """Sleeps until shortly before the instant, then spins: all workers begin together."""
    ahead = start_at - time.perf_counter() - 0.0015
    if ahead > 0:
        await asyncio.sleep(ahead)
    while time.perf_counter() < start_at:
        pass


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
