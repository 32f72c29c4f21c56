"""The 2x2 of {old, new form} x {old, new indexes}: which of the two made the difference, on the log scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.stats.effect import estimate
from harness.stats.model import Effect


@dataclass(frozen=True)
class Factorial:
    """Effects as ratios with intervals.

    Main effects (`indexes`, `normalisation`) are means over the other factor's two states: their product is `both`.
    Simple effects (`indexes_alone`, `normalisation_alone`) start from the old state: their product times
    `interaction` is `both`. An interaction of 1 means that the two effects multiply.
    """

    indexes: Effect
    normalisation: Effect
    both: Effect
    interaction: Effect
    indexes_alone: Effect
    normalisation_alone: Effect


def factorial(
    before: Sequence[float | None],
    before_indexes: Sequence[float | None],
    after_noindexes: Sequence[float | None],
    after: Sequence[float | None],
    *,
    level: float = 0.95,
) -> Factorial | None:
    """Main and simple effects from the blocks in which all four corners exist; None without such a block.

    Figures are positive seconds, aligned by block. With y = log figure, the contrasts are those of a 2x2 design (Box,
    Hunter, Hunter 2005, chapter 5), taken within each block, so that the machine's drift cancels; each is estimated
    like every other effect.
    """
    corners = [
        tuple(math.log(value) for value in block if value is not None)
        for block in zip(before, before_indexes, after_noindexes, after, strict=False)
        if all(value is not None and math.isfinite(value) and value > 0 for value in block)
    ]
    if not corners:
        return None

    def contrast(old: float, old_indexes: float, new_plain: float, new: float) -> Effect:
        weights = (old, old_indexes, new_plain, new)
        return estimate([sum(w * y for w, y in zip(weights, block, strict=True)) for block in corners], level)

    return Factorial(
        indexes=contrast(-0.5, 0.5, -0.5, 0.5),
        normalisation=contrast(-0.5, -0.5, 0.5, 0.5),
        both=contrast(-1, 0, 0, 1),
        interaction=contrast(1, -1, -1, 1),
        indexes_alone=contrast(-1, 1, 0, 0),
        normalisation_alone=contrast(-1, 0, 1, 0),
    )
