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
    """Seconds on the clock, and of processor that the client (this process and its ended children) and the server
    have used."""

    clock_s: float
    client_s: float
    server_s: float

    @classmethod
    def now(cls, postmaster: int) -> Instant:
        """As it is now; `postmaster` is the server's first process, which has waited for those that ended."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        server = psutil.Process(postmaster)
        while True:  # a process that ends meanwhile would be counted twice or not at all
            running = server.children()
            try:
                used = sum(sum(process.cpu_times()[:2]) for process in running) + sum(server.cpu_times()[:4])
            except psutil.NoSuchProcess:
                continue
            if server.children() == running:
                break
        return cls(time.perf_counter(), time.process_time() + children.ru_utime + children.ru_stime, used)

    def __sub__(self, other: Instant) -> Instant:
        return Instant(self.clock_s - other.clock_s, self.client_s - other.client_s, self.server_s - other.server_s)


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
