"""Our load beside pgbench in one run, on one embedded server: what the client costs, and whether it tells the truth.

    python -m tests.benchmarks.load --scale 10k --rounds 9

Three parts, rounds of both sides in turn: a prepared point select of a narrow row (CPU time a query, and the median at
one rate and concurrency); the scenario's mix back to back with the same statements, parameters, clients and cores; and
for a query with wide rows the effect of the migration as our client sees it, on the server (up to the answer's last
byte), by pg_stat_statements alone, and as pgbench has it. pgbench's library copies every row into its result, which
nobody looks at; our client leaves rows as they come, and that is a part of its throughput. Both sides prepare one
statement for each parameter set and have the same precedence (`driving`). The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from harness.job import Run
from harness.measure.buffer import Samples, answered_mean_s
from harness.measure.counters import Counters
from harness.measure.orders import ArmWork, Work
from harness.measure.run import works_of
from harness.options import RunOptions
from harness.phases import build_arms, seed_template, settle_arms
from harness.progress import Silent
from harness.running import run_to_end
from harness.workload import BoundQuery, bind_workload
from tests.benchmarks.driving import PLANS, Ours, Pgbench, Script, ours

POINT_ROWS = 10_000
MOST_SETS = 7
"""pgbench takes 128 scripts at most, and each parameter set is one of them."""

_PARAMETER = re.compile(r"(?<!:):([a-z_]+)")
_OPERATION = "\\set op random(1000000, 1000000000)\n"


class Bench:
    """The three parts on one run's databases."""

    def __init__(self, run: Run, rounds: int, seconds: float, clients: int) -> None:
        self.run = run
        self.rounds = rounds
        self.seconds = seconds
        self.clients = clients
        self.cores = len(os.sched_getaffinity(0))
        self.address = run.databases.server.address

    async def point_select(self, rate: float) -> dict[str, float]:
        """CPU time a query of a single client; medians at the same rate over as many connections as pgbench has."""
        name = await self.run.databases.create("point")
        connection = await self.run.databases.connect("point")
        await connection.execute("CREATE TABLE narrow (id int PRIMARY KEY, value int)")
        await connection.execute(f"INSERT INTO narrow SELECT n, n FROM generate_series(1, {POINT_ROWS}) n")
        await connection.execute("VACUUM ANALYZE narrow")
        await connection.close()
        sets = tuple({"id": 1 + number * 37 % POINT_ROWS} for number in range(500))
        work = Work("point", True, (("SELECT value FROM narrow WHERE id = $1", ("id",)),), sets)
        text = f"\\set id random(1, {POINT_ROWS})\nSELECT value FROM narrow WHERE id = :id;\n"
        pgbench, script = Pgbench(self.address, name), [Script("point", text, 1)]
        threads = min(self.clients, self.cores)
        cpu, closed, differences = [], [], []
        async with ours(self.address, [ArmWork("point", name, (work,))], self.clients, threads) as our:
            await our.closed(0, 0, 2000)
            for number in range(self.rounds):
                slice_ = await our.closed(0, 0, 5000)
                cpu.append(slice_.cpu_s / len(slice_.samples))
                closed.append(float(median(slice_.samples["done_s"] - slice_.samples["sent_s"])))
                samples = await our.open(0, number, rate, self.seconds)
                theirs = await pgbench.run(script, self.clients, threads, self.seconds, rate)
                mine = float(median(samples["done_s"] - samples["intended_s"]))
                differences.append(mine - float(median(theirs.latencies_s)))
                print(f"point: ours {mine * 1e6:.0f} us, pgbench {median(theirs.latencies_s) * 1e6:.0f} us", flush=True)
        await self.run.databases.drop("point")
        return {
            "client_cpu_us": round(median(cpu) * 1e6, 1),
            "p50_minus_pgbench_us": round(median(differences) * 1e6, 1),
            "point_closed_p50_us": round(median(closed) * 1e6, 1),
        }

    async def mix(self, queries: Sequence[BoundQuery]) -> dict[str, float]:
        """The mix back to back on `before`: operations a second of ours over pgbench's."""
        chosen = [item for item in queries if item.query.weight > 0]
        arm = ArmWork("before", self.run.databases.name("before"), _works(chosen, "before"))
        pgbench = Pgbench(self.address, arm.database, [PLANS])
        scripts = [script for item in chosen for script in _scripts(item, "before")]
        threads = min(self.clients, self.cores)
        ratios = []
        async with ours(self.address, [arm], self.clients, threads, [PLANS]) as our:
            rate = _per_second((await our.mix(0, 0, 200)).samples)
            for number in range(1, self.rounds + 1):
                theirs = (await pgbench.run(scripts, self.clients, threads, self.seconds)).per_second
                mine = _per_second((await our.mix(0, number, max(200, round(rate * self.seconds)))).samples)
                ratios.append(mine / theirs)
                print(f"mix: ours {mine:.0f}/s, pgbench {theirs:.0f}/s", flush=True)
        return {"throughput_to_pgbench": round(median(ratios), 3)}

    async def wide(self, queries: Sequence[BoundQuery], name: str) -> dict[str, float]:
        """The migration's effect on a query with wide rows, by mean times: ours (response, server, and what
        pg_stat_statements has of it), and pgbench's."""
        (query,) = [item for item in queries if item.name == name]
        names = {arm: self.run.databases.name(arm) for arm in ("before", "after")}
        arms = [ArmWork(arm, database, _works([query], arm)) for arm, database in names.items()]
        statistics = await self.run.databases.create("statistics")
        counters = await Counters.open(self.address, statistics, names)
        settings = (*counters.settings, PLANS)
        ratios: dict[str, list[float]] = {"response": [], "server": [], "statements": [], "pgbench": []}
        async with ours(self.address, arms, 1, 1, settings) as our:
            executions = await _executions(our, self.seconds)
            for number in range(self.rounds):
                means: dict[str, list[float]] = {kind: [] for kind in ratios}
                for place, arm in enumerate(names):
                    await counters.begin(arm)
                    slice_ = await our.mix(place, number, executions)
                    told = await counters.end(arm, executions, executions)
                    means["response"].append(float((slice_.samples["done_s"] - slice_.samples["sent_s"]).mean()))
                    means["server"].append(answered_mean_s(slice_.samples) or float("nan"))
                    means["statements"].append(told.statements_mean_s or float("nan"))
                    pgbench = Pgbench(self.address, names[arm], settings)
                    theirs = await pgbench.run(_scripts(query, arm), 1, 1, self.seconds)
                    means["pgbench"].append(float(theirs.latencies_s.mean()))
                for kind, (before, after) in means.items():
                    ratios[kind].append(after / before)
                shown = (f"{kind} {before * 1e6:.0f}, {after * 1e6:.0f}" for kind, (before, after) in means.items())
                print(f"{name} before and after, us: {'; '.join(shown)}", flush=True)
        await counters.close()
        middle = {kind: median(found) for kind, found in ratios.items()}
        return {
            **{f"wide_{kind}_ratio": round(value, 3) for kind, value in middle.items()},
            "wide_server_to_pgbench": round(middle["server"] / middle["pgbench"], 3),
        }


async def _executions(our: Ours, seconds: float) -> int:
    """As many as fill the time on the slower arm."""
    slowest = 0.0
    for place in range(len(our.arms)):
        samples = (await our.mix(place, 0, 100)).samples
        slowest = max(slowest, float(median(samples["done_s"] - samples["sent_s"])))
    return max(100, round(seconds / slowest))


def _per_second(samples: Samples) -> float:
    return len(samples) / float(samples["done_s"].max() - samples["sent_s"].min())


def _works(queries: Sequence[BoundQuery], form: str) -> tuple[Work, ...]:
    """A statement of its own for each parameter set, for so has pgbench.

    It is not the same: a cached statement on a view with many joins is large, and the server, going round seven copies
    of it, took a fifth more processor time for each execution than with one statement for all seven sets.
    """
    parts = [replace(item, sets=(values,)) for item in queries for values in item.sets]
    works = works_of(parts, form)
    return tuple(replace(work, weight=weight) for work, weight in zip(works, _weights(queries), strict=True))


def _weights(queries: Sequence[BoundQuery]) -> list[int]:
    """Of each parameter set of each query, as whole numbers, which pgbench asks for."""
    return [max(1, round(item.query.weight * 100 / len(item.sets))) for item in queries for _ in item.sets]


def _scripts(query: BoundQuery, form: str) -> list[Script]:
    """One script for each parameter set, the weight split among them; several statements are one transaction."""
    text = (query.query.before if form == "before" else query.query.after).text
    text = "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip().rstrip(";") + ";"
    text = text if text.count(";") == 1 else f"BEGIN;\n{text}\nEND;"
    scripts = []
    for number, (values, weight) in enumerate(zip(query.sets, _weights([query]), strict=True)):
        prefix = f"{query.name}_{number}_"
        bound = _renamed(text, prefix)
        variables = tuple((prefix + key, _plain(value)) for key, value in values.items())
        scripts.append(
            Script(f"{query.name}_{number}", f"{_OPERATION if ':op' in bound else ''}{bound}\n", weight, variables)
        )
    return scripts


def _renamed(text: str, prefix: str) -> str:
    """The text with a name of its own for every parameter but the operation's number."""
    return _PARAMETER.sub(lambda match: match[0] if match[1] == "op" else f":{prefix}{match[1]}", text)


def _plain(value: object) -> str:
    return "{" + ",".join(map(str, value)) + "}" if isinstance(value, list) else str(value)


async def measure(run: Run, options: argparse.Namespace) -> Mapping[str, Any]:
    """All parts, one after the other, on the settled arms."""
    bench = Bench(run, options.rounds, options.seconds, options.clients)
    connection = await run.databases.connect("before")
    queries = [_cut(item) for item in await bind_workload(connection, run.job.scenario.queries)]
    await connection.close()
    return {
        **await bench.point_select(options.rate),
        **await bench.wide(queries, options.wide),
        **await bench.mix(queries),
    }


def _cut(query: BoundQuery) -> BoundQuery:
    return replace(query, sets=query.sets[:MOST_SETS])


def main() -> None:
    """Seeds and migrates as a run does, measures in its place, prints what each round gave and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="crm")
    parser.add_argument("--scale", default="10k")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each side in each round")
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1000.0, help="of the point select")
    parser.add_argument("--wide", default="sales_list", help="the query with wide rows")
    options = parser.parse_args()
    found: dict[str, Any] = {}

    async def phases(run: Run) -> None:
        await seed_template(run)
        await build_arms(run)
        await settle_arms(run)
        found.update(await measure(run, options))

    with tempfile.TemporaryDirectory() as folder:
        chosen = RunOptions(
            scenario=options.scenario, scale=options.scale, arms=("before", "after"), results=Path(folder)
        )
        ended = run_to_end(chosen, None, Silent(), phases)
        if ended.problem is not None:
            raise ended.problem
    print(json.dumps(found))


if __name__ == "__main__":
    main()
