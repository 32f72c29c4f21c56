"""Spreads the blocks of all tables over worker processes; none of them dies unnoticed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness.errors import SeedError
from harness.progress import Progress
from harness.seed.crew import Crew, Worker
from harness.seed.scale import BLOCK_ROWS
from harness.seed.worker import Chunk, Done, Job

CHUNK_BLOCKS = 16
CHUNK_BYTES = 16e6
"""What one transaction loads: at most so many blocks, and about so many bytes if a block holds less. A killed seeding
repeats no more for each worker, and no worker is left alone for long at the end."""

Blocks = Iterable[tuple[int, int]]
"""First block and number of blocks of consecutive ones."""


def missing_chunks(
    counts: Mapping[str, int], loaded: Mapping[str, Blocks], row_bytes: Mapping[str, float]
) -> dict[str, list[Chunk]]:
    """For each table what is not loaded yet, as chunks in order; `row_bytes` are the bytes of a row, about."""
    return {
        table: list(_chunks(table, rows, loaded.get(table, ()), row_bytes[table])) for table, rows in counts.items()
    }


def _chunks(table: str, rows: int, loaded: Blocks, row_bytes: float) -> Iterable[Chunk]:
    most = min(CHUNK_BLOCKS, max(1, round(CHUNK_BYTES / (row_bytes * BLOCK_ROWS))))
    there = {block for first, blocks in loaded for block in range(first, first + blocks)}
    missing = [block for block in range(-(-rows // BLOCK_ROWS)) if block not in there]
    while missing:
        size = 1
        while size < min(most, len(missing)) and missing[size] == missing[0] + size:
            size += 1
        end = min((missing[0] + size) * BLOCK_ROWS, rows)
        count = end - missing[0] * BLOCK_ROWS
        yield Chunk(table, missing[0], size, count, count * row_bytes)
        del missing[:size]


class _Agenda:
    """Which chunk comes next: of the table with most bytes left, and of those first one that nobody is loading.

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
                self._waiting, key=lambda name: (self._writers[name], -sum(c.bytes for c in self._waiting[name]))
            )
        chunk = self._waiting[table].pop(0)
        if not self._waiting[table]:
            del self._waiting[table]
        self._writers[table] += 1
        return chunk


async def load(job: Job, chunks: Mapping[str, list[Chunk]], crew: Crew, progress: Progress) -> None:
    """Loads the chunks with these processes. Raises SeedError or what ended one of them."""
    total = sum(chunk.rows for parts in chunks.values() for chunk in parts)
    agenda = _Agenda(chunks)
    threads = ThreadPoolExecutor(len(crew.workers))
    try:
        await _each(_ask(worker, "prepared the load", job, threads) for worker in crew.workers)
        progress.start("seed: rows", total=total, unit="rows")  # what they import and connect to is no part of it
        meter = _Meter(progress)
        await _each(_drive(worker, agenda, meter, threads) for worker in crew.workers)
    finally:
        crew.terminate()  # a thread that waits for an answer hears that there is none
        threads.shutdown()


async def _each(tasks: Iterable[Coroutine[Any, Any, object]]) -> None:
    """All of them at once; what ends one of them ends the others, and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _drive(worker: Worker, agenda: _Agenda, meter: _Meter, threads: ThreadPoolExecutor) -> None:
    """Hands chunks to one worker until there are none left."""
    chunk = agenda.take(None)
    while chunk is not None:
        meter.add(await _ask(worker, f"loaded {chunk.table}", chunk, threads))
        chunk = agenda.take(chunk)


async def _ask(worker: Worker, task: str, parcel: object, threads: ThreadPoolExecutor) -> Any:
    """The worker's answer to the parcel. Raises what ended it instead."""
    loop = asyncio.get_running_loop()
    try:
        answer = await loop.run_in_executor(threads, worker.ask, parcel)
    except (EOFError, OSError):
        fate = await loop.run_in_executor(threads, worker.obituary)
        raise SeedError(
            f"the process that {task} {fate}",
            "was it killed for want of memory? Free some, then run again",
        ) from None
    if isinstance(answer, Exception):
        raise answer
    return answer


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
