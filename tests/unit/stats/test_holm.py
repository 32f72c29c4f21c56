"""Holm's correction, against values worked out by hand."""

from __future__ import annotations

import pytest

from harness.stats import holm


def test_five_hypotheses_get_rs_values() -> None:
    # R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") gives 0.05 0.08 0.09 0.09 0.09.
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx((0.05, 0.08, 0.09, 0.09, 0.09))


def test_three_hypotheses_as_worked_out_by_hand() -> None:
    # Sorted 0.01, 0.03, 0.04: times 3, 2, 1 gives 0.03, 0.06, 0.04; the last may not fall below its predecessor.
    assert holm([0.04, 0.01, 0.03]) == (0.06, 0.03, 0.06)


def test_nothing_exceeds_one() -> None:
    assert holm([0.9, 0.8]) == (1.0, 1.0)


def test_equal_probabilities_get_equal_values() -> None:
    assert holm([0.01, 0.01]) == (0.02, 0.02)


def test_a_single_hypothesis_stays_as_it_is() -> None:
    assert holm([0.04]) == (0.04,)
    assert holm([]) == ()
