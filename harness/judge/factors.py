"""Attribution: what the indexes did and what the normalisation did, from the four corners of the 2x2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from harness.judge.view import QueryRules, View
from harness.measure.model import BlockTable, Load
from harness.result import Attribution
from harness.result.measurement import Factor
from harness.stats import factorial

CORNERS = ("before", "before_indexes", "after_noindexes", "after")
CHANGED = "after"


def attribution(
    table: BlockTable, queries: Mapping[str, QueryRules], invalid: Mapping[Load, str] | None = None
) -> tuple[Attribution, ...]:
    """Main and simple effects and the interaction of each query at the lowest level of load.

    Of the figure that decides the query: the response's median, or the server's mean. Intervals at 95 %. Nothing where
    the run has not all four corners, or for a query whose figures may not be used or have too few blocks.
    """
    view = View(table, queries, invalid)
    if not set(CORNERS) <= set(view.arms):
        return ()
    lowest = min(clients for _, clients in view.loads)
    return tuple(item for load in view.loads if load[1] == lowest for item in _of_query(view, load))


def _of_query(view: View, load: Load) -> list[Attribution]:
    metric, basis = view.headline(load, CHANGED)
    paired = view.is_paired(load, metric, basis)
    parts = factorial(*(view.compared(load, arm, metric, basis, paired) for arm in CORNERS))
    if parts is None or view.series(load, CHANGED, metric, basis).invalid:
        return []
    found = []
    for factor in get_args(Factor):
        effect = getattr(parts, factor)
        if effect.ratio is not None and effect.ci_low is not None and effect.ci_high is not None:
            bounds = effect.ratio, effect.ci_low, effect.ci_high
            found.append(Attribution(load[0], factor, *bounds, effect.blocks, basis))
    return found
