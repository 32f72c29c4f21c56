"""Quantiles of the latencies of one slice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

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
