"""What the load benchmarks share: our workers driven slice by slice, and pgbench with the same statements.

Both sides get the same precedence: what our workers take for themselves (`harness.measure.precedence`: niceness, short
turns) pgbench is given before it starts, and its sleeps are as exact as our kernel timers. The kernel lets a process
sleep up to 50 us longer than it asked for (the timer slack), which pgbench would charge to the server at a given rate.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.measure.arrivals import Arrivals, all_at_once, deal, draw_arrivals
from harness.measure.buffer import Samples
from harness.measure.crew import Crew, SliceOutcome
from harness.measure.orders import ArmWork, OpenOrder, Setup, SliceOrder
from harness.measure.precedence import take_precedence
from harness.server import Address

PLANS = ("plan_cache_mode", "force_custom_plan")
"""Both sides plan alike, whatever the planner would make of few executions of a statement."""

_SET_TIMERSLACK = 29
"""prctl(2), PR_SET_TIMERSLACK: nanoseconds; it stays through exec."""

_PATIENCE_S = 300.0


@dataclass
class Ours:
    """Our workers, connected to the arms; `connections` of them send, one more is there for writes."""

    crew: Crew
    arms: tuple[ArmWork, ...]
    connections: int
    taken: int = 0

    async def closed(self, arm: int, query: int, executions: int, clients: int = 1, short: bool = True) -> SliceOutcome:
        """One query back to back."""
        now = time.perf_counter()
        sets = tuple(range(len(self.arms[arm].works[query].sets)))
        order = SliceOrder(((arm,),), query, clients, executions, 0, sets, now, now + _PATIENCE_S)
        (outcome,) = await self.crew.run(order, _PATIENCE_S, share_cores=short)
        return outcome

    async def open(self, arm: int, seed: int, rate_per_s: float, seconds: float) -> Samples:
        """The arm's queries by their weights at a rate."""
        weights = [work.weight for work in self.arms[arm].works]
        return (await self._send(arm, draw_arrivals((seed,), rate_per_s, seconds, weights), seed)).samples

    async def mix(self, arm: int, seed: int, count: int) -> SliceOutcome:
        """The arm's queries by their weights, mixed, back to back: all of them are due at once."""
        weights = [work.weight for work in self.arms[arm].works]
        outcome = await self._send(arm, all_at_once((seed,), count, weights), seed)
        assert not outcome.samples["state"].any()
        return outcome

    async def _send(self, arm: int, arrivals: Arrivals, seed: int) -> SliceOutcome:
        works = self.arms[arm].works
        writes = frozenset(place for place, work in enumerate(works) if not work.reads)
        writer = self.crew.holder(self.connections)
        shares = deal(arrivals, (seed,), self.crew.connections(self.connections), writes, writer)
        start_at = time.perf_counter() + 0.005
        numbers = self.taken + np.arange(len(arrivals))
        self.taken += len(arrivals)
        last = start_at + (arrivals.offset_s[-1] if len(arrivals) else 0.0) + _PATIENCE_S
        orders = {
            worker: OpenOrder(
                arm=arm,
                clients=self.connections,
                due_s=start_at + arrivals.offset_s[places],
                query=arrivals.query[places],
                number=numbers[places],
                writing=np.isin(arrivals.query[places], sorted(writes)),
                start_at=start_at,
                stop_at=last,
                writes_stop_at=last,
            )
            for worker, places in shares.items()
        }
        outcome, _ = await self.crew.run_open(orders, 2 * _PATIENCE_S)
        assert not outcome.failure, outcome.failure
        return outcome


@contextlib.asynccontextmanager
async def ours(
    address: Address,
    arms: Sequence[ArmWork],
    connections: int,
    processes: int,
    settings: Sequence[tuple[str, str]] = (),
) -> AsyncIterator[Ours]:
    """Workers as a run has them."""
    crew = Crew()
    try:
        await crew.assemble(Setup(address, tuple(arms), (), tuple(settings)), connections + 1, processes)
        assert not crew.faults, crew.faults
        yield Ours(crew, tuple(arms), connections)
    finally:
        await crew.dismiss()


def _as_our_workers() -> None:
    """What pgbench gets before it starts, so that two clients are compared and not two priorities."""
    take_precedence()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_TIMERSLACK, 1, 0, 0, 0)


@dataclass(frozen=True)
class Script:
    """A pgbench script with its weight; `variables` are given with -D, as text."""

    name: str
    text: str
    weight: int
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PgbenchRun:
    """Latencies in seconds (from the scheduled start where there was a rate), and transactions a second."""

    latencies_s: NDArray[np.float64]
    per_second: float


class Pgbench:
    """pgbench against one database, with prepared statements."""

    def __init__(self, address: Address, database: str, settings: Sequence[tuple[str, str]] = ()) -> None:
        self._url = address.url(database)
        options = " ".join(f"-c {name}={value}" for name, value in settings)
        self._environment = {**os.environ, **address.environment(), "PGOPTIONS": options}

    async def run(
        self, scripts: Sequence[Script], clients: int, threads: int, seconds: float, rate_per_s: float | None = None
    ) -> PgbenchRun:
        """Runs the scripts by their weights for so long, at a rate or back to back."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for script in scripts:
                (folder / f"{script.name}.sql").write_text(script.text, encoding="utf-8")
            command = [
                *("pgbench", "--no-vacuum", "-M", "prepared", "-c", str(clients), "-j", str(threads)),
                *("-T", str(max(1, round(seconds))), "--log", f"--log-prefix={folder / 'log'}"),
                *(f"--rate={rate_per_s:g}" for _ in range(rate_per_s is not None)),
                *(part for script in scripts for part in ("-f", f"{folder / script.name}.sql@{script.weight}")),
                *(part for s in scripts for key, value in s.variables for part in ("-D", f"{key}={value}")),
                self._url,
            ]
            done = await asyncio.to_thread(
                subprocess.run,
                command,
                env=self._environment,
                capture_output=True,
                text=True,
                check=False,
                preexec_fn=_as_our_workers,
            )
            if done.returncode:
                raise RuntimeError(f"pgbench: {done.stderr.strip()[-800:]}")
            rows = [line.split() for log in sorted(folder.glob("log.*")) for line in log.read_text().splitlines()]
        tps = next(line.split()[2] for line in done.stdout.splitlines() if line.startswith("tps = "))
        return PgbenchRun(np.array([float(row[2]) for row in rows]) / 1e6, float(tps))
