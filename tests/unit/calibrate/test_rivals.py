"""The tests that others use: what they say of samples that differ, that do not, and that drift."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, ttest_ind

from harness.calibrate.rivals import TESTS, mann_whitney_raw, verdicts, verdicts_of_runs, welch_raw


def blocks(seed: int, level: float = 1.0, count: int = 20, drift: float = 0.0) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [0.001 * level * np.exp(drift * number / count + generator.normal(0, 0.2, 100)) for number in range(count)]


def test_all_find_a_slow_down_by_half_and_none_sees_one_between_the_same_samples() -> None:
    same, slow = blocks(1), blocks(2, 1.5)
    assert set(verdicts(same, slow).values()) == {1}
    assert set(verdicts(slow, same).values()) == {-1}
    assert set(verdicts_of_runs(same, same).values()) == {0}


def test_drift_is_an_effect_to_those_that_measure_one_state_after_the_other() -> None:
    said = verdicts(blocks(3, drift=0.5), blocks(4, drift=0.5))
    assert said["median moved by 5 %, one after the other"] == 1
    assert said["Mann-Whitney, raw latencies, one after the other"] == 1
    assert said["median moved by 5 %, interleaved"] == 0


def test_their_probabilities_are_scipys() -> None:
    for seed in range(40):
        first, second = blocks(seed, count=2), blocks(seed + 100, 1.03, count=2)
        one, other = np.concatenate(first), np.concatenate(second)
        assert (mann_whitney_raw(first, second) != 0) == (mannwhitneyu(one, other, method="asymptotic").pvalue <= 0.05)
        assert (welch_raw(first, second) != 0) == (ttest_ind(one, other, equal_var=False).pvalue <= 0.05)


def test_a_single_block_cannot_be_taken_one_after_the_other() -> None:
    assert len(verdicts(blocks(1, count=1), blocks(2, count=1))) == len(TESTS) + 1


def test_slices_paired_by_block_do_not_see_a_drift_that_both_share() -> None:
    paired = "signed rank, slice medians, paired"
    assert verdicts(blocks(3, drift=0.5), blocks(4, drift=0.5))[paired] == 0
    assert verdicts(blocks(3, drift=0.5), blocks(4, 1.2, drift=0.5))[paired] == 1
    assert verdicts(blocks(3), blocks(4, 0.8, count=19))[paired] == 0, "not of the same blocks"


def test_raw_latencies_that_share_a_block_make_mann_whitney_alarm_far_too_often() -> None:
    # Blocks of one state scatter by 4 % together: what is measured within a block is no independent evidence.
    generator = np.random.default_rng(9)
    alarms = 0
    for seed in range(100):
        sides = [[block * np.exp(generator.normal(0, 0.04)) for block in blocks(2 * seed + side)] for side in (0, 1)]
        alarms += mann_whitney_raw(*sides) != 0
    assert alarms >= 20, "nominal are 5"


@pytest.mark.parametrize("name", TESTS)
def test_each_has_a_name_that_says_what_it_is(name: str) -> None:
    assert name == name.strip()
