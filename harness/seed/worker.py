"""A worker process of the seeder: makes blocks of rows and sends them by binary COPY, one transaction a chunk."""

from __future__ import annotations

import asyncio
import signal
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from harness.scenario.paths import catalogue_sql
from harness.seed.catalogue import Catalogue
from harness.seed.encode import Encoder, as_batch, make_block, manifest_rows
from harness.seed.manifest import write_part
from harness.seed.pools import read_pools
from harness.seed.scale import BLOCK_ROWS
from harness.seed.spec import SeedSpec
from harness.seed.world import World
from harness.server import Address, connect
from harness.server.faults import as_harness_error

MESSAGE_ROWS = 2048
"""Rows that are made, encoded and sent at once: they stay in the processor's cache, and memory is bounded."""


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
    folder: Path
    """Holds the pools; anomalies planted in a chunk are written there, too."""

    @property
    def pools_path(self) -> Path:
        """The pools, as an Arrow file."""
        return self.folder / "pools.arrow"


@dataclass(frozen=True)
class Chunk:
    """Consecutive blocks of one table: what one transaction loads."""

    table: str
    first_block: int
    blocks: int
    rows: int

    @property
    def first_row(self) -> int:
        """Number of the first row."""
        return self.first_block * BLOCK_ROWS

    def manifest_path(self, folder: Path) -> Path:
        """Where the anomalies planted in this chunk are kept until all are joined."""
        return folder / f"{self.table}-{self.first_block:08d}.parquet"


@dataclass(frozen=True)
class Done:
    """A chunk is loaded and committed."""

    chunk: Chunk
    bytes_sent: int


def work(job: Job, pipe: Connection) -> None:
    """Loads the chunks that come through the pipe; answers each with Done or with the error that ended it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    pa.set_memory_pool(pa.system_memory_pool())  # as fast here, and it gives freed batches back: a fifth less memory
    try:
        asyncio.run(_Worker(job, pipe).run())
    except (EOFError, BrokenPipeError):
        return
    except Exception as error:  # noqa: BLE001 - the parent raises it
        error.add_note("".join(traceback.format_exception(error)))  # the traceback itself does not travel
        pipe.send(as_harness_error(error, "seeding") or error)


class _Worker:
    def __init__(self, job: Job, pipe: Connection) -> None:
        self._job = job
        self._pipe = pipe
        pools = read_pools(job.pools_path)
        self._world = World(job.spec, job.scale, job.seed, pools, realistic=job.realistic)
        self._mark = catalogue_sql("seed", "mark_chunk")

    async def run(self) -> None:
        connection = await connect(self._job.address, self._job.database)
        try:
            while (chunk := self._pipe.recv()) is not None:
                self._pipe.send(await self._load(connection, chunk))
        finally:
            await connection.close()

    async def _load(self, connection: Any, chunk: Chunk) -> Done:
        """One transaction: the rows and the mark that they are there."""
        planted: list[Any] = []
        stream = _Stream(self._job, self._world, chunk, planted)
        async with connection.transaction():
            await connection.copy_to_table(
                chunk.table,
                source=stream.messages(),
                columns=self._job.spec.tables[chunk.table].stored_columns,
                schema_name=self._job.schema,
                format="binary",
            )
            if planted:
                write_part(planted, chunk.manifest_path(self._job.folder))
            await connection.execute(self._mark, chunk.table, chunk.first_block, chunk.blocks)
        return Done(chunk, stream.bytes_sent)


class _Stream:
    """The COPY stream of one chunk; the next rows are made in a thread while those before are sent."""

    def __init__(self, job: Job, world: World, chunk: Chunk, planted: list[Any]) -> None:
        self.bytes_sent = 0
        self._world = world
        self._table = chunk.table
        self._starts = range(chunk.first_row, chunk.first_row + chunk.rows, MESSAGE_ROWS)
        self._end = chunk.first_row + chunk.rows
        self._planted = planted
        self._types = job.catalogue[chunk.table]

    async def messages(self) -> AsyncIterator[bytes]:
        """The stream, a message for some rows at a time; the encoder may hold small ones back until it has more."""
        encoder: Encoder | None = None
        upcoming = self._begin(self._starts[0])
        for start in self._starts:
            batch = await upcoming
            if start != self._starts[-1]:
                upcoming = self._begin(start + MESSAGE_ROWS)
            if encoder is None:
                encoder = Encoder(batch.schema, self._types)
                yield encoder.begin()
            message = encoder.rows(batch)
            self.bytes_sent += len(message)
            yield message
        assert encoder is not None
        yield encoder.end()

    def _begin(self, start: int) -> asyncio.Task[Any]:
        return asyncio.create_task(asyncio.to_thread(self._make, start))

    def _make(self, start: int) -> Any:
        """The rows from `start` on as an Arrow batch; what is planted in them is remembered."""
        rows = np.arange(start, min(start + MESSAGE_ROWS, self._end))
        columns, planted = make_block(self._world, self._table, rows)
        self._planted += manifest_rows(self._world, self._table, rows, planted)
        return as_batch(self._table, columns, self._types)
