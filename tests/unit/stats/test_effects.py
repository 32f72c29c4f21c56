"""Effects: log ratios, estimates, the noise bound; what cannot be computed is a warning, never a number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.stats import estimate, log_ratios, noise_bound, quantile


def test_a_doubling_in_every_block_is_a_ratio_of_two() -> None:
    differences, warnings = log_ratios([1.0, 2.0, 4.0], [2.0, 4.0, 8.0])
    assert warnings == ()
    assert estimate(differences, 0.95).ratio == pytest.approx(2.0)


def test_blocks_that_lack_an_arm_are_left_out() -> None:
    differences, _ = log_ratios([1.0, None, 1.0], [math.e, 5.0, None])
    assert differences == pytest.approx((1.0,))


def test_a_look_sees_only_the_blocks_before_it() -> None:
    differences, _ = log_ratios([1.0, 1.0, 1.0], [1.0, 1.0, 9.0], look=2)
    assert differences == (0.0, 0.0)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_a_latency_without_a_logarithm_leaves_no_differences_at_all(bad: float) -> None:
    differences, warnings = log_ratios([1.0, 1.0, 1.0], [1.0, bad, 1.0])
    assert differences == ()
    assert warnings == ("1 of 3 blocks hold a latency of zero or none that is finite: no ratio exists",)


def test_one_block_has_a_ratio_and_says_that_it_has_no_interval() -> None:
    effect = estimate([math.log(1.1)], 0.95)
    assert effect.ratio == pytest.approx(1.1)
    assert effect.ci_low is None
    assert effect.ci_high is None
    assert effect.warnings == ("too few blocks (1) for an interval at 95.0%",)


def test_no_block_has_no_ratio() -> None:
    effect = estimate([], 0.95)
    assert effect.ratio is None
    assert effect.warnings == ("no block holds both arms: nothing was measured",)


def test_constant_latencies_are_told() -> None:
    effect = estimate([0.0] * 12, 0.95)
    assert (effect.ratio, effect.ci_low, effect.ci_high) == (1.0, 1.0, 1.0)
    assert effect.warnings == ("every block gives the same ratio: the latencies are constant or coarsely rounded",)


def test_the_noise_bound_is_the_far_end_of_the_controls_interval() -> None:
    control = np.linspace(-0.03, 0.01, 12).tolist()
    effect = estimate(control, 0.98)
    assert effect.ci_low is not None
    assert noise_bound(control, 0.98) == pytest.approx(1 / effect.ci_low - 1)


def test_too_short_a_control_bounds_the_noise_by_its_largest_difference() -> None:
    assert noise_bound([0.01, -0.04, 0.02], 0.98) == pytest.approx(math.expm1(0.04))
    assert noise_bound([], 0.98) == 0.0


def test_quantiles_interpolate_between_order_statistics() -> None:
    # Definition 7: position 0.5 * (4 - 1) = 1.5, half-way between the second and the third value.
    assert quantile([4.0, 1.0, 2.0, 3.0], "p50") == 2.5
    assert quantile(list(map(float, range(101))), "p99") == 99.0


def test_quantiles_of_too_few_samples_are_absent() -> None:
    assert quantile([], "p50") is None
    assert quantile([1.0] * 19, "p95") is None
    assert quantile([1.0] * 20, "p95") == 1.0
    assert quantile([1.0] * 99, "p99") is None
