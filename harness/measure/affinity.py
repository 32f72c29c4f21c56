"""Cores: for short queries each worker shares one with the server processes it talks to.

Where client and server lie on different cores, every message wakes a sleeping core. On a virtual machine with two
cores that took 50 us a query, more than the query itself, and came and went from slice to slice: the medians of slices
scattered by 15 to 50 % (log scale), the client took 36 to 44 us of processor time per query. On one core they scattered
by 1 to 3 %, at 18 us. Queries that take longer than `SHORT_S` run free: waking no longer matters there, while sending a
long result and reading it, and parallel plans, need both cores.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

SHORT_S = 0.0005
"""Below this time per execution a worker and its server processes share a core; a longer query would keep its worker
off the core for longer than the client may be late."""


class Cores:
    """Moves workers and their server processes, where the server runs on this machine and lets us."""

    def __init__(self) -> None:
        self._all = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self._applied: object = None
        self.usable = len(self._all) > 1

    def share(self, crew: Sequence[tuple[int, Sequence[int]]], databases: Sequence[str], shared: bool) -> None:
        """Puts each (worker, its server processes) on a core of its own, or sets all free.

        The last cores come first, for the first ones serve the machine's interrupts. Where a process is not one of
        PostgreSQL's on this machine, or belongs to somebody else, everything stays free from then on.
        """
        wanted = shared, tuple((worker, tuple(backends)) for worker, backends in crew)
        if not self.usable or wanted == self._applied:
            return
        self._applied = wanted
        if shared and not all(_serves(backend, databases) for _, backends in crew for backend in backends):
            self.usable = False
            return
        try:
            for index, (worker, backends) in enumerate(crew):
                cores = {self._all[-1 - index % len(self._all)]} if shared else set(self._all)
                for process in (worker, *backends):
                    os.sched_setaffinity(process, cores)
        except OSError:
            self._release(crew)

    def _release(self, crew: Sequence[tuple[int, Sequence[int]]]) -> None:
        self.usable = False
        for worker, backends in crew:
            for process in (worker, *backends):
                try:
                    os.sched_setaffinity(process, self._all)
                except OSError:
                    continue


def _serves(process: int, databases: Sequence[str]) -> bool:
    """Whether it is a PostgreSQL process of this machine that serves one of the databases, by its title.

    The ids that a server on another machine or in a container tells mean other processes here.
    """
    try:
        title = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False
    return title.startswith("postgres:") and any(f" {database} " in title for database in databases)
