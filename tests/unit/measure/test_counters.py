"""What the counters say of a slice: what interfered is named, what did not is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.measure.counters import Reading, _marks

QUIET = Reading(
    seconds=1.0, calls=10, temp_bytes=2**20, pages=(0, 0, 0), checkpoints=3, autovacuum=(100, 0), steal=(50, 1000)
)


@pytest.mark.parametrize(
    ("now", "waiters", "mark"),
    [
        (QUIET, 0, ""),
        (replace(QUIET, checkpoints=4), 0, "a checkpoint began"),
        (replace(QUIET, autovacuum=(101, 0)), 0, "autovacuum ran"),
        (replace(QUIET, autovacuum=(100, 1)), 0, "autovacuum ran"),
        (replace(QUIET, temp_bytes=3 * 2**20), 0, "2.0 MiB of temporary files"),
        (replace(QUIET, steal=(52, 1100)), 0, "the host took 2% of the processor"),
        (replace(QUIET, steal=(51, 1100)), 0, ""),
        (QUIET, 1, "1 session waited for a lock"),
        (QUIET, 3, "3 sessions waited for a lock"),
    ],
)
def test_each_interference_has_its_mark(now: Reading, waiters: int, mark: str) -> None:
    assert "; ".join(_marks(QUIET, now, waiters)) == mark


def test_a_worker_that_ran_at_the_beginning_counts_too() -> None:
    assert _marks(replace(QUIET, autovacuum=(100, 1)), QUIET, 0) == ("autovacuum ran",)
