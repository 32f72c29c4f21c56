"""A worker process: holds connections to every arm and runs slices when told to; started with `python -m`."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import uvloop

from harness.errors import HarnessError
from harness.measure.buffer import SampleLog
from harness.measure.channel import Channel
from harness.measure.clients import started
from harness.measure.lag import LagProbe
from harness.measure.loops import Tally, closed_loop, open_loop, plain
from harness.measure.orders import (
    NOTHING_RUN,
    CountPlans,
    Fault,
    OpenOrder,
    PlanReport,
    Ready,
    Refused,
    Setup,
    SliceOrder,
    SliceReport,
    Work,
)
from harness.measure.precedence import take_precedence
from harness.measure.session import Session
from harness.measure.timer import Pacer, wait_until
from harness.measure.wire import AnswerError
from harness.server.faults import CLIENT_FAULTS


class Worker:
    """The state of a worker: sessions by arm and client, the log, the probe."""

    def __init__(self, log: SampleLog, real_time: bool) -> None:
        self._log = log
        self._real_time = real_time
        self._probe = LagProbe()
        self._pacer = Pacer()
        self._setup: Setup | None = None
        self._sessions: dict[tuple[int, int], Session] = {}

    async def answer(self, order: object) -> object:
        """Does what the order says and gives the report."""
        if isinstance(order, SliceOrder):
            return await self._closed_slices(order)
        if isinstance(order, OpenOrder):
            return (await self._open_slice(order),)
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
        except (AnswerError, *CLIENT_FAULTS) as error:
            return Refused(f"the connections could not be set up: {error}", "look at the server's log")
        gc.collect()
        gc.freeze()
        gc.disable()
        found = (item for session in self._sessions.values() for item in session.operations if isinstance(item, Fault))
        backends = tuple(pid for session in self._sessions.values() for pid in session.backends)
        return Ready(tuple(dict.fromkeys(found)), backends, self._real_time)

    async def _closed_slices(self, order: SliceOrder) -> tuple[SliceReport, ...]:
        """The turns on each of their arms; what is between two of them is no more than the probe's start and stop."""
        self._log.clear()
        reports, failing = [], set()
        for number, arms in enumerate(order.rounds, order.turn):
            turn = replace(order, turn=number)
            for arm in arms:
                reports.append(await self._closed_turn(turn, arm) if arm not in failing else NOTHING_RUN)
                if self._works(arm)[order.query].reads and self._log.ends_in_failure(reports[-1].count):
                    failing.add(arm)
        gc.collect()
        return tuple(reports)

    async def _closed_turn(self, order: SliceOrder, arm: int) -> SliceReport:
        clients = [client for held, client in self._sessions if held == arm and client < order.clients]
        tally, work = Tally(), self._works(arm)[order.query]
        loops = [closed_loop(self._sessions[arm, client], work, order, client, self._log, tally) for client in clients]
        return await self._timed(loops, order.start_at, tally, alone=len(clients) == 1)

    async def _open_slice(self, order: OpenOrder) -> SliceReport:
        """Every client takes the next operation when it is free: a stall is charged to all that wait behind it."""
        self._log.clear()
        clients = [client for arm, client in self._sessions if arm == order.arm and client <= order.clients]
        reads, writes = iter(plain(np.flatnonzero(~order.writing))), iter(plain(np.flatnonzero(order.writing)))
        tally, works = Tally(), self._works(order.arm)
        loops = []
        for client in clients:
            places, stop_at = (writes, order.writes_stop_at) if client == order.clients else (reads, order.stop_at)
            session = self._sessions[order.arm, client]
            loops.append(open_loop(session, works, order, client, places, stop_at, self._pacer, self._log, tally))
        report = await self._timed(loops, order.start_at, tally, alone=False)
        gc.collect()
        return report

    def _works(self, arm: int) -> Sequence[Work]:
        assert self._setup is not None
        return self._setup.arms[arm].works

    async def _timed(
        self, loops: Sequence[Coroutine[Any, Any, None]], start_at: float, tally: Tally, alone: bool
    ) -> SliceReport:
        """Lets the clients' loops run from the instant on, with the probe and the clock of this process beside them."""
        held = self._log.count
        await wait_until(start_at)
        began = time.perf_counter()
        self._probe.start(alone)
        cpu_before = time.process_time()
        await asyncio.gather(*map(started, loops)) if len(loops) > 1 else await started(loops[0])
        cpu_s = time.process_time() - cpu_before
        lags = self._probe.stop()
        return SliceReport(
            count=self._log.count - held,
            rows=tally.rows,
            lags_s=tuple(lags),
            cpu_s=cpu_s,
            seconds=time.perf_counter() - began,
            messages=tally.messages,
            lost=tally.lost,
            finished=tally.finished,
            changes=tally.changes,
        )

    async def _count_plans(self) -> PlanReport:
        assert self._setup is not None
        counts: dict[tuple[str, str], tuple[int, int]] = {}
        for (arm, _), session in self._sessions.items():
            for query, (generic, custom) in (await session.plan_counts()).items():
                key = query, self._setup.arms[arm].arm
                counts[key] = counts.get(key, (0, 0))[0] + generic, counts.get(key, (0, 0))[1] + custom
        return PlanReport(counts)


async def serve(control: int, memory: int, real_time: bool) -> None:
    """Answers orders until the coordinator closes its end or dies."""
    channel = await Channel.over(socket.socket(fileno=control))
    worker = Worker(SampleLog(memory), real_time)
    try:
        while True:
            await channel.send(await worker.answer(await channel.receive()))
    except (EOFError, ConnectionError):
        return


def main() -> None:
    """The process's entry: the two inherited descriptors are its arguments."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the coordinator decides what ends
    real_time = take_precedence()
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2]), real_time))


if __name__ == "__main__":
    main()
