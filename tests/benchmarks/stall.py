"""A lock of two seconds under our open load and under `pgbench --rate`, in turn on one embedded server.

    python -m tests.benchmarks.stall

Both run a prepared point select at 500 a second for 20 s over the same number of connections; in the middle another
session holds the table in ACCESS EXCLUSIVE mode. pgbench has our workers' precedence and exact sleeps (`driving`). A
load that tells the truth charges the stall to everyone who would have waited. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np

from harness.measure.orders import ArmWork, Work
from harness.progress import Silent
from harness.server import Databases, Journal, ServerOptions, open_server
from tests.benchmarks.driving import Pgbench, Script, ours

ROWS = 10_000
Found = TypeVar("Found")


async def stalled(databases: Databases, load: Awaitable[Found], seconds: float, lock_s: float) -> Found:
    """The load's outcome, the table locked for so long in the middle of it."""
    blocker = await databases.connect("stalled")
    try:
        running = asyncio.ensure_future(load)
        await asyncio.sleep((seconds - lock_s) / 2)
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE narrow IN ACCESS EXCLUSIVE MODE")
            await asyncio.sleep(lock_s)
        return await running
    finally:
        await blocker.close()


async def run(options: argparse.Namespace) -> dict[str, float]:
    """Rounds of both sides in turn."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.begin(Path(folder))
        async with open_server(ServerOptions(), journal, Silent()) as server:
            databases = Databases(server, journal)
            name = await databases.create("stalled")
            connection = await databases.connect("stalled")
            await connection.execute("CREATE TABLE narrow (id int PRIMARY KEY, value int)")
            await connection.execute(f"INSERT INTO narrow SELECT n, n FROM generate_series(1, {ROWS}) n")
            await connection.execute("VACUUM ANALYZE narrow")
            await connection.close()
            return await compare(databases, name, options)


async def compare(databases: Databases, name: str, options: argparse.Namespace) -> dict[str, float]:
    """The 99th percentiles of both, round by round."""
    sets = tuple({"id": 1 + number * 37 % ROWS} for number in range(500))
    work = Work("point", True, (("SELECT value FROM narrow WHERE id = $1", ("id",)),), sets)
    script = Script("point", f"\\set id random(1, {ROWS})\nSELECT value FROM narrow WHERE id = :id;\n", 1)
    address = databases.server.address
    pgbench = Pgbench(address, name)
    threads, one, other = min(2, options.clients), [], []
    async with ours(address, [ArmWork("stalled", name, (work,))], options.clients, threads) as our:
        await our.closed(0, 0, 500, options.clients)
        for number in range(options.rounds):
            load = our.open(0, number, options.rate, options.seconds)
            samples = await stalled(databases, load, options.seconds, options.lock)
            one.append(float(np.quantile(samples["done_s"] - samples["intended_s"], 0.99)))
            theirs = pgbench.run([script], options.clients, threads, options.seconds, options.rate)
            other.append(
                float(np.quantile((await stalled(databases, theirs, options.seconds, options.lock)).latencies_s, 0.99))
            )
            print(f"p99: ours {one[-1] * 1e3:.0f} ms, pgbench {other[-1] * 1e3:.0f} ms", flush=True)
    return {
        "p99_to_pgbench_rate": round(median(one) / median(other), 3),
        "p99_s": round(median(one), 3),
        "pgbench_p99_s": round(median(other), 3),
    }


def main() -> None:
    """Prints what each round gave, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--lock", type=float, default=2.0, help="seconds of the lock")
    print(json.dumps(asyncio.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
