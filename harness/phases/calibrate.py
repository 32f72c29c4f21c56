"""Measures what does not differ, again and again: A/A runs on fresh clones, with a known slow-down beside them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
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
    Trial,
    assess_pair,
    assess_run,
    burdened,
    can_be_slowed,
    corrected,
    learn_burden,
    raw_latencies,
    typical_time_s,
)
from harness.calibrate.model import METHOD, Assessed, Kind
from harness.digest import digest
from harness.job import Run
from harness.judge import View, query_rules
from harness.judge.view import Basis
from harness.measure.model import Load, Measurement
from harness.phases.clones import ARMS, LEARNING, measure_clones
from harness.phases.measure import SAMPLES_FILE
from harness.phases.seed import seed_template
from harness.scenario import query_fingerprint
from harness.stats import Rules
from harness.workload import BoundQuery, bind_workload


@dataclass(frozen=True)
class CalibrationPlan:
    """How many A/A runs, or (`kind` pairs) how many pairs of them that the gate holds against each other."""

    kind: Kind
    count: int

    @property
    def measurements(self) -> int:
        """Runs that are measured."""
        return self.count if self.kind == "runs" else 2 * self.count


async def calibrate_method(run: Run, plan: CalibrationPlan, lines: Lines) -> None:
    """Seeds once; clones, measures and judges each run; appends its record to `lines` as soon as it ends."""
    await seed_template(run)
    queries = await _workload(run)
    run.progress.start("calibrate", total=LEARNING + plan.measurements, unit="runs")
    learnt, trials = await _learn(run, queries), list[Trial]()
    with run.recorder.phase("calibrate"):
        earlier: Measured | None = None
        for number in range(plan.measurements):
            began = time.perf_counter()
            if plan.kind == "pairs":
                await _seed_again(run)
            measured, measurement, seen = await _measure_once(run, queries, corrected(learnt, trials), number)
            trials += seen
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
    measurement = await measure_clones(run, wrapped, ("before", PLANTED), number, path)
    view = View(measurement.table, query_rules([query.query for query in queries]), measurement.invalid_loads())
    times = {basis: raw_latencies(path, view, basis) for basis in get_args(Basis)}
    found = {}
    for query in queries:
        load = query.name, min(run.job.options.clients)
        ratio = _typical_ratio(view, load)
        blocks = times[view.headline(load, PLANTED)[1]].get((load, "before"), ())
        if ratio is not None and blocks:
            found[query.name] = (median(map(typical_time_s, blocks)), ratio)
    return found


async def _measure_once(
    run: Run, queries: tuple[BoundQuery, ...], burdens: Mapping[str, Burden], number: int
) -> tuple[Measured, Measurement, list[Trial]]:
    """One run: the shares go round the queries, so that each query gets each of them in turn.

    Where clients have several levels, the slow-down is that share at the lowest, where it was learnt, and counts there.
    """
    shares: dict[str, float] = {}
    counted: dict[str, int] = {}
    wrapped = []
    for index, query in enumerate(queries):
        share = SHARES[(index + number) % len(SHARES)]
        rows = burdens[query.name].rows(share) if query.name in burdens else None
        if rows is not None:
            shares[query.name], counted[query.name] = share, rows
        wrapped.append(burdened(query, rows))
    path = run.recorder.folder / SAMPLES_FILE
    measurement = await measure_clones(run, tuple(wrapped), ARMS, LEARNING + number, path)
    view = View(measurement.table, query_rules([query.query for query in queries]), measurement.invalid_loads())
    lowest = min(run.job.options.clients)
    planted: dict[Load, float] = {(name, lowest): share for name, share in shares.items()}
    raw = raw_latencies(path, view)
    path.unlink()
    trials = [
        Trial(name, rows, ratio - 1)
        for name, rows in counted.items()
        if (ratio := _typical_ratio(view, (name, lowest))) is not None
    ]
    return Measured(view, raw, planted), measurement, trials


def _typical_ratio(view: View, load: Load) -> float | None:
    """By which ratio the typical operation was slowed, of the figure that decides."""
    ratios = [value for value in view.compared(load, PLANTED, *view.headline(load, PLANTED), paired=True) if value]
    return median(ratios) if ratios else None


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
