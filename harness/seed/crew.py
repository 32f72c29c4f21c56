"""The seeder's worker processes: one fresh interpreter that imports what they need, and a fork of it for each."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from harness.server.account import out_of_reach

MAX_WORKERS = 8

_REUSE = {"MALLOC_MMAP_THRESHOLD_": str(1 << 26), "MALLOC_TRIM_THRESHOLD_": str(1 << 27), "MALLOC_ARENA_MAX": "1"}
"""glibc keeps the messages' memory for the next ones, instead of getting it from the system and zeroed each time."""

_NO_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""numpy's linear algebra, which no generator uses, starts threads that spin for a tenth of a second of processor."""

_PROGRAM = "import gc; gc.disable(); from harness.seed.worker import main; main()"
"""Nothing that is imported becomes garbage: to look for it takes a tenth of the start. `main` enables it again."""


def default_workers() -> int:
    """One for each core that this process may use, up to MAX_WORKERS."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MAX_WORKERS, cores)


@contextlib.contextmanager
def hired(workers: int | None = None) -> Iterator[Crew]:
    """That many worker processes, or the usual number of them, which start at once and end with the block."""
    crew = Crew(workers or default_workers())
    try:
        yield crew
    finally:
        crew.terminate()
        crew.end()


class Crew:
    """Worker processes, and the one that they are forks of: it imports once, and its memory is shared.

    That one is a fresh interpreter, since a fork of this process would inherit its threads' locks, its connections and
    all that it has imported.
    """

    def __init__(self, size: int) -> None:
        pairs = [socket.socketpair() for _ in range(size + 1)]
        descriptors = [theirs.fileno() for _, theirs in pairs]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the crew
        with out_of_reach():  # and so it stays: they end by SIGTERM
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, *map(str, descriptors)],
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env={
                    **_REUSE,
                    **_NO_THREADS,
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                },
                start_new_session=True,
            )
        for _, theirs in pairs:
            theirs.close()
        self._news, *pipes = [Connection(ours.detach()) for ours, _ in pairs]
        self._listening = threading.Lock()
        self._codes: dict[int, int] = {}
        self.workers = [Worker(self, number, pipe) for number, pipe in enumerate(pipes)]

    def fate(self, number: int) -> str:
        """How a worker ended that answers no more."""
        with self._listening:
            while number not in self._codes:
                try:
                    gone, code = self._news.recv()
                except (EOFError, OSError):  # the process that knows is gone
                    self.terminate()
                    gone, code = number, self._process.wait()
                self._codes[gone] = code
        if (code := self._codes[number]) < 0:
            return f"was ended by {signal.Signals(-code).name}"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f"ended with code {code}: {lines[-1] if lines else 'it said nothing'}"

    def terminate(self) -> None:
        """Tells all processes to end."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)

    def end(self) -> None:
        """Waits for the processes, which have been told to end, and frees what belongs to them."""
        for worker in self.workers:
            worker.pipe.close()
        self._process.wait()
        self._news.close()
        self._errors.close()


class Worker:
    """One of the crew."""

    def __init__(self, crew: Crew, number: int, pipe: Connection) -> None:
        self._crew = crew
        self._number = number
        self.pipe = pipe

    def ask(self, parcel: object) -> Any:
        """Sends the parcel and waits for the answer; raises EOFError or OSError where the process is gone."""
        self.pipe.send(parcel)
        return self.pipe.recv()

    def obituary(self) -> str:
        """How the process ended."""
        return self._crew.fate(self._number)
