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


@dataclass(frozen=True)
class Unchanged:
    """One comparison of two states that are the same: any verdict but equivalent or inconclusive is a false alarm.

    `verdict` is what is counted: before the control widens any margin. `as_judged` is what a run would have said.
    `scatter` is the standard deviation of the blocks' log ratios (of a pair: the new run's).
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
class CalibrationRun:
    """One A/A run, or one pair of unchanged runs: a line of calibration.jsonl."""

    kind: Kind
    run: int
    scenario: str
    scale: str
    budget_s: float
    seed: int
    blocks: int
    seconds: float
    unchanged: tuple[Unchanged, ...]
    planted: tuple[Planted, ...]
    rivals: tuple[Rival, ...]


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
class Calibration:
    """The sum of all runs; what `bench calibrate --json` prints.

    `alarmed_runs` are runs (pairs) with any alarm. `ci_low`, `ci_high`: Clopper-Pearson at 95 %. `power`: share of
    slow-downs by ten percent of one query that were called slower. `coverage`: share of intervals that hold the truth,
    no effect. `decided_share`: share of unchanged comparisons that a run would have decided. None where nothing was
    counted.
    """

    runs: int
    comparisons: int
    alarms: int
    alarmed_runs: int
    false_alarm_rate: float | None
    ci_low: float
    ci_high: float
    power: float | None
    coverage: float | None
    decided_share: float | None
    others: tuple[RivalRate, ...]
