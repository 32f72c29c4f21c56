"""One measurement of a calibration: every arm a fresh clone of the old state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness import arms
from harness.calibrate import PLANTED
from harness.job import Run
from harness.measure.model import Form, Measurement, MeasureOptions
from harness.measure.run import measure
from harness.migrate import settle, warm
from harness.phases.measure import open_statistics
from harness.progress import Progress
from harness.workload import BoundQuery

FORMS: Mapping[str, Form] = {"before": "before", "after": "before", "control": "before", PLANTED: "after"}
"""All arms are clones of the old state; only the slowed one runs other texts."""

ARMS = tuple(FORMS)

LEARNING = 2
"""Measurements that come first, in which the cost of the known slow-down is learnt."""


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


async def measure_clones(
    run: Run, queries: tuple[BoundQuery, ...], names: tuple[str, ...], number: int, path: Path
) -> Measurement:
    """On fresh clones, as every run has them: what an earlier one wrote, or where its files lay, must not be shared.

    Fewer arms than ARMS have that much less of the budget.
    """
    options, databases = run.job.options, run.databases
    budget_s = options.budget_s * len(names) / len(ARMS)
    progress = _Within(run.progress, number, budget_s)
    for arm in names:
        await databases.drop(arm)
        await databases.create(arm, template=arms.TEMPLATE)
        await settle(databases.server, databases.name(arm))
    await warm(databases.server, [databases.name(arm) for arm in names], progress)
    return await measure(
        queries,
        {arm: databases.name(arm) for arm in names},
        databases.server.address,
        MeasureOptions(
            budget_s=budget_s,
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
