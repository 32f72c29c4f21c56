"""Spreads the blocks of all tables over worker processes, and survives none of them dying unnoticed."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from harness.errors import SeedError
from harness.progress import Progress
from harness.seed.scale import BLOCK_ROWS
from harness.seed.worker import Chunk, Done, Job, work

CHUNK_BLOCKS = 8
"""Blocks that one transaction loads: what a killed seeding repeats at most, for each worker."""

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


async def load(job: Job, chunks: Mapping[str, list[Chunk]], workers: int, progress: Progress) -> None:
    """Loads the chunks with that many processes. Raises SeedError or what ended a worker."""
    total = sum(chunk.rows for parts in chunks.values() for chunk in parts)
    progress.start("seed: rows", total=total, unit="rows")
    agenda, meter = _Agenda(chunks), _Meter(progress)
    crew = [_start(job) for _ in range(min(workers, max(1, sum(map(len, chunks.values())))))]
    threads = ThreadPoolExecutor(len(crew))
    try:
        async with asyncio.TaskGroup() as group:
            for process, pipe in crew:
                group.create_task(_drive(process, pipe, agenda, meter, threads))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        for process, _ in crew:
            process.terminate()
        for process, pipe in crew:
            process.join()
            pipe.close()
        threads.shutdown()


def _start(job: Job) -> tuple[BaseProcess, Connection]:
    """A fresh process (spawned: it shares neither threads nor connections with this one)."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(job, theirs), daemon=True, name="bench-seed")
    process.start()
    theirs.close()
    return process, ours


async def _drive(
    process: BaseProcess, pipe: Connection, agenda: _Agenda, meter: _Meter, threads: ThreadPoolExecutor
) -> None:
    """Hands chunks to one worker until there are none left."""
    loop = asyncio.get_running_loop()
    chunk = agenda.take(None)
    while chunk is not None:
        try:
            pipe.send(chunk)
            answer = await loop.run_in_executor(threads, pipe.recv)
        except (EOFError, OSError):
            process.join(5)
            raise SeedError(
                f"the process that loaded {chunk.table} ended (exit code {process.exitcode})",
                "was it killed for want of memory? Free some, or resume the run",
            ) from None
        if not isinstance(answer, Done):
            raise answer
        meter.add(answer)
        chunk = agenda.take(chunk)
    pipe.send(None)


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
