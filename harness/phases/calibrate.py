"""Measures what does not differ, again and again: A/A runs on fresh clones, with a known slow-down beside them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness import arms
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
)
from harness.calibrate.model import Kind
from harness.job import Run
from harness.judge import View, query_rules
from harness.measure.model import Form, Load, Measurement, MeasureOptions
from harness.measure.run import measure
from harness.migrate import settle
from harness.phases.measure import SAMPLES_FILE, open_statistics
from harness.phases.seed import seed_template
from harness.stats import Rules
from harness.workload import BoundQuery, bind_workload

FORMS: Mapping[str, Form] = {"before": "before", "after": "before", "control": "before", PLANTED: "after"}
"""All arms are clones of the old state; only the slowed one runs other texts."""

ARMS = tuple(FORMS)


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
    burdens = await _learn(run, queries)
    with run.recorder.phase("calibrate"):
        earlier: Measured | None = None
        for number in range(plan.measurements):
            began = time.perf_counter()
            run.progress.note(f"run {number + 1} of {plan.measurements}")
            measured = await _measure_once(run, queries, burdens, number)
            if plan.kind == "runs":
                lines.add(run.recorder.folder, _record(run, plan, number, measured, None, began))
            elif earlier is None:
                earlier = measured
            else:
                lines.add(run.recorder.folder, _record(run, plan, number // 2, measured, earlier, began))
                earlier = None


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
        run.progress.note("learning what the known slow-down costs: two measurements")
        light = await _medians(run, reading, 1, -2)
        heavy = await _medians(run, reading, FIRST_GUESS, -1)
    burdens = learn_burden([query.name for query in reading], light, heavy)
    for name, burden in burdens.items():
        lost = [f"{share:.0%}" for share in SHARES if burden.rows(share) is None]
        if lost:
            run.recorder.note(f"{name} is too short to be slowed by {', '.join(lost)}")
    return burdens


async def _medians(run: Run, queries: list[BoundQuery], rows: int, number: int) -> dict[str, tuple[float, float]]:
    """(plain, slowed) medians of each query in seconds, at the lowest level of clients.

    Of all blocks the quietest counts on either side: a busy machine adds time and never takes any away.
    """
    if not queries:
        return {}
    wrapped = tuple(burdened(query, rows) for query in queries)
    path = run.recorder.folder / SAMPLES_FILE
    measurement = await _measure(run, wrapped, ("before", PLANTED), number, path)
    view = View(measurement.table, query_rules([query.query for query in queries]), measurement.invalid_loads())
    found = {}
    for query in queries:
        load = query.name, min(run.job.options.clients)
        sides = [[value for value in view.values(load, arm, "p50", "response") if value] for arm in ("before", PLANTED)]
        if all(sides):
            found[query.name] = (min(sides[0]), min(sides[1]))
    return found


async def _measure_once(
    run: Run, queries: tuple[BoundQuery, ...], burdens: Mapping[str, Burden], number: int
) -> Measured:
    """One run: the shares go round the queries, so that each query gets each of them in turn."""
    shares: dict[str, float] = {}
    wrapped = []
    for index, query in enumerate(queries):
        share = SHARES[(index + number) % len(SHARES)]
        rows = burdens[query.name].rows(share) if query.name in burdens else None
        if rows is not None:
            shares[query.name] = share
        wrapped.append(burdened(query, rows))
    path = run.recorder.folder / SAMPLES_FILE
    measurement = await _measure(run, tuple(wrapped), ARMS, number, path)
    view = View(measurement.table, query_rules([query.query for query in queries]), measurement.invalid_loads())
    planted: dict[Load, float] = {load: shares[load[0]] for load in view.loads if load[0] in shares}
    raw = raw_latencies(path)
    path.unlink()
    return Measured(view, raw, planted)


async def _measure(
    run: Run, queries: tuple[BoundQuery, ...], names: tuple[str, ...], number: int, path: Path
) -> Measurement:
    """On fresh clones, as every run has them: what an earlier one wrote, or where its files lay, must not be shared."""
    options, databases = run.job.options, run.databases
    for arm in names:
        await databases.drop(arm)
        await databases.create(arm, template=arms.TEMPLATE)
        await settle(databases.server, databases.name(arm), run.progress)
    return await measure(
        queries,
        {arm: databases.name(arm) for arm in names},
        databases.server.address,
        MeasureOptions(
            budget_s=options.budget_s,
            clients=options.clients,
            seed=options.seed + 1000 * (number + len(SHARES)),
            statement_timeout_s=options.statement_timeout_s,
            stats_database=await open_statistics(run),
        ),
        lambda _: set(),  # every query takes all its blocks; the looks are replayed when it is judged
        path,
        run.progress,
        forms=FORMS,
    )


def _record(
    run: Run, plan: CalibrationPlan, number: int, measured: Measured, earlier: Measured | None, began: float
) -> CalibrationRun:
    options = run.job.options
    found = assess_run(measured, Rules()) if earlier is None else assess_pair(earlier, measured, Rules())
    return CalibrationRun(
        kind=plan.kind,
        run=number + 1,
        scenario=run.job.scenario.name,
        scale=options.scale,
        budget_s=options.budget_s,
        seed=options.seed,
        blocks=measured.view.blocks,
        seconds=math.ceil(time.perf_counter() - began),
        unchanged=found[0],
        planted=found[1],
        rivals=found[2],
    )
