"""Attribution: what the indexes did and what the normalisation did, from the four corners of the 2x2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from harness.judge.view import Basis, QueryRules, View
from harness.measure.model import CORNERS, BlockTable, Load
from harness.result import Attribution
from harness.result.measurement import Factor
from harness.stats import Contrasts, factorial, typical_contrasts

CHANGED = CORNERS[-1]

_CONTRASTS = {("p50", "response"): "contrasts", ("mean", "server"): "server_contrasts"}
"""Where the record of the last corner has what the same operations took on all four."""


def attribution(
    table: BlockTable, queries: Mapping[str, QueryRules], invalid: Mapping[Load, str] | None = None
) -> tuple[Attribution, ...]:
    """Main and simple effects and the interaction of each query at the lowest level of load.

    Of the figure that decides the query: the response, or the server's time. Intervals at 95 %. Nothing where
    the run has not all four corners, or for a query whose figures on one of them may not be used, decide nothing (too
    many void blocks) or have too few blocks.
    """
    view = View(table, queries, invalid)
    if not set(CORNERS) <= set(view.arms):
        return ()
    lowest = min(clients for _, clients in view.loads)
    return tuple(item for load in view.loads if load[1] == lowest for item in _of_query(view, load))


def _of_query(view: View, load: Load) -> list[Attribution]:
    metric, basis = view.headline(load, CHANGED)
    parts = factorial(_contrasts(view, load, metric, basis))
    corners = [view.series(load, arm, metric, basis) for arm in CORNERS[1:]]
    if parts is None or any(item.invalid or item.doubt() for item in corners):
        return []
    found = []
    for factor in get_args(Factor):
        effect = getattr(parts, factor)
        if effect.ratio is not None and effect.ci_low is not None and effect.ci_high is not None:
            bounds = effect.ratio, effect.ci_low, effect.ci_high
            found.append(Attribution(load[0], factor, *bounds, effect.blocks, basis))
    return found


def _contrasts(view: View, load: Load, metric: str, basis: Basis) -> Sequence[Contrasts | None]:
    """Those of the typical operation, block by block; of the slices' own figures where no operation is told apart."""
    if view.is_paired(load, metric, basis):
        name = _CONTRASTS[metric, basis]
        return [None if item is None else getattr(item, name) for item in view.good(load, CHANGED)]
    blocks = zip(*(view.values(load, arm, metric, basis) for arm in CORNERS), strict=True)
    return [
        None if None in block else typical_contrasts(*([value] for value in block if value is not None))
        for block in blocks
    ]
