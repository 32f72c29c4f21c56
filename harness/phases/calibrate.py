"""Measures what does not differ, again and again: A/A runs on fresh clones, with a known slow-down beside them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import get_args

from harness import arms, text
from harness.calibrate import (
    FIRST_GUESS,
    PLANTED,
    SHARES,
    Burden,
    CalibrationRun,
    Lines,
    Measured,
    assess_pair,
    assess_run,
    burdened,
    can_be_slowed,
    learn_burden,
    raw_latencies,
    typical_time_s,
)
from harness.calibrate.model import METHOD, Assessed, Kind
from harness.digest import digest
from harness.job import Run
from harness.judge import View, query_rules
from harness.judge.view import Basis
from harness.measure.model import Form, Load, Measurement, MeasureOptions
from harness.measure.run import measure
from harness.migrate import settle
from harness.phases.measure import SAMPLES_FILE, open_statistics
from harness.phases.seed import seed_template
from harness.progress import Progress
from harness.scenario import query_fingerprint
from harness.stats import Rules
from harness.workload import BoundQuery, bind_workload

FORMS: Mapping[str, Form] = {"before": "before", "after": "before", "control": "before", PLANTED: "after"}
"""All arms are clones of the old state; only the slowed one runs other texts."""

ARMS = tuple(FORMS)

LEARNING = 2
"""Measurements that come first, in which the cost of the known slow-down is learnt."""


@dataclass(frozen=True)
class CalibrationPlan:
    """How many A/A runs, or (`kind` pairs) how many pairs of them that the gate holds against each other."""

    kind: Kind
    count: int

    @property
    def measurements(self) -> int:
        """Runs that are measured."""
        return self.count if self.kind == "runs" else 2 * self.count


@dataclass(frozen=True)
class _Within:
    """Progress of one measurement as its part of the whole; what each of them notes is told of the first one only."""

    whole: Progress
    number: int
    budget_s: float

    def start(self, phase: str, total: float | None = None, unit: str = "") -> None:
        """The whole has begun already."""

    def update(self, done: float, detail: str = "") -> None:
        """Moves the bar of the whole."""
        self.whole.update(self.number + min(done / self.budget_s, 1.0), f"run {self.number + 1}, {detail}")

    def note(self, message: str) -> None:
        """Passes on what the first measurement that counts notes: the two before it have other arms."""
        if self.number == LEARNING:
            self.whole.note(message)


async def calibrate_method(run: Run, plan: CalibrationPlan, lines: Lines) -> None:
    """Seeds once; clones, measures and judges each run; appends its record to `lines` as soon as it ends."""
    await seed_template(run)
    queries = await _workload(run)
    run.progress.start("calibrate", total=LEARNING + plan.measurements, unit="runs")
    burdens = await _learn(run, queries)
    with run.recorder.phase("calibrate"):
        earlier: Measured | None = None
        for number in range(plan.measurements):
            began = time.perf_counter()
            if plan.kind == "pairs":
                await _seed_again(run)
            measured, measurement = await _measure_once(run, queries, burdens, number)
            if plan.kind == "pairs" and earlier is None:
                earlier = measured
                continue
            found = assess_run(measured, Rules()) if earlier is None else assess_pair(earlier, measured, Rules())
            lines.add(run.recorder.folder, _record(run, plan, len(lines.runs), found, measurement, began))
            earlier = None


async def _seed_again(run: Run) -> None:
    """The two runs of a pair share no more than two nights do: rows and statistics are made anew for each."""
    await run.databases.drop_all()
    await seed_template(run)


async def _workload(run: Run) -> tuple[BoundQuery, ...]:
    connection = await run.databases.connect(arms.TEMPLATE)
    try:
        return await bind_workload(connection, run.job.scenario.queries)
    finally:
        await connection.close()


async def _learn(run: Run, queries: tuple[BoundQuery, ...]) -> dict[str, Burden]:
    """Two measurements of what the wrapper and each counted row cost, as the timed client sees it."""
    reading = [query for query in queries if can_be_slowed(query)]
    with run.recorder.phase("learn"):
        run.progress.note("the first two measurements learn what the known slow-down costs")
        light = await _typical(run, reading, 1, 0)
        heavy = await _typical(run, reading, FIRST_GUESS, 1)
    burdens = learn_burden([query.name for query in reading], light, heavy)
    for name, burden in burdens.items():
        lost = [f"{share:.0%}" for share in SHARES if burden.rows(share) is None]
        if lost:
            run.recorder.note(f"{name} is too short to be slowed by {', '.join(lost)}")
    return burdens


async def _typical(run: Run, queries: list[BoundQuery], rows: int, number: int) -> dict[str, tuple[float, float]]:
    """The typical time of each query in seconds, at the lowest level of clients, and the ratio by which it grows.

    Both are of the figure that will decide: the response, or the server's time.
    """
    if not queries:
        return {}
    wrapped = tuple(burdened(query, rows) for query in queries)
    path = run.recorder.folder / SAMPLES_FILE
    measurement = await _measure(run, wrapped, ("before", PLANTED), number, path)
    view = View(measurement.table, query_rules([query.query for query in queries]), measurement.invalid_loads())
    times = {basis: raw_latencies(path, view, basis) for basis in get_args(Basis)}
    found = {}
    for query in queries:
        load = query.name, min(run.job.options.clients)
        metric, basis = view.headline(load, PLANTED)
        ratios = [value for value in view.compared(load, PLANTED, metric, basis, paired=True) if value]
        blocks = times[basis].get((load, "before"), ())
        if ratios and blocks:
            found[query.name] = (median(map(typical_time_s, blocks)), median(ratios))
    return found


async def _measure_once(
    run: Run, queries: tuple[BoundQuery, ...], burdens: Mapping[str, Burden], number: int
) -> tuple[Measured, Measurement]:
    """One run: the shares go round the queries, so that each query gets each of them in turn.

    Where clients have several levels, the slow-down is that share at the lowest, where it was learnt, and counts there.
    """
    shares: dict[str, float] = {}
    wrapped = []
    for index, query in enumerate(queries):
        share = SHARES[(index + number) % len(SHARES)]
        rows = burdens[query.name].rows(share) if query.name in burdens else None
        if rows is not None:
            shares[query.name] = share
        wrapped.append(burdened(query, rows))
    path = run.recorder.folder / SAMPLES_FILE
    measurement = await _measure(run, tuple(wrapped), ARMS, LEARNING + number, path)
    view = View(measurement.table, query_rules([query.query for query in queries]), measurement.invalid_loads())
    lowest = min(run.job.options.clients)
    planted: dict[Load, float] = {(name, lowest): share for name, share in shares.items()}
    raw = raw_latencies(path, view)
    path.unlink()
    return Measured(view, raw, planted), measurement


async def _measure(
    run: Run, queries: tuple[BoundQuery, ...], names: tuple[str, ...], number: int, path: Path
) -> Measurement:
    """On fresh clones, as every run has them: what an earlier one wrote, or where its files lay, must not be shared."""
    options, databases = run.job.options, run.databases
    progress = _Within(run.progress, number, options.budget_s)
    for arm in names:
        await databases.drop(arm)
        await databases.create(arm, template=arms.TEMPLATE)
        await settle(databases.server, databases.name(arm), progress)
    return await measure(
        queries,
        {arm: databases.name(arm) for arm in names},
        databases.server.address,
        MeasureOptions(
            budget_s=options.budget_s,
            clients=options.clients,
            seed=options.seed + 1000 * number,
            statement_timeout_s=options.statement_timeout_s,
            stats_database=await open_statistics(run),
        ),
        lambda _: set(),  # every query takes all its blocks; the looks are replayed when it is judged
        path,
        progress,
        forms=FORMS,
    )


def _record(
    run: Run, plan: CalibrationPlan, number: int, found: Assessed, measurement: Measurement, began: float
) -> CalibrationRun:
    options = run.job.options
    return CalibrationRun(
        kind=plan.kind,
        run=number + 1,
        scenario=run.job.scenario.name,
        scale=options.scale,
        budget_s=options.budget_s,
        seed=options.seed,
        blocks=measurement.table.counted_blocks,
        seconds=math.ceil(time.perf_counter() - began),
        conditions=_conditions(run),
        source=f"{run.recorder.result.run_id}/{number + 1}",
        left_out=tuple(f"{query} at {clients}" for query, clients in measurement.left_out),
        void_slices=len(measurement.void_slices),
        found=found,
    )


def _conditions(run: Run) -> str:
    """What has to be alike in calibrations that are summed up, beside what each record names by itself."""
    options, environment = run.job.options, run.recorder.result.environment
    machine = environment.machine
    clients = ",".join(map(str, options.clients))
    place = f"{machine.get('processor')}, {text.count(machine.get('cores'), 'core')}"
    server = f"PostgreSQL {environment.server_version} ({environment.server_kind})"
    seeded = run.recorder.result.seed_manifest
    question = digest(
        [
            seeded and [seeded.schema_fingerprint, seeded.seed_fingerprint, seeded.access_fingerprint],
            [query_fingerprint(query) for query in run.job.scenario.queries],
        ]
    )
    return f"profile {options.profile}, clients {clients}, {place}, {server}, question {question}, method {METHOD}"
