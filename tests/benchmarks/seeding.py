"""Seeding against PostgreSQL's own ceiling and against the usual way, side by side on one embedded server.

    python -m tests.benchmarks.seeding --scale 100k --rounds 3

Ceiling: the same rows, which the server itself wrote to binary files, read by `COPY FROM` a file, the largest first,
with as many connections, the same settings of their sessions, keys, indexes and vacuum. The copy alone is the time from
the first row to the last on both sides: connections are open by then, and ours have processes that are ready; what that
takes is in the whole time. The usual way: a Faker call a value and tuples by `copy_records_to_table`. A first seeding,
which is not timed, makes the files, warms the server and tells the client's memory; then rounds alternate, each side
first in every other one; a ratio is that of the medians. Above `--scale 100k` that scale is seeded first, three times
on a server of its own (one whose memory is full of large tables is another server): `linearity` and `linearity_copy`
are the time of a row by its time there, `peak_mb_at_100k` is the memory there. `--scale 1m` takes about 20 GB of disk.
The last line is one JSON object. Its processor seconds (user and system, per million rows; the start of the client's
processes is in those of the whole alone) tell on a busy machine, too, where the work lies.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from harness.progress import Silent
from harness.scenario import Scenario, load_scenario
from harness.seed import default_workers, fill, hired, load_spec, parse_scale
from harness.server import Databases, Journal, ServerOptions, open_server
from tests.benchmarks.clock import Stopwatch, Times, middle
from tests.benchmarks.memory import PeakMemory
from tests.benchmarks.seeding_rivals import Bench, ceiling, export, usual_speed

SMALL_SCALE = 100_000
"""Where time and memory of a larger scale are compared with."""

_SMALL_ROUNDS = 3


async def ours(bench: Bench, arm: str, folder: Path) -> Times:
    """One seeding, from the first process that is started to the last checkpoint, as the seed phase does it.

    Its processes start while its database is made, which is in its whole time, and in the ceiling's.
    """
    watch = Stopwatch(bench.postmaster)
    begun = bench.now()
    with hired(bench.workers) as crew:
        database = await bench.databases.create(arm)
        address = bench.databases.server.address
        await fill(bench.scenario, bench.spec, bench.scale, "clean", 1, address, database, folder, crew, watch)
    return Times(watch.begun["seed: keys and indexes"] - watch.begun["seed: rows"], bench.now() - begun)


async def our_speed(bench: Bench, database: str, folder: Path, table: str) -> float:
    """Rows a second of the seeder into the same table alone, keys and indexes left out as in the usual way."""
    tables = {name: entry if name == table else entry.model_copy(update={"stored": False})
              for name, entry in bench.spec.tables.items()}  # fmt: skip
    spec = bench.spec.model_copy(update={"tables": tables})
    scenario = dataclasses.replace(bench.scenario, constraints=())
    watch = Stopwatch(bench.postmaster)
    with hired(1) as crew:
        address = bench.databases.server.address
        await fill(scenario, spec, bench.scale, "clean", 1, address, database, folder, crew, watch)
    return bench.counts[table] / (watch.begun["seed: keys and indexes"] - watch.begun["seed: rows"]).clock_s


class Ours:
    """Our seedings at one scale."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.times: list[Times] = []
        self.peak_mb = 0.0

    async def seed(self, folder: Path) -> None:
        """One more, into a database of its own."""
        self.times.append(await ours(self.bench, "ours", folder))
        await self.bench.databases.drop("ours")

    async def watch(self, folder: Path) -> None:
        """One that is not timed, for looking at the memory costs a twentieth of the time; its database stays."""
        with PeakMemory() as memory:
            await ours(self.bench, "watched", folder)
        self.peak_mb = memory.mb

    @property
    def rows(self) -> int:
        """Rows of each seeding."""
        return sum(self.bench.counts.values())

    @property
    def row_s(self) -> tuple[float, float]:
        """The median seconds of a row, all in all and of the copy alone."""
        found = middle(self.times)
        return found.total.clock_s / self.rows, found.copy.clock_s / self.rows


async def seed_small(bench: Bench, folder: Path) -> Ours:
    """SMALL_SCALE, once watched and three times timed."""
    small = Ours(dataclasses.replace(bench, scale=SMALL_SCALE))
    await small.watch(folder / "watched")
    await bench.databases.drop("watched")
    for number in range(_SMALL_ROUNDS):
        await small.seed(folder / str(number))
        print(f"ours at 100k: {small.times[-1]}", flush=True)
    return small


async def measure(bench: Bench, rounds: int, folder: Path, small: Ours | None) -> dict[str, float]:
    """All rounds; the server's files lie in its own folder, where it may write."""
    server_folder = bench.databases.server.data_directory
    assert server_folder is not None
    one = Ours(bench)
    await one.watch(
        folder / "first"
    )  # the server's log has its size from then on: whoever comes first would pay for it
    parts = await export(bench, bench.databases.name("watched"), server_folder)
    await bench.databases.drop("watched")
    other: list[Times] = []
    for number in range(rounds):
        for is_ours in (True, False) if number % 2 else (False, True):
            if is_ours:
                await one.seed(folder / str(number))
            else:
                other.append(await ceiling(bench, "ceiling", parts))
                await bench.databases.drop("ceiling")
        print(f"round {number + 1}: ours {one.times[-1]}, ceiling {other[-1]}", flush=True)
    usual = await usual_speed(bench, await bench.databases.create("usual"), bench.scenario.main_tables[0])
    alone = await our_speed(bench, await bench.databases.create("alone"), folder, bench.scenario.main_tables[0])
    print(f"one table, one process: usual {usual:,.0f} rows/s, ours {alone:,.0f} rows/s")
    return {**_figures(one, other), "ratio_to_usual": round(alone / usual, 1), **(_growth(one, small) if small else {})}


def _figures(one: Ours, other: list[Times]) -> dict[str, float]:
    rows, mine, theirs = one.rows, middle(one.times), middle(other)
    return {
        "ratio_copy_only": round(theirs.copy.clock_s / mine.copy.clock_s, 3),
        "ratio_total": round(theirs.total.clock_s / mine.total.clock_s, 3),
        "peak_mb": round(one.peak_mb),
        "rows": rows,
        "rows_per_s": round(rows / mine.total.clock_s),
        "client_cpu_s_per_m": round(mine.copy.client_s / rows * 1e6, 2),
        "server_cpu_s_per_m": round(mine.copy.server_s / rows * 1e6, 2),
        "ceiling_cpu_s_per_m": round(theirs.copy.server_s / rows * 1e6, 2),
        "total_cpu_s_per_m": round((mine.total.client_s + mine.total.server_s) / rows * 1e6, 2),
        "ceiling_total_cpu_s_per_m": round((theirs.total.client_s + theirs.total.server_s) / rows * 1e6, 2),
    }


def _growth(one: Ours, small: Ours) -> dict[str, float]:
    """How time and memory grow from SMALL_SCALE on."""
    (all_s, copy_s), (small_all_s, small_copy_s) = one.row_s, small.row_s
    return {
        "linearity": round(all_s / small_all_s, 3),
        "linearity_copy": round(copy_s / small_copy_s, 3),
        "peak_mb_at_100k": round(small.peak_mb),
    }


async def run(scenario_name: str, scale: int, rounds: int) -> dict[str, float]:
    """On embedded servers of its own."""
    scenario = load_scenario(scenario_name)
    small: Ours | None = None
    with tempfile.TemporaryDirectory() as name:
        if scale > SMALL_SCALE:
            async with _bench(scenario, scale, Path(name) / "small") as bench:
                small = await seed_small(bench, Path(name) / "small")
        async with _bench(scenario, scale, Path(name) / "large") as bench:
            return await measure(bench, rounds, Path(name) / "large", small)


@asynccontextmanager
async def _bench(scenario: Scenario, scale: int, folder: Path) -> AsyncIterator[Bench]:
    folder.mkdir()
    journal = Journal.begin(folder)
    async with open_server(ServerOptions(), journal, Silent()) as server:
        yield Bench(Databases(server, journal), scenario, load_spec(scenario.seed), scale, default_workers())


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
