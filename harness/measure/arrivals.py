"""The open load's schedule, as pure functions: which operation is intended when, and which worker sends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Arrivals:
    """Operations in the order in which they are intended; all arrays have one element each.

    `offset_s` counts from the slice's start; `query` is an index into the weights; `rank` is how many operations of
    the same query come before it.
    """

    offset_s: NDArray[np.float64]
    query: NDArray[np.int64]
    rank: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.query)


def draw_arrivals(seed: Sequence[int], rate_per_s: float, seconds: float, weights: Sequence[float]) -> Arrivals:
    """A Poisson process over the mix: the same seed, rate, seconds and weights give the same schedule.

    The number of operations is Poisson distributed, their instants are uniform given that number, which together is
    the Poisson process. The queries' shares are the weights to within one operation, in random order: a mix that
    held twice as many reports in one block as in the next would scatter by that alone.
    """
    generator = np.random.default_rng(list(seed))
    count = int(generator.poisson(rate_per_s * seconds))
    return _arrivals(np.sort(generator.uniform(0.0, seconds, count)), weights, generator)


def all_at_once(seed: Sequence[int], count: int, weights: Sequence[float]) -> Arrivals:
    """`count` operations of the mix that are due at once: what the connections manage then is their capacity."""
    return _arrivals(np.zeros(count), weights, np.random.default_rng(list(seed)))


def _arrivals(offsets_s: NDArray[np.float64], weights: Sequence[float], generator: np.random.Generator) -> Arrivals:
    counts = apportion(len(offsets_s), weights)
    query = generator.permutation(np.repeat(np.arange(len(weights)), counts))
    rank = np.zeros(len(query), dtype=np.int64)
    for index, number in enumerate(counts):
        rank[query == index] = np.arange(number)
    return Arrivals(offsets_s, query.astype(np.int64), rank)


def apportion(count: int, weights: Sequence[float]) -> list[int]:
    """`count` split by the weights, by the method of largest remainders (Hamilton)."""
    total = sum(weights)
    shares = [count * weight / total for weight in weights]
    counts = [int(share) for share in shares]
    by_remainder = sorted(range(len(weights)), key=lambda index: counts[index] - shares[index])
    for index in by_remainder[: count - sum(counts)]:
        counts[index] += 1
    return counts


def deal(
    arrivals: Arrivals, seed: Sequence[int], connections: Mapping[int, int], writes: frozenset[int], writer: int
) -> dict[int, NDArray[np.int64]]:
    """For each worker the operations (indices) that it sends: reads at random by its connections, writes all to one.

    A Poisson process parted at random is one Poisson process each; dealt out in turn it would be smoother than that.
    All writes go to the worker `writer` and over one connection of their own there, in the order in which they are
    intended: only so do they end in the same state on every arm, whatever their statements have in common.
    """
    generator = np.random.default_rng([*seed, 1])
    workers = sorted(connections)
    shares = np.array([connections[worker] for worker in workers], dtype=np.float64)
    chosen = generator.choice(np.array(workers), size=len(arrivals), p=shares / shares.sum())
    writing = np.isin(arrivals.query, sorted(writes))
    chosen[writing] = writer
    return {worker: np.flatnonzero(chosen == worker) for worker in {*workers, writer}}
