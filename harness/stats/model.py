"""The frozen types of the statistics: rules, series of blocks, effects, evidence, decisions; warnings are values."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import stdev
from typing import Literal, Protocol

Verdict = Literal["slower", "faster", "equivalent", "inconclusive"]


@dataclass(frozen=True)
class Rules:
    """What is asked of the evidence; the defaults are those of every run.

    `alpha` is the family-wise error rate, spent in equal parts at each of `looks` (numbers of blocks). An effect
    within `margin` is too small to be called slower or faster; one proven to lie within `delta` is equivalent. The
    effects of two runs may differ by `shift_margin`: each run has clones of its own, and equal ones lie 0.65 % apart
    (root mean square), which makes 0.9 % between two runs' ratios; a thousandth of them lies beyond three times that.
    `power` is what the numbers of blocks needed and the smallest detectable effects are computed for.
    """

    alpha: float = 0.05
    looks: tuple[int, ...] = (12, 20, 40)
    margin: float = 0.02
    shift_margin: float = 0.03
    delta: float = 0.05
    power: float = 0.9

    @property
    def look_alpha(self) -> float:
        """The share of alpha that one look may spend (Bonferroni over the looks)."""
        return self.alpha / len(self.looks)

    @property
    def level(self) -> float:
        """The level of an interval such that it covers at least 1 - alpha whichever look ends the run."""
        return 1 - self.look_alpha


@dataclass(frozen=True)
class Series:
    """One comparison block by block: the same quantity on the baseline, on the changed arm and on the control arm.

    Index k is the k-th block after the warm-up; None where the block is void or was not run. Positive figures
    (seconds); the control may be empty.
    """

    baseline: tuple[float | None, ...]
    changed: tuple[float | None, ...]
    control: tuple[float | None, ...] = ()
    invalid: str = ""
    """Why no figure of this comparison may be used (failed executions); empty where they may."""
    doubts: tuple[str, ...] = ()
    """Why the figures of the blocks up to each index, shown as they are, may decide nothing (too many are void); empty
    where they may."""
    whole: tuple[float | None, ...] = ()
    """changed / baseline of all operations' times together, where the figures are of the typical operation alone."""

    def doubt(self, look: int | None = None) -> str:
        """Why the figures of the first `look` blocks, or of all, may decide nothing."""
        return next(iter(self.doubts[:look][-1:]), "")


@dataclass(frozen=True)
class Effect:
    """The ratio changed / baseline with its interval; None where nothing valid was measured.

    `differences` are the log ratios of the blocks that it rests on, `level` is the interval's.
    """

    ratio: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    level: float = 0.0
    differences: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def blocks(self) -> int:
        """The number of paired blocks."""
        return len(self.differences)

    @property
    def scatter(self) -> float | None:
        """The standard deviation of the blocks' log ratios, about a relative one; None below two blocks."""
        return stdev(self.differences) if len(self.differences) > 1 else None


@dataclass(frozen=True)
class Evidence:
    """One-sided p-values of one comparison, before any adjustment."""

    slower: float = 1.0
    faster: float = 1.0
    equivalent: float = 1.0


class Ruling(Protocol):
    """What every kind of decision tells, so that one procedure replays the looks of all of them."""

    @property
    def evidence(self) -> Evidence:
        """The p-values before any adjustment."""

    @property
    def settled(self) -> bool:
        """Whether further blocks have nothing to add."""


@dataclass(frozen=True)
class Decision:
    """The verdict on one comparison and all that it rests on.

    `p_adjusted` is the smaller of the two directional p-values after Holm and after the looks: compare it with alpha.
    `look` is the number of blocks at which the comparison was settled or last looked at. `blocks_needed` would settle
    an inconclusive comparison at the rules' power, if the effect is what it seems, None where no number up to the last
    look would; `detectable` is the smallest slow-down (0.05: five percent) that this many blocks find at that power.
    `doubtful`: what the effect is of may decide nothing (too many void blocks), or is not what all operations together
    did.
    """

    verdict: Verdict
    effect: Effect
    evidence: Evidence
    margin: float
    p_adjusted: float | None = None
    look: int = 0
    blocks_needed: int | None = None
    detectable: float | None = None
    doubtful: bool = False
    warnings: tuple[str, ...] = field(default=())

    @property
    def settled(self) -> bool:
        """Whether there is a verdict; such a comparison takes no more slices."""
        return self.verdict != "inconclusive"


@dataclass(frozen=True)
class Pair:
    """One comparison in two independent runs: a stored one and a new one."""

    base: Series
    new: Series


@dataclass(frozen=True)
class Shift:
    """How far the effect of the new run lies from that of the stored one: their quotient, with its interval.

    `ratio` 1.10: the changed arm takes ten percent more, relative to its own run's baseline arm, than it took in the
    stored run. None where one of the two runs measured nothing valid.
    """

    ratio: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    level: float = 0.0


@dataclass(frozen=True)
class ShiftDecision:
    """The verdict on one comparison of two runs and all that it rests on.

    `verdict` has the meaning and precedence that it has within a run. `passes`: it is not slower, and a slow-down
    beyond delta is rejected; that settles it for a gate even where the verdict is inconclusive. `base` and `new` are
    the effects of the two runs by themselves.
    """

    verdict: Verdict
    passes: bool
    shift: Shift
    base: Effect
    new: Effect
    evidence: Evidence
    not_slower: float
    """p-value of "no slow-down beyond delta"."""
    margin: float
    p_adjusted: float | None = None
    look: int = 0
    detectable: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether the gate has its answer; such a comparison takes no more slices."""
        return self.passes or self.verdict == "slower"
