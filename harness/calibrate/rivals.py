"""The tests that other tools use, replayed on the same raw samples: each asks whether two lists of blocks differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.stats.rank_sum import probability_above, probability_below
from harness.stats.shift import welch_p
from harness.stats.signed_rank import probability_greater, probability_less

Blocks = Sequence[NDArray[np.float64]]
"""Raw latencies of one query on one state, block by block, in seconds; no block is empty."""

ALPHA = 0.05
THRESHOLD = 0.05
"""A fixed threshold on the median, as continuous benchmarking tools have it."""

Direction = int
"""1: the second is called slower, -1: faster, 0: no difference."""


def mann_whitney_raw(first: Blocks, second: Blocks) -> Direction:
    """Mann-Whitney on all raw latencies, as if they were independent."""
    return _two_sided(np.concatenate(first), np.concatenate(second))


def mann_whitney_medians(first: Blocks, second: Blocks) -> Direction:
    """Mann-Whitney on the medians of the slices, not paired."""
    return _two_sided(_medians(first), _medians(second))


def welch_raw(first: Blocks, second: Blocks) -> Direction:
    """Welch's t-test on all raw latencies."""
    one, other = (tuple(np.concatenate(side).tolist()) for side in (first, second))
    return _direction(welch_p(one, other), welch_p(other, one))


def median_threshold(first: Blocks, second: Blocks) -> Direction:
    """The median of all latencies moved by more than five percent."""
    ratio = float(np.median(np.concatenate(second)) / np.median(np.concatenate(first)))
    return 1 if ratio > 1 + THRESHOLD else -1 if ratio < 1 - THRESHOLD else 0


def signed_rank_medians(first: Blocks, second: Blocks) -> Direction:
    """Wilcoxon's signed-rank test on the medians of the slices, paired by block: without a margin, without a family."""
    if len(first) != len(second):
        return 0
    differences = np.log(_medians(second) / _medians(first)).tolist()
    return _direction(probability_greater(differences, 0.0), probability_less(differences, 0.0))


TESTS: dict[str, Callable[[Blocks, Blocks], Direction]] = {
    "Mann-Whitney, raw latencies": mann_whitney_raw,
    "Mann-Whitney, slice medians": mann_whitney_medians,
    "median moved by 5 %": median_threshold,
    "Welch's t, raw latencies": welch_raw,
}


def verdicts(first: Blocks, second: Blocks) -> dict[str, Direction]:
    """What each test says of two states measured in the same blocks: interleaved, and as if one after the other.

    For the latter, the first state is taken from the first half of the run and the second from the rest.
    """
    paired = {"signed rank, slice medians, paired": signed_rank_medians(first, second)}
    half = min(len(first), len(second)) // 2
    sides = {"interleaved": (first, second)}
    if half:
        sides["one after the other"] = (first[:half], second[half:])
    return paired | {f"{name}, {how}": test(*pair) for how, pair in sides.items() for name, test in TESTS.items()}


def verdicts_of_runs(first: Blocks, second: Blocks) -> dict[str, Direction]:
    """What each test says of the same state in two runs."""
    return {f"{name}, run against run": test(first, second) for name, test in TESTS.items()}


def _medians(blocks: Blocks) -> NDArray[np.float64]:
    return np.array([np.median(block) for block in blocks])


def _two_sided(first: NDArray[np.float64], second: NDArray[np.float64]) -> Direction:
    return _direction(probability_above(first, second), probability_below(first, second))


def _direction(above: float, below: float) -> Direction:
    if 2 * min(above, below) > ALPHA:
        return 0
    return 1 if above < below else -1
