"""The Wilcoxon signed-rank distribution, exact also where differences tie or vanish.

Under the null hypothesis the differences are independent and symmetric about zero, so that each sign is a fair coin
whatever the magnitudes are. The distribution of the sum of positive ranks, given the magnitudes, is therefore exact:
it is the product of the polynomials (1 + x^rank) / 2. Sources: Wilcoxon 1945; Pratt 1959 (zeros are ranked, then
dropped); Hollander, Wolfe, Chicken 2014, section 3.1 (distribution, ties) and 3.3 (interval).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

DECIMALS = 12
"""Differences are compared at this many decimals: the last bits of a logarithm differ between machines, and a tie
there must not be a difference here."""


def probability_greater(differences: Sequence[float], shift: float = 0.0) -> float:
    """p-value of "the differences lie above `shift`": P(sum of positive ranks >= the observed one).

    1.0 where nothing speaks for it: no difference at all, or only zeros.
    """
    values = np.round(np.asarray(differences, dtype=np.float64) - shift, DECIMALS)
    if not np.any(values):
        return 1.0
    doubled = doubled_ranks(np.abs(values))
    positive = int(doubled[values > 0].sum())
    tail = _distribution(tuple(sorted(int(rank) for rank in doubled[values != 0])))[positive:]
    return float(min(1.0, tail.sum()))


def probability_less(differences: Sequence[float], shift: float = 0.0) -> float:
    """p-value of "the differences lie below `shift`"."""
    return probability_greater([-value for value in differences], -shift)


def doubled_ranks(magnitudes: FloatArray) -> NDArray[np.int64]:
    """Twice the rank of each, counted from one; tied ones share the mean of theirs (scipy.stats takes long to load)."""
    _, group, sizes = np.unique(magnitudes, return_inverse=True, return_counts=True)
    return np.asarray((2 * np.cumsum(sizes) - sizes + 1)[group], dtype=np.int64)


@lru_cache(maxsize=4096)
def _distribution(doubled_ranks: tuple[int, ...]) -> FloatArray:
    """P(sum = s) for s = 0, 1, ... of the doubled ranks, each of which counts with probability one half.

    Ranks are doubled because tied magnitudes share the mean of their ranks, which may end in a half.
    """
    mass = np.zeros(sum(doubled_ranks) + 1)
    mass[0] = 1.0
    for rank in doubled_ranks:
        mass[rank:] += mass[: len(mass) - rank].copy()
        mass /= 2
    return mass


def walsh_averages(differences: Sequence[float]) -> FloatArray:
    """The n(n+1)/2 means of all pairs, each value with itself included, sorted."""
    values = np.asarray(differences, dtype=np.float64)
    rows, columns = np.triu_indices(len(values))
    return np.sort((values[rows] + values[columns]) / 2)


def hodges_lehmann(differences: Sequence[float]) -> float:
    """The median of the Walsh averages (Hodges, Lehmann 1963). At least one difference."""
    return float(np.median(walsh_averages(differences)))


def confidence_interval(differences: Sequence[float], level: float) -> tuple[float, float] | None:
    """The exact interval of the centre of symmetry at `level`; None where so few differences cannot give one.

    The k-th smallest and k-th largest Walsh average, k - 1 being the largest c with P(T <= c) <= (1 - level) / 2.
    Tied differences make it wider than need be, never narrower.
    """
    count = len(differences)
    cut = _cut(count, round((1 - level) / 2, DECIMALS))
    if cut < 0:
        return None
    averages = walsh_averages(differences)
    return float(averages[cut]), float(averages[len(averages) - 1 - cut])


@lru_cache(maxsize=1024)
def _cut(count: int, tail: float) -> int:
    """The largest c with P(T <= c) <= tail for `count` untied differences; -1 where there is none."""
    cumulative = np.cumsum(_distribution(tuple(range(1, count + 1))))
    return int(np.searchsorted(cumulative, tail * (1 + 1e-9), side="right")) - 1


def smallest_probability(count: int) -> float:
    """The smallest one-sided p-value that `count` differences can reach: all on one side."""
    return 0.5**count
