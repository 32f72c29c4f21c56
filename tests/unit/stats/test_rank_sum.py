"""The rank-sum distribution: worked examples, SciPy's and R's values, ties, the normal approximation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, rankdata

from harness.stats.rank_sum import (
    hodges_lehmann_shift,
    probability_above,
    probability_below,
    shift_interval,
    smallest_probability,
)

# Hollander, Wolfe, Chicken 2014, table 4.1 (permeability of the human chorioamnion), also R's example of wilcox.test.
AT_TERM = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
EARLIER = [1.15, 0.88, 0.90, 0.74, 1.21]


def enumerated(first: list[float], second: list[float]) -> float:
    """The definition itself: the share of all choices of ranks whose sum is at least the observed one."""
    ranks = rankdata([*first, *second])
    observed = sum(ranks[len(first) :])
    sums = [sum(choice) for choice in itertools.combinations(ranks, len(second))]
    return sum(value >= observed - 1e-9 for value in sums) / len(sums)


def test_two_against_two_give_the_probabilities_counted_by_hand() -> None:
    # Six ways to give the second sample two of the ranks 1 to 4: sums 3, 4, 5, 5, 6, 7.
    assert probability_above([1.0, 2.0], [3.0, 4.0]) == pytest.approx(1 / 6)  # only 7
    assert probability_above([1.0, 3.0], [2.0, 4.0]) == pytest.approx(2 / 6)  # 6 and 7
    assert probability_above([1.0, 4.0], [2.0, 3.0]) == pytest.approx(4 / 6)  # 5, 5, 6, 7
    assert probability_below([1.0, 2.0], [3.0, 4.0]) == pytest.approx(1.0)
    assert smallest_probability(2, 2) == 1 / 6


def test_the_permeabilities_give_the_values_of_r_and_of_the_book() -> None:
    # R: wilcox.test(x, y, alternative = "g") gives W = 35, p-value = 0.1272; the estimate is 0.305.
    assert probability_above(EARLIER, AT_TERM) == pytest.approx(0.1272, abs=5e-5)
    assert hodges_lehmann_shift(EARLIER, AT_TERM) == pytest.approx(0.305, abs=5e-4)
    # R: conf.level = 0.95 gives (-0.15, 0.76); U <= 8 has the probability 0.0200, U <= 9 0.0276.
    low, high = shift_interval(EARLIER, AT_TERM, 0.95) or (0.0, 0.0)
    assert low == pytest.approx(-0.15, abs=5e-3)
    assert high == pytest.approx(0.76, abs=5e-3)


def test_untied_samples_agree_with_scipys_exact_test() -> None:
    generator = np.random.default_rng(1)
    for count, others in ((5, 7), (12, 12), (12, 40), (40, 40)):
        base, new = generator.normal(0, 0.05, count), generator.normal(0.01, 0.05, others)
        above = mannwhitneyu(new - 0.02, base, alternative="greater", method="exact").pvalue
        below = mannwhitneyu(new - 0.02, base, alternative="less", method="exact").pvalue
        assert probability_above(base, new, 0.02) == pytest.approx(above, rel=1e-9, abs=1e-12)
        assert probability_below(base, new, 0.02) == pytest.approx(below, rel=1e-9, abs=1e-12)


def test_tied_samples_agree_with_all_choices_counted() -> None:
    generator = np.random.default_rng(2)
    for _ in range(20):
        base, new = generator.integers(0, 4, 5).tolist(), generator.integers(1, 5, 4).tolist()
        assert probability_above(base, new) == pytest.approx(enumerated(base, new))


def test_many_values_agree_with_scipys_normal_approximation() -> None:
    generator = np.random.default_rng(3)
    for base, new in (
        (generator.normal(size=300), generator.normal(0.1, size=500)),
        (generator.integers(0, 9, 300).astype(float), generator.integers(0, 10, 200).astype(float)),
    ):
        theirs = mannwhitneyu(new, base, alternative="greater", method="asymptotic").pvalue
        assert probability_above(base, new) == pytest.approx(theirs, rel=1e-9)


def test_the_interval_is_where_the_two_one_sided_tests_stop_rejecting() -> None:
    generator = np.random.default_rng(4)
    base, new = generator.normal(size=12), generator.normal(0.5, size=20)
    low, high = shift_interval(base, new, 0.95) or (0.0, 0.0)
    assert probability_above(base, new, low - 1e-6) <= 0.025 < probability_above(base, new, low + 1e-6)
    assert probability_below(base, new, high + 1e-6) <= 0.025 < probability_below(base, new, high - 1e-6)


def test_nothing_speaks_for_a_shift_between_equal_or_absent_values() -> None:
    assert probability_above([1.0] * 12, [1.0] * 12) == pytest.approx(1.0)
    assert probability_above([1.0] * 200, [1.0] * 200) == 1.0
    assert probability_above([], [1.0]) == probability_below([1.0], []) == 1.0
    assert shift_interval([1.0], [1.0], 0.95) is None
    assert shift_interval([], [1.0], 0.95) is None
