"""Seeding against PostgreSQL's own ceiling and against the usual way, side by side on one embedded server.

    python -m tests.benchmarks.seeding --scale 100k --rounds 3

Ceiling: the same rows, which the server itself wrote to binary files, read by `COPY FROM` a file, the largest first,
with as many connections, the same settings of their sessions, keys, indexes and vacuum. The usual way: a Faker call a
value and tuples by `copy_records_to_table`. A first seeding, which is not timed, makes the files and warms the server;
then rounds alternate, each side first in every other one; a ratio is that of the medians. The last line is one JSON
object. Its processor seconds (user and system, per million rows) tell on a busy machine, too, where the work lies.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from faker import Faker

from harness.progress import Silent
from harness.scenario import Scenario, load_scenario
from harness.seed import default_workers, fill, load_spec, parse_scale
from harness.seed.catalogue import read_catalogue
from harness.seed.column_type import ColumnType
from harness.seed.constrain import Step, constraint_steps, run_steps, vacuum_steps
from harness.seed.scale import row_counts
from harness.seed.spec import SeedSpec
from harness.seed.worker import NO_WAIT_FOR_DISK
from harness.server import Databases, Journal, ServerOptions, connect, open_server
from harness.server.apply import apply_files
from harness.sqltext import quote_ident, quote_literal
from tests.benchmarks.memory import PeakMemory

PART_PAGES = 4096
USUAL_ROWS = 2000


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


async def ours(bench: Bench, database: str, folder: Path) -> Times:
    """One seeding, from the first process that is started to the last checkpoint."""
    watch = Stopwatch(bench.postmaster)
    begun = bench.now()
    await fill(
        bench.scenario, bench.spec, bench.scale, "clean", 1, bench.databases.server.address, database, folder, watch,
        workers=bench.workers,
    )  # fmt: skip
    return Times(watch.begun["seed: keys and indexes"] - watch.begun["seed: rows"], bench.now() - begun)


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


async def ceiling(bench: Bench, database: str, parts: list[tuple[str, Path]]) -> Times:
    """The same rows by the server's own COPY FROM a file."""
    first = await bench.connect(database)
    begun = bench.now()
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
        await connection.execute("RESET ALL")
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


async def our_speed(bench: Bench, database: str, folder: Path, table: str) -> float:
    """Rows a second of the seeder into the same table alone, keys and indexes left out as in the usual way."""
    tables = {name: entry if name == table else entry.model_copy(update={"stored": False})
              for name, entry in bench.spec.tables.items()}  # fmt: skip
    spec = bench.spec.model_copy(update={"tables": tables})
    scenario = dataclasses.replace(bench.scenario, constraints=())
    watch = Stopwatch(bench.postmaster)
    await fill(
        scenario, spec, bench.scale, "clean", 1, bench.databases.server.address, database, folder, watch, workers=1
    )
    return bench.counts[table] / (watch.begun["seed: keys and indexes"] - watch.begun["seed: rows"]).clock_s


async def measure(bench: Bench, rounds: int, folder: Path) -> dict[str, float]:
    """All rounds; the server's files lie in its own folder, where it may write."""
    server_folder = bench.databases.server.data_directory
    assert server_folder is not None
    parts = await _first_seeding(bench, folder, server_folder)
    one: list[Times] = []
    other: list[Times] = []
    peak = 0.0
    for number in range(rounds):
        for is_ours in (True, False) if number % 2 else (False, True):
            database = await bench.databases.create("ours" if is_ours else "ceiling")
            if is_ours:
                with PeakMemory() as memory:
                    one.append(await ours(bench, database, folder / str(number)))
                peak = max(peak, memory.mb)
            else:
                other.append(await ceiling(bench, database, parts))
            await bench.databases.drop("ours" if is_ours else "ceiling")
        print(f"round {number + 1}: ours {one[-1]}, ceiling {other[-1]}", flush=True)
    usual = await usual_speed(bench, await bench.databases.create("usual"), bench.scenario.main_tables[0])
    alone = await our_speed(bench, await bench.databases.create("alone"), folder, bench.scenario.main_tables[0])
    print(f"one table, one process: usual {usual:,.0f} rows/s, ours {alone:,.0f} rows/s")
    rows = sum(bench.counts.values())
    mine, theirs = _middle(one), _middle(other)
    return {
        "ratio_copy_only": round(theirs.copy.clock_s / mine.copy.clock_s, 3),
        "ratio_total": round(theirs.total.clock_s / mine.total.clock_s, 3),
        "ratio_to_usual": round(alone / usual, 1),
        "peak_mb": round(peak),
        "rows": rows,
        "rows_per_s": round(rows / mine.total.clock_s),
        "client_cpu_s_per_m": round(mine.copy.client_s / rows * 1e6, 2),
        "server_cpu_s_per_m": round(mine.copy.server_s / rows * 1e6, 2),
        "ceiling_cpu_s_per_m": round(theirs.copy.server_s / rows * 1e6, 2),
        "total_cpu_s_per_m": round((mine.total.client_s + mine.total.server_s) / rows * 1e6, 2),
        "ceiling_total_cpu_s_per_m": round((theirs.total.client_s + theirs.total.server_s) / rows * 1e6, 2),
    }


async def _first_seeding(bench: Bench, folder: Path, server_folder: Path) -> list[tuple[str, Path]]:
    """Files of all rows. The server's log has its size from then on: whoever comes first would pay for that."""
    database = await bench.databases.create("first")
    await ours(bench, database, folder / "first")
    parts = await export(bench, database, server_folder)
    await bench.databases.drop("first")
    return parts


def _middle(rounds: list[Times]) -> Times:
    """The median of each number by itself."""

    def middle(parts: list[Instant]) -> Instant:
        return Instant(*(statistics.median(numbers) for numbers in zip(*map(dataclasses.astuple, parts), strict=True)))

    return Times(middle([item.copy for item in rounds]), middle([item.total for item in rounds]))


async def run(scenario_name: str, scale: int, rounds: int) -> dict[str, float]:
    """On an embedded server of its own."""
    scenario = load_scenario(scenario_name)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        journal = Journal.begin(folder)
        async with open_server(ServerOptions(), journal, Silent()) as server:
            bench = Bench(Databases(server, journal), scenario, load_spec(scenario.seed), scale, default_workers())
            return await measure(bench, rounds, folder)


def main() -> None:
    """Reads the options, prints what each round gave and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="crm")
    parser.add_argument("--scale", default="100k")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(run(options.scenario, parse_scale(options.scale), options.rounds))))


if __name__ == "__main__":
    main()
