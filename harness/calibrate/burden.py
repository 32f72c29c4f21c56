"""A known slow-down for any query that reads: its text wrapped so that the server counts so many rows first.

The wrapped query returns the same rows in the same order. The count is an uncorrelated subquery, which the server runs
once and never pushes into the query itself, so that it adds the same constant to every execution. Executions that take
unlike times grow by unlike shares: what is planted is the share by which the typical operation grows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from harness.workload import BoundQuery

FIRST_GUESS = 2000
"""Rows counted while the cost of counting is learnt: some tenths of a millisecond."""

_SLOPES = (0.5, 2.0)
"""Between these the cost of a row is corrected: what lies beyond is noise of the first runs."""


@dataclass(frozen=True)
class Burden:
    """What a query's slow-down costs: its own typical time, and that of the wrapper, in seconds.

    The wrapper's may be negative: as a subquery some statements get a plan that takes less time.
    """

    plain_s: float
    wrapper_s: float
    row_s: float

    def share(self, rows: int) -> float:
        """The share by which so many rows are expected to slow it."""
        return (self.wrapper_s + rows * self.row_s) / self.plain_s

    def rows(self, share: float) -> int | None:
        """Rows to count so that the typical operation grows by `share`; None where the wrapper costs more."""
        wanted_s = share * self.plain_s - self.wrapper_s
        return round(wanted_s / self.row_s) if wanted_s > 0 and self.row_s > 0 else None


@dataclass(frozen=True)
class Trial:
    """What came of it in one run: by which share so many rows slowed a query, as it was measured."""

    query: str
    rows: int
    share: float


def burdened(query: BoundQuery, rows: int | None) -> BoundQuery:
    """The query with its old form as both forms; the second one is slowed where `rows` says by how much."""
    statements = query.before
    if rows is not None:
        *others, last = statements
        statements = (*others, replace(last, sql=_wrapped(last.sql, rows)))
    return replace(query, after=statements)


def _wrapped(sql: str, rows: int) -> str:
    return (
        f"SELECT * FROM (\n{sql}\n) AS slowed "  # noqa: S608 - the scenario's own statement, and a number
        f"WHERE (SELECT count(*) FROM (SELECT generate_series(1, {max(rows, 1)})) AS counted) >= 0"
    )


def can_be_slowed(query: BoundQuery) -> bool:
    """Whether the query reads: what changes rows cannot stand in a subquery."""
    return query.query.kind == "read"


def typical_time_s(times_s: NDArray[np.float64]) -> float:
    """The time of which a constant is the same share as it is of the typical operation: of these times the harmonic
    mean, over the middle half of their inverses, which is what the typical ratio averages over."""
    inverses = np.sort(1 / times_s)
    quarter = len(inverses) // 4
    return float(1 / np.mean(inverses[quarter : len(inverses) - quarter]))


def learn_burden(
    queries: Sequence[str], light: Mapping[str, tuple[float, float]], heavy: Mapping[str, tuple[float, float]]
) -> dict[str, Burden]:
    """The burden of each query from two measurements, with one row and with the first guess: the typical time without
    the wrapper in seconds, and the ratio by which it grew with it.

    The cost of a row is the same work in every query: it is the median over the faster half of them, where it stands
    out most. Queries that one of the measurements lacks are left out.
    """
    both = sorted((name for name in queries if name in light and name in heavy), key=lambda name: light[name][0])
    added = {name: tuple(time_s * (ratio - 1) for time_s, ratio in (light[name], heavy[name])) for name in both}
    costs = [(added[name][1] - added[name][0]) / (FIRST_GUESS - 1) for name in both[: math.ceil(len(both) / 2)]]
    row_s = median(costs) if costs else 0.0
    return {name: Burden(light[name][0], added[name][0], row_s) for name in both}


def corrected(burdens: Mapping[str, Burden], trials: Sequence[Trial]) -> dict[str, Burden]:
    """The burdens as the runs so far have shown them; what was judged of them plays no part.

    Measured shares are fitted as offset + slope x expected share: the slope is that of all queries together, within
    each of them; a query's offset is drawn towards zero while it rests on few trials.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for trial in trials:
        if trial.query in burdens:
            found.setdefault(trial.query, []).append((burdens[trial.query].share(trial.rows), trial.share))
    slope = _slope(list(found.values()))
    return {name: _as_shown(burden, slope, found.get(name, [])) for name, burden in burdens.items()}


def _as_shown(burden: Burden, slope: float, pairs: Sequence[tuple[float, float]]) -> Burden:
    offset = sum(seen - slope * expected for expected, seen in pairs) / (len(pairs) + 1)
    return replace(burden, wrapper_s=slope * burden.wrapper_s + offset * burden.plain_s, row_s=slope * burden.row_s)


def _slope(groups: Sequence[Sequence[tuple[float, float]]]) -> float:
    """Of the least-squares lines with one slope and an offset for each group; 1 where no group has two values."""
    above = below = 0.0
    for pairs in groups:
        middles = [sum(side) / len(pairs) for side in zip(*pairs, strict=True)]
        above += sum((expected - middles[0]) * (seen - middles[1]) for expected, seen in pairs)
        below += sum((expected - middles[0]) ** 2 for expected, _ in pairs)
    return min(max(above / below, _SLOPES[0]), _SLOPES[1]) if below > 0 else 1.0
