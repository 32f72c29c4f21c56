"""What a calibration keeps: one record per run or pair of runs, and the sum of them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.result.measurement import Verdict

SHARES = (0.05, 0.10, 0.20)
"""Known slow-downs, as shares of a query's own median."""

HEADLINE_SHARE = 0.10
"""The one whose power is the calibration's `power`."""

PLANTED = "slowed"
"""The arm whose queries carry the known slow-down: a clone of `before` like all others."""

Kind = Literal["runs", "pairs"]

METHOD = 7
"""Raised with every change of what is measured or how it is judged: rates of two methods are not summed up."""


@dataclass(frozen=True)
class Unchanged:
    """One comparison of two states that are the same: any verdict but equivalent or inconclusive is a false alarm.

    `verdict` is what is counted: before the control widens any margin. `as_judged` is what a run would have said.
    `scatter` is the standard deviation of the blocks' log ratios, `lag1` their correlation from one block to the next
    (of a pair: the new run's): the tests hold blocks to be independent.
    """

    query: str
    clients: int
    ratio: float | None
    ci_low: float | None
    ci_high: float | None
    blocks: int
    verdict: Verdict
    as_judged: Verdict
    passes: bool
    scatter: float | None = None
    lag1: float | None = None


@dataclass(frozen=True)
class Planted:
    """One query slowed by a known share, judged in the family of all others, which are unchanged."""

    query: str
    clients: int
    share: float
    ratio: float | None
    verdict: Verdict


@dataclass(frozen=True)
class Rival:
    """What a test that others use says of the same samples: a false alarm, and whether it found the slow-down.

    `found` is None where no slow-down was planted in the query.
    """

    test: str
    query: str
    clients: int
    alarm: bool
    share: float | None
    found: bool | None


@dataclass(frozen=True)
class OnMargin:
    """The unchanged family with every effect moved by exactly the margin, to either side: in how many of the two
    directions any query was called so. It is the least favourable truth of "no change beyond the margin", with the
    machine's own noise; unchanged queries lie so far within the margin that hardly any method is alarmed by them.

    `plain` without the control, `judged` with the margin that it gives, as a run judges.
    """

    plain: int
    judged: int


@dataclass(frozen=True)
class Assessed:
    """What one run, or pair, says of what is unchanged and of what was slowed, and what other tests say."""

    unchanged: tuple[Unchanged, ...]
    planted: tuple[Planted, ...]
    rivals: tuple[Rival, ...]
    on_margin: OnMargin


@dataclass(frozen=True)
class CalibrationRun:
    """One A/A run, or one pair of unchanged runs: a line of calibration.jsonl.

    `conditions` are what has to be alike in runs that are summed up, `source` names the run for good. `left_out` are
    loads that took no part, `void_slices` those that may not be used.
    """

    kind: Kind
    run: int
    scenario: str
    scale: str
    budget_s: float
    seed: int
    blocks: int
    seconds: float
    conditions: str
    source: str
    left_out: tuple[str, ...]
    void_slices: int
    found: Assessed


@dataclass(frozen=True)
class RivalRate:
    """False alarms of a test that others use, with their 95 % interval, and its power at the headline share."""

    test: str
    comparisons: int
    alarms: int
    false_alarm_rate: float
    ci_low: float
    ci_high: float
    power: float | None


@dataclass(frozen=True)
class PlantedRate:
    """Slow-downs of one size: how many, how many of them were called slower (with the 95 % interval of that share), and
    the middle of the ratios that were measured; None without any figure."""

    share: float
    planted: int
    found: int
    ci_low: float
    ci_high: float
    measured: float | None


@dataclass(frozen=True)
class Calibration:
    """The sum of all runs; what `bench calibrate --json` prints.

    `comparisons` are those that were to be made, `measured` those with a figure. `alarmed_runs` are runs (pairs)
    with any alarm, `margin_alarms` directions of them (`margin_families`, two a run) alarmed with every effect on
    the margin, judged as a run judges, `margin_alarms_plain` those without what the control adds to the margin.
    `ci_low`, `ci_high` and the like: Clopper-Pearson at 95 %. `power`: share of slow-downs by ten percent of one
    query that were called slower. `coverage`: share of intervals that hold the truth, no effect. `apart`, `apart_most`:
    how far the ratios of unchanged queries lie from 1, in the middle and at the most. `decided_share`:
    share of unchanged comparisons that a run would have decided. `lag1`: the blocks' correlation with the next, in
    the middle of all comparisons. None where nothing was counted.
    """

    runs: int
    comparisons: int
    measured: int
    alarms: int
    false_alarm_rate: float | None
    ci_low: float
    ci_high: float
    alarmed_runs: int
    alarmed_low: float
    alarmed_high: float
    margin_families: int
    margin_alarms: int
    margin_low: float
    margin_high: float
    margin_alarms_plain: int
    power: float | None
    planted: tuple[PlantedRate, ...]
    coverage: float | None
    apart: float | None
    apart_most: float | None
    decided_share: float | None
    lag1: float | None
    void_slices: int
    left_out: int
    others: tuple[RivalRate, ...]
