"""What a benchmark of the seeder reads: the clock, processor seconds, phases."""

from __future__ import annotations

import dataclasses
import resource
import statistics
import time
from collections.abc import Sequence

import psutil

from harness.progress import Silent


@dataclasses.dataclass(frozen=True)
class Instant:
    """Seconds: the clock's; the processor's, of the client (this process and its children) and of the server."""

    clock_s: float
    client_s: float
    server_s: float

    @classmethod
    def now(cls, postmaster: int) -> Instant:
        """As it is now; `postmaster` is the server's first process, which has waited for those that ended."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        client_s = time.process_time() + ended.ru_utime + ended.ru_stime
        for child in psutil.Process().children():  # a seeding's workers end while the indexes are built
            if child.pid != postmaster:
                client_s += _used_s(child)
        return cls(time.perf_counter(), client_s, _used_s(psutil.Process(postmaster)))

    def __sub__(self, other: Instant) -> Instant:
        return Instant(self.clock_s - other.clock_s, self.client_s - other.client_s, self.server_s - other.server_s)


def _used_s(first: psutil.Process) -> float:
    """Processor seconds of a process and its children, those among them that it has waited for."""
    while True:  # a process that ends meanwhile would be counted twice or not at all
        running = first.children()
        try:
            used = sum(sum(process.cpu_times()[:2]) for process in running) + sum(first.cpu_times()[:4])
        except psutil.NoSuchProcess:
            if not first.is_running():
                return 0.0
            continue
        if first.children() == running:
            return float(used)


class Stopwatch(Silent):
    """When each phase began."""

    def __init__(self, postmaster: int) -> None:
        self._postmaster = postmaster
        self.begun: dict[str, Instant] = {}

    def start(self, phase: str, total: float | None = None, unit: str = "") -> None:
        self.begun[phase] = Instant.now(self._postmaster)


@dataclasses.dataclass(frozen=True)
class Times:
    """What the copy alone took, and all: copy, keys, indexes, vacuum."""

    copy: Instant
    total: Instant

    def __str__(self) -> str:
        return ", ".join(
            f"{name} {part.clock_s:.2f} s (processor: client {part.client_s:.2f}, server {part.server_s:.2f})"
            for name, part in (("copy", self.copy), ("all", self.total))
        )


def middle(rounds: Sequence[Times]) -> Times:
    """The median of each number by itself."""

    def of(parts: Sequence[Instant]) -> Instant:
        return Instant(*(statistics.median(numbers) for numbers in zip(*map(dataclasses.astuple, parts), strict=True)))

    return Times(of([item.copy for item in rounds]), of([item.total for item in rounds]))
