"""Spreads the blocks of all tables over worker processes, and survives none of them dying unnoticed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

from harness.errors import SeedError
from harness.progress import Progress
from harness.seed.scale import BLOCK_ROWS
from harness.seed.worker import Chunk, Done, Job

CHUNK_BLOCKS = 8
"""Blocks that one transaction loads: what a killed seeding repeats at most, for each worker."""

_REUSE = {"MALLOC_MMAP_THRESHOLD_": str(1 << 26), "MALLOC_TRIM_THRESHOLD_": str(1 << 27), "MALLOC_ARENA_MAX": "1"}
"""glibc keeps the messages' memory for the next ones, instead of getting it from the system and zeroed each time."""

_NO_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""numpy's linear algebra, which no generator uses, starts threads that spin for a tenth of a second of processor."""

Blocks = Iterable[tuple[int, int]]
"""First block and number of blocks of consecutive ones."""


def missing_chunks(counts: Mapping[str, int], loaded: Mapping[str, Blocks]) -> dict[str, list[Chunk]]:
    """For each table what is not loaded yet, as chunks in order."""
    return {table: list(_chunks(table, rows, loaded.get(table, ()))) for table, rows in counts.items()}


def _chunks(table: str, rows: int, loaded: Blocks) -> Iterable[Chunk]:
    there = {block for first, blocks in loaded for block in range(first, first + blocks)}
    missing = [block for block in range(-(-rows // BLOCK_ROWS)) if block not in there]
    while missing:
        size = 1
        while size < min(CHUNK_BLOCKS, len(missing)) and missing[size] == missing[0] + size:
            size += 1
        end = min((missing[0] + size) * BLOCK_ROWS, rows)
        yield Chunk(table, missing[0], size, end - missing[0] * BLOCK_ROWS)
        del missing[:size]


class _Agenda:
    """Which chunk comes next: the table with most left to do, and of those first one that nobody is loading.

    One writer a table keeps the rows' physical order; several write to it only when there is nothing else to do.
    """

    def __init__(self, chunks: Mapping[str, list[Chunk]]) -> None:
        self._waiting = {table: list(parts) for table, parts in chunks.items() if parts}
        self._writers: dict[str, int] = dict.fromkeys(self._waiting, 0)

    def take(self, last: Chunk | None) -> Chunk | None:
        """The next chunk for the worker that has ended `last`; it stays with its table while that has more."""
        if last is not None:
            self._writers[last.table] -= 1
        if not self._waiting:
            return None
        if last is not None and last.table in self._waiting and not self._writers[last.table]:
            table = last.table
        else:
            table = min(
                self._waiting, key=lambda name: (self._writers[name], -sum(c.rows for c in self._waiting[name]))
            )
        chunk = self._waiting[table].pop(0)
        if not self._waiting[table]:
            del self._waiting[table]
        self._writers[table] += 1
        return chunk


async def load(job: Job, chunks: Mapping[str, list[Chunk]], crew: Sequence[Loader], progress: Progress) -> None:
    """Loads the chunks with these processes. Raises SeedError or what ended one of them."""
    total = sum(chunk.rows for parts in chunks.values() for chunk in parts)
    progress.start("seed: rows", total=total, unit="rows")
    agenda, meter = _Agenda(chunks), _Meter(progress)
    threads = ThreadPoolExecutor(len(crew))
    try:
        async with asyncio.TaskGroup() as group:
            for loader in crew:
                group.create_task(_drive(loader, job, agenda, meter, threads))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        for loader in crew:  # a thread that waits for an answer hears that there is none
            loader.process.terminate()
        threads.shutdown()


@contextlib.contextmanager
def hired(workers: int) -> Iterator[list[Loader]]:
    """That many worker processes, which start at once and end with the block."""
    crew: list[Loader] = []
    try:
        crew.extend(Loader() for _ in range(workers))
        yield crew
    finally:
        for loader in crew:
            loader.process.terminate()
        for loader in crew:
            loader.end()


class Loader:
    """A worker process: a fresh interpreter that imports what it needs and not what this one was started with."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from harness.seed.worker import main; main()", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
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
        finally:
            theirs.close()
        self._pipe = Connection(ours.detach())

    def ask(self, *parcels: object) -> Any:
        """Sends the parcels and waits for the answer; raises EOFError or OSError where the process is gone."""
        for parcel in parcels:
            self._pipe.send(parcel)
        return self._pipe.recv()

    def obituary(self) -> str:
        """How the process ended."""
        code = self.process.wait()
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f"ended with code {code}: {lines[-1] if lines else 'it said nothing'}"

    def end(self) -> None:
        """Waits for the process, which has been told to end, and frees what belongs to it."""
        self.process.wait()
        self._pipe.close()
        self._errors.close()


async def _drive(loader: Loader, job: Job, agenda: _Agenda, meter: _Meter, threads: ThreadPoolExecutor) -> None:
    """Hands the job and then chunks to one worker until there are none left."""
    loop = asyncio.get_running_loop()
    news: tuple[object, ...] = (job,)
    chunk = agenda.take(None)
    while chunk is not None:
        try:
            answer = await loop.run_in_executor(threads, loader.ask, *news, chunk)
        except (EOFError, OSError):
            raise SeedError(
                f"the process that loaded {chunk.table} {loader.obituary()}",
                "was it killed for want of memory? Free some, then run again",
            ) from None
        if not isinstance(answer, Done):
            raise answer
        meter.add(answer)
        news = ()
        chunk = agenda.take(chunk)


class _Meter:
    """Rows and bytes loaded so far."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._begun = time.monotonic()
        self._rows = 0

    def add(self, done: Done) -> None:
        self._rows += done.chunk.rows
        speed = self._rows / max(time.monotonic() - self._begun, 1e-9)
        self._progress.update(self._rows, f"{done.chunk.table}, {speed:,.0f} rows/s")
