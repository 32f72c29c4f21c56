"""The frozen types of the statistics: rules, series of blocks, effects, evidence, decisions; warnings are values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["slower", "faster", "equivalent", "inconclusive"]


@dataclass(frozen=True)
class Rules:
    """What is asked of the evidence; the defaults are those of every run.

    `alpha` is the family-wise error rate, spent in equal parts at each of `looks` (numbers of blocks). An effect
    within `margin` is too small to be called slower or faster; one proven to lie within `delta` is equivalent.
    `power` is what the numbers of blocks needed and the smallest detectable effects are computed for.
    """

    alpha: float = 0.05
    looks: tuple[int, ...] = (12, 20, 40)
    margin: float = 0.02
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
    doubtful: str = ""
    """Why the figures, shown as they are, may decide nothing (too many void blocks); empty where they may."""


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


@dataclass(frozen=True)
class Evidence:
    """One-sided p-values of one comparison, before any adjustment."""

    slower: float = 1.0
    faster: float = 1.0
    equivalent: float = 1.0


@dataclass(frozen=True)
class Decision:
    """The verdict on one comparison and all that it rests on.

    `p_adjusted` is the smaller of the two directional p-values after Holm and after the looks: compare it with alpha.
    `look` is the number of blocks at which the comparison was settled or last looked at. `blocks_needed` would settle
    an inconclusive comparison at the rules' power, if the effect is what it seems; `detectable` is the smallest
    slow-down (0.05: five percent) that this many blocks find at that power.
    """

    verdict: Verdict
    effect: Effect
    evidence: Evidence
    margin: float
    p_adjusted: float | None = None
    look: int = 0
    blocks_needed: int | None = None
    detectable: float | None = None
    warnings: tuple[str, ...] = field(default=())
