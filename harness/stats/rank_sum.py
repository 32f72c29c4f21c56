"""The Wilcoxon rank-sum distribution of two independent samples, exact for blocks, approximate for very many values.

Under the null hypothesis every choice of which ranks belong to the second sample is equally likely, ties or not: the
distribution of its sum of ranks is counted out. Beyond `MOST_EXACT` values the normal approximation with corrections
for ties and continuity takes its place. Sources: Wilcoxon 1945; Mann, Whitney 1947; Hodges, Lehmann 1963 (estimate);
Hollander, Wolfe, Chicken 2014, sections 4.1 (test, ties), 4.2 (estimate) and 4.3 (interval).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from harness.stats.signed_rank import DECIMALS, doubled_ranks

FloatArray = NDArray[np.float64]
Values = Sequence[float] | FloatArray

MOST_EXACT = 100
"""Up to so many values in both samples together the distribution is counted out."""


def probability_above(first: Values, second: Values, shift: float = 0.0) -> float:
    """p-value of "the second sample lies above the first by more than `shift`"; 1.0 where one of them is empty."""
    count, others = len(second), len(first)
    if not count or not others:
        return 1.0
    pooled = np.concatenate([np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64) - shift])
    doubled = doubled_ranks(np.round(pooled, DECIMALS))
    observed = int(doubled[others:].sum())
    if count + others > MOST_EXACT:
        return _normal_tail(doubled, count, observed)
    tail = _distribution(tuple(np.sort(doubled).tolist()), count)[observed:]
    return float(min(1.0, tail.sum()))


def probability_below(first: Values, second: Values, shift: float = 0.0) -> float:
    """p-value of "the second sample lies below the first plus `shift`"."""
    return probability_above([-value for value in first], [-value for value in second], -shift)


def _normal_tail(doubled: NDArray[np.int64], count: int, observed: int) -> float:
    """P(sum >= observed) by the normal approximation; the variance is that of drawing `count` of the ranks."""
    total = len(doubled)
    spread = float(np.var(doubled)) * count * (total - count) / (total - 1)
    if spread == 0:
        return 1.0
    return float(ndtr(-(observed - 1 - count * float(np.mean(doubled))) / math.sqrt(spread)))


@lru_cache(maxsize=256)
def _distribution(doubled: tuple[int, ...], count: int) -> FloatArray:
    """P(sum = s) for s = 0, 1, ... of `count` ranks drawn without replacement from these doubled ones.

    Row k of the table is the probability that k ranks were drawn so far and what they sum up to (a hypergeometric
    walk through the ranks, so that nothing overflows).
    """
    total = len(doubled)
    table = np.zeros((count + 1, sum(doubled[-count:]) + 1))
    table[0, 0] = 1.0
    for seen, rank in enumerate(doubled):
        left = total - seen
        wanted = np.clip((count - np.arange(count + 1)) / left, 0.0, 1.0)[:, None]
        taken = table * wanted
        table -= taken
        table[1:, rank:] += taken[:-1, : table.shape[1] - rank]
    return np.array(table[count])


def pairwise_differences(first: Values, second: Values) -> FloatArray:
    """Every value of the second sample minus every one of the first, sorted."""
    return np.sort(np.subtract.outer(np.asarray(second, dtype=np.float64), np.asarray(first, dtype=np.float64)).ravel())


def hodges_lehmann_shift(first: Values, second: Values) -> float:
    """The median of the pairwise differences (Hodges, Lehmann 1963). At least one value in each sample."""
    return float(np.median(pairwise_differences(first, second)))


def shift_interval(first: Values, second: Values, level: float) -> tuple[float, float] | None:
    """The interval of the shift at `level`; None where so few values cannot give one.

    The (c + 1)-th smallest and largest pairwise difference, c being the largest with P(U <= c) <= (1 - level) / 2.
    Tied values make it wider than need be, never narrower.
    """
    if not len(first) or not len(second):
        return None
    cut = _cut(len(first), len(second), round((1 - level) / 2, DECIMALS))
    if cut < 0:
        return None
    differences = pairwise_differences(first, second)
    return float(differences[cut]), float(differences[len(differences) - 1 - cut])


@lru_cache(maxsize=1024)
def _cut(first: int, second: int, tail: float) -> int:
    """The largest c with P(U <= c) <= tail for untied samples of these sizes; -1 where there is none."""
    if first + second > MOST_EXACT:
        spread = math.sqrt(first * second * (first + second + 1) / 12)
        return math.floor(first * second / 2 - 0.5 + float(ndtri(tail)) * spread)
    ranks = tuple(range(2, 2 * (first + second) + 1, 2))
    sums = _distribution(ranks, second)[::2]
    cumulative = np.cumsum(sums[second * (second + 1) // 2 :])
    return int(np.searchsorted(cumulative, tail * (1 + 1e-9), side="right")) - 1


def smallest_probability(first: int, second: int) -> float:
    """The smallest one-sided p-value that samples of these sizes can reach: all of one above all of the other."""
    return 1 / math.comb(first + second, second) if first and second else 1.0
