"""Quantiles of the latencies of one slice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

ADVISORY_BELOW = {"p50": 0, "p95": 200, "p99": 1000}
"""Samples per arm and block below which a quantile is shown but decides nothing."""

ABSENT_BELOW = {"p50": 1, "p95": 20, "p99": 100}
"""Samples below which a quantile is the largest value under another name, and therefore absent."""

SHARE = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


def quantile(latencies_s: Sequence[float] | NDArray[np.float64], metric: str) -> float | None:
    """The quantile `p50`, `p95` or `p99` in seconds; None where there are too few samples for it.

    Linear interpolation between order statistics (definition 7 of Hyndman, Fan 1996).
    """
    if len(latencies_s) < ABSENT_BELOW[metric]:
        return None
    return float(np.quantile(np.asarray(latencies_s, dtype=np.float64), SHARE[metric]))


def median_interval(values: Sequence[float], level: float) -> tuple[float, float] | None:
    """The interval of the median of what the values are drawn from, whatever its shape; None for too few values.

    The k-th smallest and k-th largest value, k being the largest with P(Binomial(n, 1/2) < k) <= (1 - level) / 2
    (Hahn, Meeker 1991, section 5.2).
    """
    count = len(values)
    tail = (1 - level) / 2
    places = [place for place in range(1, count // 2 + 1) if bdtr(place - 1, count, 0.5) <= tail]
    if not places:
        return None
    ordered = sorted(values)
    return ordered[places[-1] - 1], ordered[count - places[-1]]
