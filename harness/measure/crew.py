"""The worker processes as the coordinator sees them: started, told what to run, replaced when they die."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

import numpy as np

from harness.errors import HarnessError, MeasureError, ServerError
from harness.measure.affinity import Cores
from harness.measure.buffer import SAMPLE, Samples
from harness.measure.lag import closed_percentile_99, percentile_99
from harness.measure.orders import CountPlans, Fault, OpenOrder, PlanReport, Setup, SliceOrder, SliceReport
from harness.measure.process import SETUP_TIMEOUT_S, WorkerDiedError, WorkerProcess
from harness.server.address import connect
from harness.server.faults import LOOK_INTO_LOG, ConnectionLostError

START_AHEAD_S = 0.0025
"""Orders reach all workers well within this time; then they begin together."""

WARMUP_EXECUTIONS = 6
"""PostgreSQL decides between generic and custom plans after five executions of a prepared statement."""

UNFINISHED = "the slice did not run to its end"

_MOST_REPLACEMENTS = 10


@dataclass(frozen=True)
class SliceOutcome:
    """A slice as run: all workers' samples, and why it may not be used (`failure`), if so.

    `seconds` is what it took; `changes` how often a connection was given to another asker; `lags_s` are each worker's,
    `turns` the samples of each turn.
    """

    samples: Samples
    rows: int
    lags_s: tuple[tuple[float, ...], ...]
    cpu_s: float
    messages: dict[str, str]
    seconds: float = 0.0
    failure: str = ""
    changes: int = 0
    turns: tuple[int, ...] = ()

    @property
    def lag_p99_s(self) -> float:
        """The 99th percentile of the worker that was latest."""
        return max((percentile_99(lags) for lags in self.lags_s), default=0.0)

    @property
    def closed_lag_p99_s(self) -> float:
        """The same for a closed loop, in which one delay alone proves nothing."""
        return max((closed_percentile_99(lags) for lags in self.lags_s), default=0.0)


def in_turns(outcomes: Sequence[SliceOutcome]) -> SliceOutcome:
    """The turns of one slice as one outcome."""
    return SliceOutcome(
        samples=np.concatenate([item.samples for item in outcomes]),
        rows=sum(item.rows for item in outcomes),
        lags_s=tuple(
            tuple(chain.from_iterable(lags)) for lags in zip_longest(*(item.lags_s for item in outcomes), fillvalue=())
        ),
        cpu_s=sum(item.cpu_s for item in outcomes),
        messages={state: text for item in outcomes for state, text in item.messages.items()},
        seconds=sum(item.seconds for item in outcomes),
        failure="; ".join(dict.fromkeys(item.failure for item in outcomes if item.failure)),
        changes=sum(item.changes for item in outcomes),
        turns=tuple(len(item.samples) for item in outcomes),
    )


class Crew:
    """All workers of a run."""

    def __init__(self) -> None:
        self.workers: list[WorkerProcess] = []
        self.faults: tuple[Fault, ...] = ()
        self.cores = Cores()
        self._replacements = 0

    async def assemble(self, setup: Setup, clients: int, processes: int) -> None:
        """Starts the processes and sets them up; the clients are dealt out in turn."""
        shares = [tuple(range(clients))[index::processes] for index in range(min(processes, clients))]
        for _ in shares:
            self.workers.append(await WorkerProcess.start())
        try:
            found = await asyncio.gather(
                *(
                    worker.set_up(replace(setup, clients=share))
                    for worker, share in zip(self.workers, shares, strict=True)
                )
            )
        except WorkerDiedError as error:
            raise MeasureError(f"{error} while connecting", "look for a shortage of memory") from None
        self.faults = tuple(dict.fromkeys(fault for faults in found for fault in faults))

    async def run(self, order: SliceOrder, patience_s: float, share_cores: bool) -> list[SliceOutcome]:
        """Runs the order on every worker that takes part; gives an outcome for each arm of each of its rounds.

        A dead worker makes an outcome a failure, not an error. Begins nothing after `order.stop_at` and waits
        `patience_s` beyond it for the last answer. Workers begin together, but once: several get one arm at a time.
        """
        crew = self._takes_part(order.clients)
        databases = [arm.database for arm in crew[0].setup.arms] if crew[0].setup else []
        self.cores.share([(worker.pid, worker.backends) for worker in self.workers], databases, share_cores)
        now = time.perf_counter()
        order = replace(order, start_at=now + START_AHEAD_S if len(crew) > 1 else now)
        timeout_s = max(order.stop_at - now, 0.0) + patience_s
        found, failures = await _ask_all(dict.fromkeys(crew, order), timeout_s)
        return [_joined([parts[place] for parts in found], failures) for place in range(sum(map(len, order.rounds)))]

    def is_alone(self, clients: int) -> bool:
        """Whether one worker runs all of so many clients, so that it can run one arm after the other by itself."""
        return len(self._takes_part(clients)) == 1

    def _takes_part(self, clients: int) -> list[WorkerProcess]:
        return [worker for worker in self.workers if worker.setup and min(worker.setup.clients) < clients]

    def connections(self, clients: int) -> dict[int, int]:
        """Worker (by index) -> how many of the first `clients` clients it holds; workers without one are left out."""
        held = [
            sum(client < clients for client in worker.setup.clients) if worker.setup else 0 for worker in self.workers
        ]
        return {index: number for index, number in enumerate(held) if number}

    def holder(self, client: int) -> int:
        """The worker (by index) that holds the client."""
        return next(
            index for index, worker in enumerate(self.workers) if worker.setup and client in worker.setup.clients
        )

    async def run_open(self, orders: Mapping[int, OpenOrder], timeout_s: float) -> tuple[SliceOutcome, list[Samples]]:
        """Runs an open slice, each worker (by index) its own order; also gives the samples worker by worker."""
        self.cores.share([(worker.pid, worker.backends) for worker in self.workers], (), shared=False)
        asked = {self.workers[index]: order for index, order in orders.items()}
        found, failures = await _ask_all(asked, timeout_s)
        parts = [part for (part,) in found]
        samples = {part.worker: part.samples for part in parts}
        none = np.empty(0, dtype=SAMPLE)
        return _joined(parts, failures), [samples.get(worker, none) for worker in asked]

    async def mend(self) -> None:
        """Replaces workers that are dead or whose connections broke, after making sure that the server is there.

        Raises ServerError where it is not, MeasureError where workers die again and again.
        """
        broken = [worker for worker in self.workers if worker.dead]
        if not broken:
            return
        self._replacements += len(broken)
        if self._replacements > _MOST_REPLACEMENTS:
            raise MeasureError("the worker processes die again and again", "look for a shortage of memory")
        for worker in broken:
            await worker.end()
            assert worker.setup is not None
            await _end_backends(worker)
            self.workers[self.workers.index(worker)] = await _replacement(worker.setup)

    async def plan_counts(self) -> dict[tuple[str, str], tuple[int, int]]:
        """(query, arm) -> (generic, custom) over all workers' connections."""
        total: dict[tuple[str, str], tuple[int, int]] = {}
        for worker in self.workers:
            try:
                report = await worker.ask(CountPlans(), SETUP_TIMEOUT_S)
            except WorkerDiedError:
                continue
            assert isinstance(report, PlanReport)
            for key, (generic, custom) in report.counts.items():
                before = total.get(key, (0, 0))
                total[key] = (before[0] + generic, before[1] + custom)
        return total

    async def dismiss(self) -> None:
        """Ends every worker."""
        for worker in self.workers:
            await worker.end()


@dataclass(frozen=True)
class _Part:
    """What one worker ran of a slice on one arm."""

    worker: WorkerProcess
    report: SliceReport
    samples: Samples


async def _ask_all(
    orders: Mapping[WorkerProcess, SliceOrder | OpenOrder], timeout_s: float
) -> tuple[list[list[_Part]], list[str]]:
    """Every worker's parts, one for each arm of its order, and what went wrong with those that have none."""
    answers = await asyncio.gather(
        *(worker.ask(order, timeout_s) for worker, order in orders.items()), return_exceptions=True
    )
    found: list[list[_Part]] = []
    failures: list[str] = []
    for worker, answer in zip(orders, answers, strict=True):
        if isinstance(answer, tuple):
            ends = np.cumsum([report.count for report in answer])
            logs = np.split(worker.samples(int(ends[-1])), ends[:-1])
            found.append([_Part(worker, report, log) for report, log in zip(answer, logs, strict=True)])
        elif isinstance(answer, WorkerDiedError):
            failures.append(str(answer))
        else:
            assert isinstance(answer, BaseException)
            raise answer
    return found, failures


def _joined(parts: Sequence[_Part], failures: Sequence[str]) -> SliceOutcome:
    """The workers' parts of a slice as one outcome; `failures` are of workers that have no part in it."""
    faults = list(failures)
    for part in parts:
        if part.report.lost:
            part.worker.dead = True
            faults.append("a connection to the server broke")
        elif not part.report.finished:
            faults.append(UNFINISHED)
    reports = [part.report for part in parts]
    return SliceOutcome(
        samples=np.concatenate([part.samples for part in parts]) if parts else np.empty(0, dtype=SAMPLE),
        rows=sum(report.rows for report in reports),
        lags_s=tuple(report.lags_s for report in reports),
        cpu_s=sum(report.cpu_s for report in reports),
        messages={state: text for report in reports for state, text in report.messages.items()},
        seconds=max((report.seconds for report in reports), default=0.0),
        failure="; ".join(dict.fromkeys(faults)),
        changes=sum(report.changes for report in reports),
    )


async def _end_backends(worker: WorkerProcess) -> None:
    """Ends the server's side of a dead worker's connections: it might still be busy with the dead one's query."""
    assert worker.setup is not None
    try:
        connection = await connect(worker.setup.address, worker.setup.arms[0].database)
    except HarnessError as error:
        next_step = LOOK_INTO_LOG if isinstance(error, ConnectionLostError) else error.next_step
        raise ServerError(f"the server went away while it was measured: {error.message}", next_step) from None
    try:
        await connection.execute("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", worker.backends)
    finally:
        await connection.close()


async def _replacement(setup: Setup) -> WorkerProcess:
    """A new worker in place of a dead one, its reading statements run as often as those of the others at least."""
    worker = await WorkerProcess.start()
    try:
        await worker.set_up(setup)
        for arm, work in enumerate(setup.arms):
            for query, item in enumerate(work.works):
                if item.reads:
                    now = time.perf_counter()
                    sets = tuple(range(len(item.sets)))
                    order = SliceOrder(
                        ((arm,),), query, 1 << 30, WARMUP_EXECUTIONS, 0, sets, now, now + SETUP_TIMEOUT_S
                    )
                    await worker.ask(order, 2 * SETUP_TIMEOUT_S)
    except WorkerDiedError:
        worker.dead = True
    return worker
