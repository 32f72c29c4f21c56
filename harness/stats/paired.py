"""The effect within one block: how much longer the same operations take on the changed arm."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Latencies = Sequence[float] | NDArray[np.floating]


def typical_ratio(baseline_s: Latencies, changed_s: Latencies) -> float | None:
    """changed / baseline of the typical operation; entry i of both is the same operation. None without any.

    The exponential of the interquartile mean of the log ratios: the mean of what is left without the n // 4 smallest
    and the n // 4 largest of them (a trimmed mean at 25 %; Tukey, McLaughlin 1963). Unlike the quotient of two
    medians it does not jump where parameter sets differ in cost and a median lies between two of them, and unlike a
    median of the ratios it does not where they differ in effect; up to a quarter of all executions may be hiccups of
    either arm. Not a number where the middle half holds latencies of zero or below.
    """
    if not len(baseline_s):
        return None
    before, after = logs(baseline_s, changed_s)
    with np.errstate(invalid="ignore"):
        mean = interquartile_mean(after - before)
    return math.exp(mean) if math.isfinite(mean) else math.nan


def logs(*sides: Latencies) -> list[NDArray[np.float64]]:
    """The logarithms of each side's latencies; what has none is infinite or not a number."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return [np.log(np.asarray(side, np.float64)) for side in sides]


def interquartile_mean(values: NDArray[np.float64]) -> float:
    """The mean without the n // 4 smallest and the n // 4 largest of the n values, of which there is at least one."""
    ordered, tail = np.sort(values), len(values) // 4
    return float(ordered[tail : len(ordered) - tail].mean())
