"""The open load's schedule: a pure function, Poisson in time, exact in its shares, dealt so that writes keep order."""

from __future__ import annotations

import numpy as np
import pytest

from harness.measure.arrivals import all_at_once, apportion, deal, draw_arrivals

WEIGHTS = (15.0, 3.0, 2.0)


def test_the_same_seed_rate_seconds_and_weights_give_the_same_schedule() -> None:
    one, two = (draw_arrivals((7, 3), 500, 4, WEIGHTS) for _ in range(2))
    for name in ("offset_s", "query", "rank"):
        assert np.array_equal(getattr(one, name), getattr(two, name))
    other = draw_arrivals((7, 4), 500, 4, WEIGHTS)
    assert len(other) != len(one) or not np.array_equal(other.offset_s, one.offset_s)


def test_arrivals_are_a_poisson_process() -> None:
    counts = [len(draw_arrivals((seed,), 200, 1, WEIGHTS)) for seed in range(400)]
    assert np.mean(counts) == pytest.approx(200, rel=0.02)
    assert np.var(counts) == pytest.approx(200, rel=0.2)
    gaps = np.diff(draw_arrivals((1,), 1000, 30, WEIGHTS).offset_s)
    assert gaps.min() >= 0
    assert np.mean(gaps) == pytest.approx(0.001, rel=0.02)
    assert np.std(gaps) == pytest.approx(0.001, rel=0.03)


def test_the_shares_are_the_weights_to_within_one_operation() -> None:
    arrivals = draw_arrivals((2,), 1000, 1, WEIGHTS)
    counts = np.bincount(arrivals.query, minlength=3)
    assert all(abs(count - len(arrivals) * weight / 20) < 1 for count, weight in zip(counts, WEIGHTS, strict=True))
    assert [sorted(arrivals.rank[arrivals.query == query].tolist()) for query in range(3)] == [
        list(range(count)) for count in counts
    ]


def test_largest_remainders_add_up() -> None:
    assert apportion(10, (1, 1, 1)) == [4, 3, 3]
    assert apportion(7, (5, 0.5, 0.5)) == [6, 1, 0]
    assert apportion(0, (1, 2)) == [0, 0]


def test_everything_at_once_is_due_at_once() -> None:
    arrivals = all_at_once((1,), 50, WEIGHTS)
    assert len(arrivals) == 50
    assert not arrivals.offset_s.any()


def test_every_operation_goes_to_one_worker_and_all_writes_to_the_writer() -> None:
    arrivals = draw_arrivals((5,), 1000, 2, WEIGHTS)
    shares = deal(arrivals, (5,), {0: 3, 1: 1}, frozenset({2}), writer=1)
    assert sorted(np.concatenate(list(shares.values())).tolist()) == list(range(len(arrivals)))
    assert not (arrivals.query[shares[0]] == 2).any()
    reads = {worker: int((arrivals.query[places] != 2).sum()) for worker, places in shares.items()}
    assert reads[0] / reads[1] == pytest.approx(3, rel=0.2)
    assert all((np.diff(places) > 0).all() for places in shares.values())
