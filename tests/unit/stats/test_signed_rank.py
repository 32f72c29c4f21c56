"""The signed-rank distribution: worked examples, SciPy's and R's values, ties and zeros."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import rankdata, wilcoxon

from harness.stats.signed_rank import (
    confidence_interval,
    hodges_lehmann,
    probability_greater,
    probability_less,
    smallest_probability,
    walsh_averages,
)

# Hollander, Wolfe, Chicken 2014, table 3.1 (depression scores before and after), also the example of R's wilcox.test.
BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
CHANGE = [after - before for before, after in zip(BEFORE, AFTER, strict=True)]


def enumerated(differences: list[float]) -> float:
    """The definition itself: the share of all sign patterns whose sum of positive ranks is at least the observed."""
    ranks = rankdata(np.abs(differences))
    kept = [(rank, value) for rank, value in zip(ranks, differences, strict=True) if value != 0]
    observed = sum(rank for rank, value in kept if value > 0)
    sums = [
        sum(rank for (rank, _), sign in zip(kept, signs, strict=True) if sign)
        for signs in itertools.product((0, 1), repeat=len(kept))
    ]
    return sum(value >= observed - 1e-9 for value in sums) / len(sums)


def test_three_differences_give_the_probabilities_counted_by_hand() -> None:
    # Ranks 1, 2, 3; the eight sign patterns give the sums 0, 1, 2, 3, 3, 4, 5, 6.
    assert probability_greater([1.0, 2.0, 3.0]) == 1 / 8  # only 6
    assert probability_greater([-1.0, 2.0, 3.0]) == 2 / 8  # 5 and 6
    assert probability_greater([1.0, 2.0, -3.0]) == 5 / 8  # 3 and all above: 3, 3, 4, 5, 6
    assert probability_less([1.0, 2.0, 3.0]) == 1.0


def test_the_depression_scores_give_the_values_of_r_and_of_the_book() -> None:
    # R: wilcox.test(before, after, paired = TRUE, alternative = "greater") gives V = 40, p-value = 0.01953.
    assert probability_less(CHANGE) == pytest.approx(0.01953, abs=5e-6)
    # The book: estimate -0.46; the interval of exact level 96.1 % is (-0.786, -0.010).
    assert hodges_lehmann(CHANGE) == pytest.approx(-0.46, abs=5e-4)
    low, high = confidence_interval(CHANGE, 0.96) or (0.0, 0.0)
    assert low == pytest.approx(-0.786, abs=5e-4)
    assert high == pytest.approx(-0.010, abs=5e-4)


def test_untied_differences_agree_with_scipys_exact_test() -> None:
    generator = np.random.default_rng(1)
    for count in (5, 12, 20, 40):
        values = generator.normal(0.02, 0.05, count)
        shift = 0.01
        assert probability_greater(values.tolist(), shift) == pytest.approx(
            wilcoxon(values - shift, alternative="greater", method="exact").pvalue, rel=1e-9
        )
        assert probability_less(values.tolist(), shift) == pytest.approx(
            wilcoxon(values - shift, alternative="less", method="exact").pvalue, rel=1e-9
        )


@pytest.mark.parametrize(
    "differences",
    [
        [1.0, 1.0, -1.0, 2.0],
        [0.0, 1.0, -2.0, 3.0, 3.0],
        [0.0, 0.0, 5.0],
        [0.1, 0.1, 0.1, 0.1, 0.1, -0.1],
        [2.0, -2.0, 2.0, -2.0, 1.0, 0.0, 3.0],
    ],
)
def test_ties_and_zeros_give_what_counting_all_sign_patterns_gives(differences: list[float]) -> None:
    assert probability_greater(differences) == pytest.approx(enumerated(differences), rel=1e-12)


def test_differences_that_are_all_zero_prove_nothing() -> None:
    assert probability_greater([0.0] * 12) == 1.0
    assert probability_less([0.0] * 12) == 1.0


def test_a_tie_in_exact_arithmetic_is_a_tie_whatever_the_last_bit_says() -> None:
    assert probability_greater([0.1 + 0.2, -0.3, 1.0]) == probability_greater([0.3, -0.3, 1.0])


def test_walsh_averages_of_three_values_are_the_six_means() -> None:
    # 1, 2, 6: (1+1)/2, (1+2)/2, (2+2)/2, (1+6)/2, (2+6)/2, (6+6)/2; the middle of the six lies between 2 and 3.5.
    assert walsh_averages([6.0, 1.0, 2.0]).tolist() == [1.0, 1.5, 2.0, 3.5, 4.0, 6.0]
    assert hodges_lehmann([6.0, 1.0, 2.0]) == 2.75


def test_the_interval_is_absent_where_no_choice_of_signs_is_rare_enough() -> None:
    # With n differences the rarest one-sided event has probability 2**-n: 5 % needs 2 * 2**-n <= 0.05, so n = 6.
    assert confidence_interval([0.1, 0.2, 0.3, 0.4, 0.5], 0.95) is None
    # With six the interval is the whole range: c = 0.
    assert confidence_interval([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 0.95) == (0.1, 0.6)
    assert smallest_probability(6) == 1 / 64


def test_the_interval_holds_exactly_the_shifts_that_the_two_sided_test_does_not_reject() -> None:
    generator = np.random.default_rng(7)
    values = generator.normal(0, 1, 12).tolist()
    low, high = confidence_interval(values, 0.95) or (0.0, 0.0)
    for shift, inside in ((low + 1e-6, True), (low - 1e-6, False), (high - 1e-6, True), (high + 1e-6, False)):
        rejected = min(probability_greater(values, shift), probability_less(values, shift)) <= 0.025
        assert rejected is not inside
