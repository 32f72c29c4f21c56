"""The interval of Clopper and Pearson, against values worked out by hand and SciPy's."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from harness.stats import clopper_pearson


def test_no_alarm_and_nothing_but_alarms_as_worked_out_by_hand() -> None:
    # No hit in n trials: the upper end p solves (1 - p)^n = 0.025, so p = 1 - 0.025^(1/n).
    assert list(clopper_pearson(0, 100)) == pytest.approx([0.0, 1 - 0.025 ** (1 / 100)])
    assert list(clopper_pearson(10, 10)) == pytest.approx([0.025 ** (1 / 10), 1.0])


@pytest.mark.parametrize(("hits", "trials"), [(1, 100), (38, 1000), (7, 13)])
def test_other_counts_agree_with_scipy(hits: int, trials: int) -> None:
    theirs = binomtest(hits, trials).proportion_ci(0.95, method="exact")
    assert list(clopper_pearson(hits, trials)) == pytest.approx([theirs.low, theirs.high])


def test_without_trials_nothing_is_known() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)
