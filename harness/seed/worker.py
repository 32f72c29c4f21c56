"""A worker process of the seeder: makes blocks of rows and sends them by binary COPY, one transaction a chunk."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import pyarrow as pa
import uvloop

from harness.seed.column_type import Catalogue
from harness.seed.encode import Encoder, as_batch, make_block, manifest_rows
from harness.seed.manifest import write_part
from harness.seed.pools import read_pools
from harness.seed.scale import BLOCK_ROWS
from harness.seed.spec import SeedSpec
from harness.seed.world import World
from harness.server import Address, connect
from harness.server.faults import as_harness_error

FRAME_ROWS = 4 * BLOCK_ROWS
"""Rows that are made at once: for fewer, calling numpy takes longer than its work."""

MESSAGE_ROWS = 2048
"""Rows that are encoded at once: their texts stay in the processor's cache, and memory is bounded."""

NO_WAIT_FOR_DISK = {"synchronous_commit": "off"}
"""A crash may take the last chunks, keys and indexes with it, whole and with their marks: they are made again. The
next commit that waits, after each phase, waits for all of them."""


@dataclass(frozen=True)
class Job:
    """What a worker needs to make any chunk of any table."""

    spec: SeedSpec
    scale: int
    seed: int
    realistic: bool
    address: Address
    database: str
    schema: str
    catalogue: Catalogue
    mark_sql: str
    """The statement that notes a loaded chunk."""

    folder: Path
    """Holds the pools; anomalies planted in a chunk are written there, too."""

    @property
    def pools_path(self) -> Path:
        """The pools, as an Arrow file."""
        return self.folder / "pools.arrow"

    def part_path(self, chunk: Chunk) -> Path:
        """Where the anomalies planted in a chunk are kept until all are joined; a table's name may be no file's."""
        number = list(self.spec.tables).index(chunk.table)
        return self.folder / f"{number:04d}-{chunk.first_block:08d}.parquet"


@dataclass(frozen=True)
class Chunk:
    """Consecutive blocks of one table: what one transaction loads."""

    table: str
    first_block: int
    blocks: int
    rows: int
    bytes: float
    """About so many."""

    @property
    def first_row(self) -> int:
        """Number of the first row."""
        return self.first_block * BLOCK_ROWS


@dataclass(frozen=True)
class Ready:
    """The worker is connected and can make any row."""


@dataclass(frozen=True)
class Done:
    """A chunk is loaded and committed."""

    chunk: Chunk
    bytes_sent: int


class _WithoutPandas(MetaPathFinder):
    """pyarrow imports pandas, if it is there, before it makes its first array: 0.13 s and 40 MB for nothing here."""

    def find_spec(self, fullname: str, *_: object) -> None:
        """Says that there is no pandas."""
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def main() -> None:
    """Forks a worker for each descriptor in the arguments but the first; tells through that one how each ended."""
    sys.meta_path.insert(0, _WithoutPandas())
    news, *pipes = [Connection(int(descriptor)) for descriptor in sys.argv[1:]]
    pa.set_memory_pool(pa.system_memory_pool())  # as fast here, and it gives freed batches back: a fifth less memory
    gc.freeze()  # what is imported is never looked through for garbage, and so its pages stay shared
    gc.enable()
    numbers = {_fork(pipe, (news, *pipes)): number for number, pipe in enumerate(pipes)}
    for pipe in pipes:
        pipe.close()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # which goes to the workers, too: it ends after them
    while numbers:
        pid, status = os.wait()
        with contextlib.suppress(OSError):  # nobody may be there to hear it
            news.send((numbers.pop(pid), os.waitstatus_to_exitcode(status)))


def _fork(pipe: Connection, all_pipes: Iterable[Connection]) -> int:
    """The number of a new process that works for the pipe, and holds none but that."""
    if pid := os.fork():
        return pid
    code = 1
    try:
        for other in all_pipes:
            if other is not pipe:
                other.close()
        work(pipe)
        code = 0
    except BaseException:  # noqa: BLE001 - what is above on the stack is not this process's
        traceback.print_exc()
    os._exit(code)


def work(pipe: Connection) -> None:
    """Takes the job and then chunks from the pipe; answers with Ready, Done, or the error that ended it."""
    try:
        uvloop.run(_Worker(pipe.recv(), pipe).run())
    except (EOFError, BrokenPipeError):
        return  # the parent has no more to do, or is gone
    except Exception as error:  # noqa: BLE001 - the parent raises it
        error.add_note("".join(traceback.format_exception(error)))  # the traceback itself does not travel
        pipe.send(as_harness_error(error, "seeding") or error)


class _Worker:
    def __init__(self, job: Job, pipe: Connection) -> None:
        self._job = job
        self._pipe = pipe
        pools = read_pools(job.pools_path)
        self._world = World(job.spec, job.scale, job.seed, pools, realistic=job.realistic)

    async def run(self) -> None:
        connection = await connect(self._job.address, self._job.database, NO_WAIT_FOR_DISK)
        try:
            self._pipe.send(Ready())
            while True:
                self._pipe.send(await self._load(connection, self._pipe.recv()))
        finally:
            await connection.close()

    async def _load(self, connection: Any, chunk: Chunk) -> Done:
        """One transaction: the rows and the mark that they are there."""
        planted: list[Any] = []
        stream = _Stream(self._job, self._world, chunk, planted)
        async with connection.transaction():
            copying = asyncio.create_task(
                connection.copy_to_table(
                    chunk.table,
                    source=stream.messages(),
                    columns=self._job.spec.tables[chunk.table].stored_columns,
                    schema_name=self._job.schema,
                    format="binary",
                )
            )

            def give_up(_: Any) -> None:
                copying.cancel()

            # asyncpg waits for room to write for ever where the connection is lost meanwhile.
            connection.add_termination_listener(give_up)
            try:
                await copying
            except asyncio.CancelledError:
                raise asyncpg.ConnectionDoesNotExistError("the connection was lost while rows were sent") from None
            finally:
                connection.remove_termination_listener(give_up)
            if planted:
                write_part(planted, self._job.part_path(chunk))
            await connection.execute(self._job.mark_sql, chunk.table, chunk.first_block, chunk.blocks)
        return Done(chunk, stream.bytes_sent)


class _Stream:
    """The COPY stream of one chunk.

    A message is made where it is sent from: the socket's buffer keeps the server busy meanwhile, and a second thread
    would move every message to another processor's cache.
    """

    def __init__(self, job: Job, world: World, chunk: Chunk, planted: list[Any]) -> None:
        self.bytes_sent = 0
        self._world = world
        self._table = chunk.table
        self._rows = range(chunk.first_row, chunk.first_row + chunk.rows)
        self._planted = planted
        self._types = job.catalogue[chunk.table]

    async def messages(self) -> AsyncIterator[bytes]:
        """The stream, some rows at a time; there are never more than two messages in memory."""
        for message in self._make():
            self.bytes_sent += len(message)
            yield message

    def _make(self) -> Iterator[bytes]:
        """Makes some blocks at once and encodes them in parts; the encoder holds small ones back until it has more."""
        encoder: Encoder | None = None
        for start in self._rows[::FRAME_ROWS]:
            rows = np.arange(start, min(start + FRAME_ROWS, self._rows.stop))
            columns, planted = make_block(self._world, self._table, rows)
            self._planted += manifest_rows(self._world, self._table, rows, planted)
            block = as_batch(self._table, columns, self._types)
            for first in range(0, len(rows), MESSAGE_ROWS):
                batch = block.slice(first, MESSAGE_ROWS)
                if encoder is None:
                    encoder = Encoder(batch.schema, self._types)
                    yield encoder.begin()
                if message := encoder.rows(batch):
                    yield message
        assert encoder is not None
        yield encoder.end()
