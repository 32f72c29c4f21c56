"""From paired blocks to an effect: log ratios, their Hodges-Lehmann estimate, its exact interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from harness.stats.model import Effect
from harness.stats.signed_rank import confidence_interval, hodges_lehmann

_ROUNDING = 1e-12
"""Log ratios that differ by less are the same: what is left of the last bits of a logarithm."""


def log_ratios(
    baseline: Sequence[float | None], changed: Sequence[float | None], look: int | None = None
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """log(changed / baseline) of the first `look` blocks in which both exist, and what is wrong with them.

    A figure of zero (or below, or not finite) has no logarithm: then there are no differences at all, for leaving out
    single blocks would choose among them.
    """
    pairs = [
        (first, second)
        for first, second in list(zip(baseline, changed, strict=False))[:look]
        if first is not None and second is not None
    ]
    bad = sum(not (_positive(first) and _positive(second)) for first, second in pairs)
    if bad:
        return (), (f"{bad} of {len(pairs)} blocks hold a latency of zero or none that is finite: no ratio exists",)
    return tuple(math.log(second / first) for first, second in pairs), ()


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0


def logs_of(ratios: Sequence[float | None]) -> tuple[float, ...]:
    """The logarithms of those that are there and have one."""
    return tuple(math.log(value) for value in ratios if value is not None and _positive(value))


def estimate(differences: Sequence[float], level: float) -> Effect:
    """The ratio exp(Hodges-Lehmann) with its signed-rank interval at `level`; both absent where blocks are too few."""
    if not differences:
        return Effect(level=level, warnings=("no block holds both arms: nothing was measured",))
    warnings = []
    interval = confidence_interval(differences, level)
    if interval is None:
        warnings.append(f"too few blocks ({len(differences)}) for an interval at {level:.1%}")
    if len(differences) > 1 and max(differences) - min(differences) < _ROUNDING:
        warnings.append("every block gives the same ratio: the latencies are constant or coarsely rounded")
    return Effect(
        ratio=math.exp(hodges_lehmann(differences)),
        ci_low=math.exp(interval[0]) if interval else None,
        ci_high=math.exp(interval[1]) if interval else None,
        level=level,
        differences=tuple(differences),
        warnings=tuple(warnings),
    )


def unlike(effect: Effect, whole: Sequence[float | None], delta: float) -> Effect | None:
    """What all operations' times together changed by, where that is not the typical operation's effect.

    `whole` are these factors by block. It is proven where the intervals of both, at the effect's level, lie further
    apart than `delta`; None where it is not.
    """
    found = estimate(logs_of(whole), effect.level)
    if found.ci_low is None or found.ci_high is None or effect.ci_low is None or effect.ci_high is None:
        return None
    if found.ci_low <= effect.ci_high * (1 + delta) and effect.ci_low <= found.ci_high * (1 + delta):
        return None
    return found


def lag_one(differences: Sequence[float]) -> float | None:
    """Their correlation from one block to the next; about -1/K where there is none. None below three, or of equal ones.

    Source: Box, Jenkins 1970, section 2.1.6.
    """
    if len(differences) < 3:
        return None
    middle = math.fsum(differences) / len(differences)
    away = [value - middle for value in differences]
    whole = math.fsum(value * value for value in away)
    if whole < _ROUNDING:
        return None
    return math.fsum(first * second for first, second in pairwise(away)) / whole


def noise_bound(control: Sequence[float], level: float) -> float:
    """How far, as a ratio minus one, the control may lie from no effect: the far end of its interval.

    Where blocks are too few for the interval at `level`, the largest of its differences stands in. Zero without any.
    """
    if not control:
        return 0.0
    ends = confidence_interval(control, level) or (min(control), max(control))
    return math.expm1(max(abs(ends[0]), abs(ends[1])))
