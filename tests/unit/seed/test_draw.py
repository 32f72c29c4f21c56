"""Draws that depend on the row's number alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.seed.draw import (
    SLOTS,
    below,
    bits,
    normal,
    shuffled,
    stream,
    unit,
    uuids,
    weighted_slots,
    zipf_rank,
)

ROWS = np.arange(200_000)


def test_streams_of_different_names_and_seeds_differ() -> None:
    keys = {stream(seed, table, column) for seed in (1, 2) for table in "ab" for column in "xy"}
    assert len(keys) == 8


def test_names_are_not_run_together() -> None:
    assert stream(1, "ab", "c") != stream(1, "a", "bc")


def test_bits_are_those_of_splitmix64() -> None:
    # The first outputs of the reference implementation for the seed 0, whose state grows by the golden ratio each time.
    assert [hex(value) for value in bits(np.array([1, 2]), np.uint64(0))] == [
        "0xe220a8397b1dcdaf",
        "0x6e789e6aa1b965f4",
    ]


def test_the_same_key_is_made_on_every_machine() -> None:
    assert int(stream(1, "sales", "id")) == 16720624850300191542


def test_uniform_draws_are_uniform_and_independent_of_their_neighbours() -> None:
    drawn = unit(ROWS, stream(1, "a"))
    assert drawn.min() > 0
    assert drawn.max() < 1
    histogram, _ = np.histogram(drawn, 100, (0, 1))
    assert ((histogram - 2000) ** 2 / 2000).sum() < 160  # chi-square with 99 degrees: 160 is beyond 1 in 10,000
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.01
    assert abs(np.corrcoef(drawn, unit(ROWS, stream(1, "b")))[0, 1]) < 0.01


def test_normal_values_have_mean_0_and_deviation_1() -> None:
    drawn = normal(unit(ROWS, stream(1, "a")))
    assert abs(drawn.mean()) < 0.01
    assert abs(drawn.std() - 1) < 0.01
    assert abs(np.quantile(drawn, 0.975) - 1.96) < 0.03


@given(st.integers(1, 2**31), st.integers(0, 2**63 - 1))
def test_integers_stay_below_their_bound(size: int, key: int) -> None:
    drawn = below(np.arange(100), np.uint64(key), size)
    assert drawn.min() >= 0
    assert drawn.max() < size


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40).filter(lambda weights: sum(weights) > 0.01))
def test_weights_are_honoured_to_one_slot(weights: list[float]) -> None:
    counts = np.bincount(weighted_slots(weights), minlength=len(weights))
    assert counts.sum() == SLOTS
    assert np.abs(counts - np.array(weights) / sum(weights) * SLOTS).max() <= 1.01


@given(st.integers(1, 10**6), st.floats(0, 4))
def test_ranks_lie_within_the_size(size: int, skew: float) -> None:
    ranks = zipf_rank(np.array([1e-16, 0.3, 0.999, 1 - 1e-16]), size, skew)
    assert ranks.min() >= 0
    assert ranks.max() < size


@pytest.mark.parametrize("skew", [0.5, 0.99, 1.0, 1.5])
def test_ranks_fall_off_as_zipf_says(skew: float) -> None:
    counts = np.bincount(zipf_rank(unit(ROWS, stream(1, "z")), 1000, skew), minlength=1000)
    expected = np.arange(1, 1001.0) ** -skew
    share = counts[20:200].sum() / counts[200:].sum()
    wanted = expected[20:200].sum() / expected[200:].sum()
    assert share == pytest.approx(wanted, rel=0.05)
    assert counts[0] > counts[1] > counts[5] > counts[100]


@given(st.integers(1, 5000))
def test_shuffling_is_a_permutation(size: int) -> None:
    assert sorted(shuffled(np.arange(size), size)) == list(range(size))


def test_uuids_are_version_4_and_distinct() -> None:
    raw = uuids(ROWS, stream(1, "u")).tobytes()
    made = {raw[at : at + 16] for at in range(0, len(raw), 16)}
    assert len(made) == len(ROWS)
    assert {item[6] >> 4 for item in made} == {4}
    assert {item[8] >> 6 for item in made} == {2}
