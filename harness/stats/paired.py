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
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.sort(np.log(np.asarray(changed_s, np.float64)) - np.log(np.asarray(baseline_s, np.float64)))
    tail = len(ratios) // 4
    mean = float(ratios[tail : len(ratios) - tail].mean())
    return math.exp(mean) if math.isfinite(mean) else math.nan
