"""How far equal arms lie apart from block to block: slices in turns of milliseconds, and each slice at one go.

    python -m tests.benchmarks.turns --rounds 2

Three clones of one table, four queries from tens of microseconds to tens of milliseconds, one client. Each round
measures with turns of 2 and of 5 ms and without, as one slice after the other does, on the same server. `sd` is the
standard deviation of the log ratio of two arms' medians in a block, over all blocks and rounds: the smaller it is, the
smaller an effect so many blocks can find. The last line is one JSON object, its `ratio` the median over the queries of
the `sd` at one go by that in turns of 2 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import tempfile
from itertools import combinations
from pathlib import Path
from statistics import median, pstdev

from harness.measure.model import BlockTable, MeasureOptions
from harness.measure.run import measure
from harness.progress import Silent
from harness.server import Databases, Journal, ServerOptions, open_server
from tests.integration.measure.measuring import query

ROWS = 200_000
SCHEMA = f"""
CREATE TABLE item AS
SELECT n AS id, 'name ' || n AS name, md5(n::text) AS a, md5((n + 1)::text) AS b, n % 100 AS g
FROM generate_series(1, {ROWS}) n;
ALTER TABLE item ADD PRIMARY KEY (id);
"""
QUERIES = {
    "point": "SELECT id, name FROM item WHERE id = $1::int",
    "page": "SELECT * FROM item WHERE id BETWEEN $1::int AND $1::int + 200 ORDER BY a LIMIT 50",
    "group": "SELECT g, count(*), max(a) FROM item WHERE id BETWEEN $1::int AND $1::int + 5000 GROUP BY g ORDER BY 2",
    "scan": "SELECT count(*) FROM item WHERE a < b AND id > $1::int",
}
SETS = tuple({"id": 1 + number * 23_017 % (ROWS - 6000)} for number in range(8))
ARMS = ("before", "after", "control")
TURNS_S = {"turns_2_ms": 0.002, "turns_5_ms": 0.005, "one_go": math.inf}


def log_ratios(table: BlockTable, name: str) -> list[float]:
    """Of each block and pair of arms, the log ratio of the medians; void slices left out."""
    found = {
        (item.arm, item.block): item.p50_s
        for item in table.slices
        if item.query == name and not item.warmup and not item.invalid and item.p50_s
    }
    return [
        math.log(found[one, block] / found[other, block])
        for one, other in combinations(ARMS, 2)
        for block in sorted({block for _, block in found})
        if (one, block) in found and (other, block) in found
    ]


async def rounds(databases: Databases, folder: Path, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """way -> query -> sd, over all rounds."""
    await databases.create("template")
    connection = await databases.connect("template")
    await connection.execute(SCHEMA)
    await connection.execute("VACUUM ANALYZE item")
    await connection.close()
    arms = {arm: await databases.create(arm, "template") for arm in ARMS}
    queries = [query(name, sql, names=("id",), sets=SETS) for name, sql in QUERIES.items()]
    ratios: dict[str, dict[str, list[float]]] = {way: {name: [] for name in QUERIES} for way in TURNS_S}
    for number in range(options.rounds):
        for way, turn_s in TURNS_S.items():
            chosen = MeasureOptions(600, looks=(options.blocks,), slice_s=0.15, turn_s=turn_s, seed=number, processes=1)
            path = folder / f"{way}-{number}"
            address = databases.server.address
            found = await measure(queries, arms, address, chosen, lambda _: set(), path, Silent())
            for name in QUERIES:
                ratios[way][name] += log_ratios(found.table, name)
            shown = {name: round(pstdev(values), 3) for name, values in ratios[way].items()}
            print(f"round {number + 1}, {way}: sd {shown}, {found.seconds:.0f} s", flush=True)
    return {way: {name: pstdev(values) for name, values in by_name.items()} for way, by_name in ratios.items()}


async def run(options: argparse.Namespace) -> dict[str, object]:
    """On an embedded server of its own."""
    with tempfile.TemporaryDirectory() as name:
        journal = Journal.begin(Path(name))
        async with open_server(ServerOptions(), journal, Silent()) as server:
            sd = await rounds(Databases(server, journal), Path(name), options)
    ratio = median(sd["one_go"][name] / sd["turns_2_ms"][name] for name in QUERIES)
    rounded = {way: {name: round(value, 4) for name, value in by_name.items()} for way, by_name in sd.items()}
    return {"ratio": round(ratio, 2), "sd": rounded}


def main() -> None:
    """Reads the options, prints each measurement's scatter and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--blocks", type=int, default=16)
    print(json.dumps(asyncio.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
