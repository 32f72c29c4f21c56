"""Seeds a database: schema, rows, keys and indexes, vacuum; a killed seeding goes on where it stopped."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.metadata
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import asyncpg

from harness.errors import SeedError
from harness.progress import Progress
from harness.result import SeedManifest, SeedTable
from harness.scenario import Scenario
from harness.scenario.paths import catalogue_sql
from harness.seed.catalogue import read_catalogue
from harness.seed.check import check_spec
from harness.seed.column_type import Catalogue
from harness.seed.constrain import Step, constraint_steps, remaining, run_steps, vacuum_steps
from harness.seed.crew import Crew
from harness.seed.load import Blocks, load, missing_chunks
from harness.seed.manifest import MANIFEST_FILE, join_manifest
from harness.seed.pools import Pools, write_pools
from harness.seed.scale import row_counts
from harness.seed.sequences import move_sequences
from harness.seed.size import pools_and_row_bytes
from harness.seed.spec import SeedSpec
from harness.seed.worker import NO_WAIT_FOR_DISK, Job
from harness.server import Address, connect
from harness.server.apply import apply_files

Profile = Literal["clean", "realistic"]

PARTS_FOLDER = ".seeding.new"
_MAINTENANCE_KB = 256 * 1024
_DETERMINING = ("faker", "numpy", "pyarrow")
"""Packages whose versions may change the rows."""


@dataclass(frozen=True)
class SeedRequest:
    """What is seeded, and where."""

    scenario: Scenario
    spec: SeedSpec
    scale_rows: int
    profile: Profile
    seed: int
    address: Address
    database: str
    run_folder: Path
    with_access: bool
    schema: str

    @property
    def counts(self) -> dict[str, int]:
        """Rows of each table that is loaded."""
        counts = row_counts(self.spec, self.scale_rows)
        return {table: counts[table] for table in self.spec.stored_tables}

    @property
    def fingerprint(self) -> str:
        """What determines tables and rows; a killed seeding is resumed only by one with the same."""
        versions = [f"{name} {importlib.metadata.version(name)}" for name in _DETERMINING]
        spec = self.spec.model_copy(update={"source": ""}).model_dump_json()
        schema = [self.schema, *(file.text for file in self.scenario.schema)]
        words = "\0".join([spec, str(self.scale_rows), self.profile, str(self.seed), *versions, *schema])
        return hashlib.sha256(words.encode()).hexdigest()

    @property
    def parts_folder(self) -> Path:
        """Pools and parts of the manifest, until the seeding has ended."""
        return self.run_folder / PARTS_FOLDER


async def fill(
    scenario: Scenario,
    spec: SeedSpec,
    scale_rows: int,
    profile: Profile,
    seed: int,
    address: Address,
    database: str,
    run_folder: Path,
    crew: Crew,
    progress: Progress,
    *,
    with_access: bool = False,
    schema: str = "public",
) -> SeedManifest:
    """Fills the database, which is empty or holds a killed seeding of the same kind, and settles it for measuring.

    `with_access` applies the scenario's access files, too: its roles must exist. The planted anomalies are written to
    `seed_manifest.parquet` in `run_folder`. The crew's processes end when the rows are there. Raises ScenarioError,
    SeedError, MigrationError, DiskError or ServerError.
    """
    request = SeedRequest(
        scenario, spec, scale_rows, profile, seed, address, database, run_folder, with_access, schema
    )  # fmt: skip
    connection = await connect(address, database)
    prepared = asyncio.create_task(asyncio.to_thread(pools_and_row_bytes, spec, seed))
    try:
        catalogue = await _begin(connection, request, progress)
        async with _connections(request, len(crew.workers)) as connections:  # for afterwards; processes still start
            await _load_rows(connection, request, catalogue, await prepared, crew, progress)
            await _settle(connection, connections, request, progress)  # the processes end meanwhile
        return await _finish(connection, request)
    finally:
        await asyncio.gather(prepared, return_exceptions=True)
        await connection.close()


async def has_begun(address: Address, database: str) -> bool:
    """Whether the database holds a seeding that has begun and not ended: `fill` goes on with it."""
    connection = await connect(address, database)
    try:
        return bool(await connection.fetchval(catalogue_sql("seed", "has_progress")))
    finally:
        await connection.close()


def discard_parts(run_folder: Path) -> None:
    """Removes what a seeding keeps in the run's folder to be gone on with."""
    shutil.rmtree(run_folder / PARTS_FOLDER, ignore_errors=True)


async def _begin(connection: Any, request: SeedRequest, progress: Progress) -> Catalogue:
    """The tables are there, and they fit the specification."""
    resumed = await connection.fetchval(catalogue_sql("seed", "has_progress"))
    if resumed:
        await _check_same(connection, request)
        progress.note(f"going on with the seeding of {request.database} that was interrupted")
    else:
        progress.start("seed: schema")
        await apply_files(connection, request.scenario.schema)
    catalogue = await read_catalogue(connection, request.schema)
    check_spec(request.spec, catalogue, request.scale_rows)
    if not resumed:
        shutil.rmtree(request.parts_folder, ignore_errors=True)
        async with connection.transaction():
            await connection.execute(catalogue_sql("seed", "create_progress"))
            await connection.execute(catalogue_sql("seed", "write_fingerprint"), request.fingerprint)
    return catalogue


async def _check_same(connection: Any, request: SeedRequest) -> None:
    if await connection.fetchval(catalogue_sql("seed", "read_fingerprint")) != request.fingerprint:
        raise SeedError(
            f"the database {request.database} holds an interrupted seeding of another kind",
            "resume it with the same seed file, schema files, --scale, --profile and --seed, or drop the database",
        )


async def _load_rows(
    connection: Any,
    request: SeedRequest,
    catalogue: Catalogue,
    prepared: tuple[Pools, dict[str, float]],
    crew: Crew,
    progress: Progress,
) -> None:
    loaded: dict[str, list[tuple[int, int]]] = {}
    for table, first, blocks in await connection.fetch(catalogue_sql("seed", "read_chunks")):
        loaded.setdefault(table, []).append((first, blocks))
    pools, sizes = prepared
    chunks = missing_chunks(request.counts, _as_blocks(loaded), sizes)
    if not any(chunks.values()):
        return
    request.parts_folder.mkdir(parents=True, exist_ok=True)
    job = Job(
        spec=request.spec,
        scale=request.scale_rows,
        seed=request.seed,
        realistic=request.profile == "realistic",
        address=request.address,
        database=request.database,
        schema=request.schema,
        catalogue=catalogue,
        mark_sql=catalogue_sql("seed", "mark_chunk"),
        folder=request.parts_folder,
    )
    write_pools(pools, job.pools_path)
    await load(job, chunks, crew, progress)


def _as_blocks(loaded: dict[str, list[tuple[int, int]]]) -> dict[str, Blocks]:
    return {table: sorted(blocks) for table, blocks in loaded.items()}


async def _settle(connection: Any, connections: list[Any], request: SeedRequest, progress: Progress) -> None:
    """Keys, indexes, access rules and the vacuum; a resumed seeding leaves out the steps that are done."""
    done = {row["name"] for row in await connection.fetch(catalogue_sql("seed", "read_steps"))}
    keys = remaining(constraint_steps(request.scenario.constraints), done)
    vacuums = [step for step in vacuum_steps(list(request.counts), request.schema) if step.mark not in done]
    filled = {name: table.stored_columns for name, table in request.spec.stored_tables.items()}
    await move_sequences(connection, request.schema, filled)
    await _run(connections, keys, request, progress, "seed: keys and indexes")
    await move_sequences(connection, request.schema, filled)  # a constraint can make a column an identity
    if request.with_access and "access" not in done:
        await apply_files(connection, request.scenario.access)
        await connection.execute(catalogue_sql("seed", "mark_step"), "access")
    # A commit that waits for the disk takes the chunks' along, which did not: VACUUM freezes no row before that.
    if "rows" not in done:
        await connection.execute(catalogue_sql("seed", "mark_step"), "rows")
    await _run(connections, vacuums, request, progress, "seed: vacuum")
    try:
        await connection.execute("CHECKPOINT")
    except asyncpg.InsufficientPrivilegeError:
        progress.note("CHECKPOINT is not allowed here (role pg_checkpoint): the server writes on while it is measured")


async def _run(connections: list[Any], steps: list[Step], request: SeedRequest, progress: Progress, phase: str) -> None:
    finished = 0
    progress.start(phase, total=len(steps), unit="steps")

    async def run(connection: Any, step: Step) -> None:
        nonlocal finished
        if step.in_transaction:
            async with connection.transaction():
                await connection.execute(step.sql)
                await connection.execute(catalogue_sql("seed", "mark_step"), step.mark)
        else:
            await connection.execute(step.sql)
            await connection.execute(catalogue_sql("seed", "mark_step"), step.mark)
        finished += 1
        progress.update(finished, step.name)

    await run_steps(connections, steps, request.counts, run)


@contextlib.asynccontextmanager
async def _connections(request: SeedRequest, number: int) -> AsyncIterator[list[Any]]:
    """So many, for the steps after the load, with memory to sort in; what ends the seeding waits for the disk."""
    connections: list[Any] = []
    try:
        for _ in range(number):
            connections.append(await connect(request.address, request.database, NO_WAIT_FOR_DISK))
            await connections[-1].fetch(catalogue_sql("seed", "raise_memory"), _MAINTENANCE_KB)
        yield connections
    finally:
        for connection in connections:
            await connection.close()


async def _finish(connection: Any, request: SeedRequest) -> SeedManifest:
    """The manifest is whole, and nothing of the seeding's own is left in the database."""
    sizes = dict(await connection.fetch(catalogue_sql("seed", "table_bytes"), request.schema))
    tables = tuple(SeedTable(table, rows, sizes[table]) for table, rows in request.counts.items())
    anomalies = join_manifest(request.parts_folder, request.run_folder / MANIFEST_FILE)
    await connection.execute(catalogue_sql("seed", "drop_progress"))
    shutil.rmtree(request.parts_folder, ignore_errors=True)
    return SeedManifest(
        tables=tables,
        anomalies=anomalies,
        rows=sum(item.rows for item in tables),
        bytes=sum(item.bytes for item in tables),
    )
