"""What the seeder is held against: the server's own COPY FROM a file, and a Faker call for each value."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faker import Faker

from harness.scenario import Scenario
from harness.seed.catalogue import read_catalogue
from harness.seed.column_type import ColumnType
from harness.seed.constrain import Step, constraint_steps, run_steps, vacuum_steps
from harness.seed.scale import row_counts
from harness.seed.spec import SeedSpec
from harness.seed.worker import NO_WAIT_FOR_DISK
from harness.server import Databases, connect
from harness.server.apply import apply_files
from harness.sqltext import quote_ident, quote_literal
from tests.benchmarks.clock import Instant, Times

PART_PAGES = 4096
USUAL_ROWS = 2000


@dataclasses.dataclass(frozen=True)
class Bench:
    """What all rounds share."""

    databases: Databases
    scenario: Scenario
    spec: SeedSpec
    scale: int
    workers: int

    @property
    def postmaster(self) -> int:
        folder = self.databases.server.data_directory
        assert folder is not None
        return int((folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])

    def now(self) -> Instant:
        return Instant.now(self.postmaster)

    @property
    def counts(self) -> dict[str, int]:
        counts = row_counts(self.spec, self.scale)
        return {table: counts[table] for table in self.spec.stored_tables}

    async def connect(self, database: str) -> Any:
        return await connect(self.databases.server.address, database)


async def export(bench: Bench, database: str, folder: Path) -> list[tuple[str, Path]]:
    """The server writes every table to binary files of some thousand pages; the largest come first."""
    connection = await bench.connect(database)
    parts: list[tuple[str, Path]] = []
    try:
        for table in bench.counts:
            pages = await connection.fetchval(f"SELECT pg_relation_size('{table}') / 8192")
            for first in range(0, pages, PART_PAGES):
                path = folder / f"{table}-{first}.bin"
                rows = (
                    f"SELECT {_columns(bench, table)} FROM {quote_ident(table)}"
                    f" WHERE ctid >= '({first},0)' AND ctid < '({first + PART_PAGES},0)'"
                )
                await connection.execute(f"COPY ({rows}) TO {quote_literal(str(path))} (FORMAT binary)")
                parts.append((table, path))
    finally:
        await connection.close()
    return sorted(parts, key=lambda part: -part[1].stat().st_size)


def _columns(bench: Bench, table: str) -> str:
    return ", ".join(map(quote_ident, bench.spec.tables[table].stored_columns))


async def ceiling(bench: Bench, arm: str, parts: list[tuple[str, Path]]) -> Times:
    """The same rows by the server's own COPY FROM a file, into a new database."""
    begun = bench.now()
    database = await bench.databases.create(arm)
    first = await bench.connect(database)
    await apply_files(first, bench.scenario.schema)
    connections = [first, *[await bench.connect(database) for _ in range(bench.workers - 1)]]
    for connection in connections:
        for name, value in NO_WAIT_FOR_DISK.items():
            await connection.execute(f"SET {name} = {quote_literal(value)}")
    waiting = list(parts)

    async def copy(connection: Any) -> None:
        while waiting:
            table, path = waiting.pop(0)
            target = f"{quote_ident(table)} ({_columns(bench, table)})"
            await connection.execute(f"COPY {target} FROM {quote_literal(str(path))} (FORMAT binary)")

    copying = bench.now()
    await asyncio.gather(*[copy(connection) for connection in connections])
    copied = bench.now()
    for connection in connections:
        await connection.execute("SET maintenance_work_mem = '256MB'")
    steps = [*constraint_steps(bench.scenario.constraints), *vacuum_steps(list(bench.counts), "public")]
    await run_steps(connections, steps, bench.counts, _run)
    await first.execute("CHECKPOINT")
    ended = bench.now()
    for connection in connections:
        await connection.close()
    return Times(copied - copying, ended - begun)


async def _run(connection: Any, step: Step) -> None:
    await connection.execute(step.sql)


async def usual_speed(bench: Bench, database: str, table: str) -> float:
    """Rows a second of the usual way into one table."""
    connection = await bench.connect(database)
    try:
        await apply_files(connection, bench.scenario.schema)
        types = (await read_catalogue(connection))[table]
        names = bench.spec.tables[table].stored_columns
        faker = Faker()
        makers = [_faker_call(faker, types[name]) for name in names]
        begun = time.perf_counter()
        records = [tuple(make() for make in makers) for _ in range(USUAL_ROWS)]
        await connection.copy_records_to_table(table, records=records, columns=names)
        return USUAL_ROWS / (time.perf_counter() - begun)
    finally:
        await connection.close()


def _faker_call(faker: Faker, kind: ColumnType) -> Callable[[], Any]:
    """What people write for a column of this type."""
    calls: dict[str, Callable[[], Any]] = {
        "uuid": lambda: faker.uuid4(cast_to=None),
        "numeric": lambda: (
            faker.pydecimal(left_digits=6, right_digits=2, positive=True)
            if kind.precision != 5
            else faker.pydecimal(left_digits=2, right_digits=2, positive=True)
        ),
        "date": faker.date_object,
        "timestamptz": lambda: faker.date_time().astimezone(),
        "bool": faker.pybool,
        "int4": faker.pyint,
        "_text": lambda: faker.words(3),
    }
    if kind.labels:
        return lambda: faker.random_element(kind.labels)
    if kind.name == "text":
        return faker.text
    return calls.get(kind.name) or (lambda: faker.name()[: kind.length])
