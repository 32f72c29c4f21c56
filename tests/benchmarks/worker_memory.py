"""A worker's memory: what a sample costs, and what it grows by with the length of a run.

    python -m tests.benchmarks.worker_memory

One worker on an embedded server runs a prepared point select. First in ever longer slices, closed and open: the slope
of its resident memory over the samples of its longest slice is what a sample costs. Then in slices of the longest
length over and over: what it grows by then grows with the run. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

import numpy as np
import psutil

from harness.measure.orders import ArmWork, Work
from harness.progress import Silent
from harness.server import Databases, Journal, ServerOptions, open_server
from tests.benchmarks.driving import Ours, ours

STEPS = 6


async def run(options: argparse.Namespace) -> dict[str, float]:
    """Both kinds of slices, each in a worker of its own, then the long run."""
    sets = tuple({"id": 1 + number * 37 % 1000} for number in range(50))
    work = Work("point", True, (("SELECT value FROM narrow WHERE id = $1", ("id",)),), sets)
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.begin(Path(folder))
        async with open_server(ServerOptions(), journal, Silent()) as server:
            databases = Databases(server, journal)
            name = await databases.create("memory")
            connection = await databases.connect("memory")
            await connection.execute("CREATE TABLE narrow (id int PRIMARY KEY, value int)")
            await connection.execute("INSERT INTO narrow SELECT n, n FROM generate_series(1, 1000) n")
            await connection.close()
            for kind in ("closed", "open"):
                async with ours(server.address, [ArmWork("memory", name, (work,))], 1, 1) as our:
                    found |= {f"{kind}_{key}": value for key, value in (await held(our, kind, options)).items()}
    return found


async def held(our: Ours, kind: str, options: argparse.Namespace) -> dict[str, float]:
    """Bytes a sample, bytes that a million samples more add to a worker that has held as many before, and its size."""
    worker = psutil.Process(our.crew.workers[0].pid)

    async def after(count: int) -> int:
        if kind == "closed":
            outcome = await our.closed(0, 0, count // 50 * 50, short=False)
        else:
            outcome = await our.mix(0, count, count)
        assert len(outcome.samples) >= count // 50 * 50
        return int(worker.memory_info().rss)

    await after(1000)
    sizes = [options.samples * step // STEPS for step in range(1, STEPS + 1)]
    resident = [await after(size) for size in sizes]
    slope = float(np.polyfit(sizes, resident, 1)[0])
    print(
        f"{kind}: {', '.join(f'{n:,}: {b / 2**20:.1f} MB' for n, b in zip(sizes, resident, strict=True))}", flush=True
    )
    again = [await after(options.samples) for _ in range(options.rounds)]
    growth = float(np.polyfit(np.arange(1, options.rounds + 1) * options.samples / 1e6, again, 1)[0])
    print(f"{kind} again: {', '.join(f'{b / 2**20:.1f} MB' for b in again)}", flush=True)
    return {
        "bytes_a_sample": round(slope, 1),
        "growth_bytes_a_million": round(growth),
        "worker_mb": round(again[-1] / 2**20, 1),
    }


def main() -> None:
    """Prints what each step gave, and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=120_000, help="of the longest slice")
    parser.add_argument("--rounds", type=int, default=8, help="how often it is repeated")
    print(json.dumps(asyncio.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
