"""The 2x2 of {old, new form} x {old, new indexes}: which of the two made the difference, on the log scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from harness.stats.effect import estimate
from harness.stats.model import Effect
from harness.stats.paired import Latencies, interquartile_mean, logs

_WEIGHTS = {
    "indexes": (-0.5, 0.5, -0.5, 0.5),
    "normalisation": (-0.5, -0.5, 0.5, 0.5),
    "both": (-1, 0, 0, 1),
    "interaction": (1, -1, -1, 1),
    "indexes_alone": (-1, 1, 0, 0),
    "normalisation_alone": (-1, 0, 1, 0),
}
"""The contrasts of a 2x2 design (Box, Hunter, Hunter 2005, chapter 5) of the corners' logarithms: before, with the
indexes alone, with the new form alone, with both."""


@dataclass(frozen=True)
class Contrasts:
    """The effects of `Factorial` within one block, as ratios: each is that of the typical operation."""

    indexes: float
    normalisation: float
    both: float
    interaction: float
    indexes_alone: float
    normalisation_alone: float


@dataclass(frozen=True)
class Factorial:
    """Effects as ratios with intervals.

    Main effects (`indexes`, `normalisation`) are means over the other factor's two states: of each operation their
    product is `both`. Simple effects (`indexes_alone`, `normalisation_alone`) start from the old state: of each
    operation their product times `interaction` is `both`. An interaction of 1 means that the two effects multiply.
    """

    indexes: Effect
    normalisation: Effect
    both: Effect
    interaction: Effect
    indexes_alone: Effect
    normalisation_alone: Effect


def typical_contrasts(
    before: Latencies, before_indexes: Latencies, after_noindexes: Latencies, after: Latencies
) -> Contrasts | None:
    """The contrasts of one block; entry i of all four corners is the same operation.

    Each contrast is formed of every operation by itself, and then averaged as in `typical_ratio`. The other way round,
    the contrast of the corners' typical ratios, is none: each corner's interquartile mean leaves out other operations,
    and where these differ in effect an interaction appears that not one operation has. The price: the contrasts of
    operations that differ do not add up either, for each of the six leaves out its own. None without an operation, or
    where a latency of zero or below leaves one of them without a figure.
    """
    if not len(before):
        return None
    corners = logs(before, before_indexes, after_noindexes, after)
    with np.errstate(invalid="ignore"):
        means = {
            name: interquartile_mean(np.sum([w * y for w, y in zip(weights, corners, strict=True) if w], axis=0))
            for name, weights in _WEIGHTS.items()
        }
    if not all(map(math.isfinite, means.values())):
        return None
    return Contrasts(**{name: math.exp(mean) for name, mean in means.items()})


def factorial(blocks: Sequence[Contrasts | None], *, level: float = 0.95) -> Factorial | None:
    """Main and simple effects from the blocks in which all four corners exist; None without such a block.

    The contrasts are taken within each block, so that the machine's drift cancels; each is estimated like every other
    effect.
    """
    there = [block for block in blocks if block is not None]
    if not there:
        return None
    return Factorial(
        **{
            field.name: estimate([math.log(getattr(block, field.name)) for block in there], level)
            for field in fields(Contrasts)
        }
    )
