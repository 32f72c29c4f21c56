"""The effect within one block: what the ratio of the same operations tells where quotients of medians mislead."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.stats import typical_ratio


def test_the_middle_half_of_the_log_ratios_is_averaged() -> None:
    """Of these eight ratios the middle four are 1, 2, 4 and 8: the mean of their logarithms is that of √8."""
    changed = [1 / 64, 1 / 2, 1, 2, 4, 8, 64, 512]
    assert typical_ratio([1.0] * 8, changed) == pytest.approx(math.sqrt(8))


@pytest.mark.parametrize(("count", "kept"), [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3), (7, 5), (8, 4)])
def test_a_quarter_of_the_operations_at_either_end_is_left_out(count: int, kept: int) -> None:
    changed = [math.exp(place) for place in range(count)]
    first = (count - kept) // 2
    expected = np.mean(np.arange(count)[first : first + kept])
    assert math.log(typical_ratio([1.0] * count, changed) or 0) == pytest.approx(expected)


def test_one_effect_on_all_operations_is_found_exactly_whatever_they_cost_and_despite_hiccups() -> None:
    generator = np.random.default_rng(3)
    cost_s = np.tile([0.001, 0.004, 0.09], 40) * np.exp(generator.normal(0, 0.3, 120))
    before_s, after_s = cost_s.copy(), 1.1 * cost_s
    hiccups = generator.permutation(120)
    before_s[hiccups[:20]] += 0.5
    after_s[hiccups[20:40]] += 0.5
    assert typical_ratio(before_s, after_s) == pytest.approx(1.1)
    assert np.median(after_s) / np.median(before_s) != pytest.approx(1.1, rel=0.01)


def test_operations_of_two_costs_do_not_make_it_jump() -> None:
    """The medians' quotient doubles when one of a hundred operations is slower; the typical one does not move."""
    before_s = np.repeat([0.001, 0.002], [51, 50])
    after_s = before_s.copy()
    after_s[:2] = 0.002
    assert np.median(after_s) / np.median(before_s) == 2.0
    assert typical_ratio(before_s, after_s) == 1.0


def test_effects_that_differ_between_operations_are_weighed_and_do_not_make_it_jump() -> None:
    """Half of the operations take 0.8, half 1.25: none on balance; one operation more of either moves it little."""
    before_s = np.ones(200)
    halves = np.repeat([0.8, 1.25], [100, 100])
    assert typical_ratio(before_s, halves) == pytest.approx(1.0)
    halves[99] = 1.25
    assert typical_ratio(before_s, halves) == pytest.approx(1.0, abs=0.005)


def test_without_operations_there_is_no_ratio_and_with_zeros_in_the_middle_none_that_is_a_number() -> None:
    assert typical_ratio([], []) is None
    assert math.isnan(typical_ratio([0.0, 0.0, 0.0], [1.0, 1.0, 1.0]) or 0)
    assert math.isnan(typical_ratio([0.0] * 4, [0.0] * 4) or 0)
    assert typical_ratio([1.0, 1.0, 1.0, 1.0], [0.0, 2.0, 2.0, 2.0]) == pytest.approx(2.0)
