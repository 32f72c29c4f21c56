"""The interval of a median, against values worked out by hand and SciPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import quantile_test

from harness.stats import median_interval


def test_six_values_are_the_fewest_and_give_their_whole_range() -> None:
    # All six on one side of the median has the probability 2 * 2**-6 = 3.1 %; of five it would be 6.3 %.
    assert median_interval([3.0, 1.0, 2.0, 6.0, 5.0, 4.0], 0.95) == (1.0, 6.0)
    assert median_interval([1.0, 2.0, 3.0, 4.0, 5.0], 0.95) is None
    assert median_interval([], 0.95) is None


@pytest.mark.parametrize("count", [7, 12, 20, 40])
def test_larger_samples_agree_with_scipy(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    theirs: Any = quantile_test(values, p=0.5).confidence_interval(0.95)
    assert list(median_interval(values.tolist(), 0.95) or ()) == pytest.approx([theirs.low, theirs.high])
