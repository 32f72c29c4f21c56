"""Attribution: what the indexes did and what the normalisation did, from the four corners of the 2x2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from harness.judge.view import QueryRules, View
from harness.measure.model import BlockTable
from harness.result import Attribution
from harness.stats import Effect, factorial

CORNERS = ("before", "before_indexes", "after_noindexes", "after")


def attribution(table: BlockTable, queries: Mapping[str, QueryRules]) -> tuple[Attribution, ...]:
    """Main effects, their product and the interaction for the median of each query at the lowest level of load.

    Intervals at 95 %. Nothing where the run has not all four corners, or too few blocks for an interval.
    """
    view = View(table, queries)
    if not set(CORNERS) <= set(view.arms):
        return ()
    lowest = min(clients for _, clients in view.loads)
    found: list[Attribution] = []
    for load in view.loads:
        parts = factorial(*(view.values(load, arm, "p50", "response") for arm in CORNERS))
        if load[1] == lowest and parts is not None:
            found += _attributed(load[0], "indexes", parts.indexes)
            found += _attributed(load[0], "normalisation", parts.normalisation)
            found += _attributed(load[0], "both", parts.both)
            found += _attributed(load[0], "interaction", parts.interaction)
    return tuple(found)


def _attributed(
    query: str, factor: Literal["indexes", "normalisation", "both", "interaction"], effect: Effect
) -> list[Attribution]:
    if effect.ratio is None or effect.ci_low is None or effect.ci_high is None:
        return []
    return [Attribution(query, factor, effect.ratio, effect.ci_low, effect.ci_high, effect.blocks)]
