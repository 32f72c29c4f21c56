"""How many blocks a comparison needs, and how small an effect a number of blocks can find."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from harness.stats.model import Rules
from harness.stats.signed_rank import hodges_lehmann

EFFICIENCY = 3 / math.pi
"""Asymptotic efficiency of the signed-rank test against the t-test for normal differences (Hodges, Lehmann 1956)."""

_NOTHING = 1e-9

MOST_BLOCKS = 10_000
"""Beyond this a number of blocks is no advice."""


def spread(differences: Sequence[float]) -> float:
    """The standard deviation between blocks; 0 for fewer than two."""
    return float(np.std(differences, ddof=1)) if len(differences) > 1 else 0.0


def blocks_for(distance: float, deviation: float, alpha: float, power: float) -> int | None:
    """Blocks with which a one-sided signed-rank test at `alpha` finds a centre `distance` beyond its bound.

    Normal approximation (Lehmann 1975, section 4.3), and never fewer than the exact distribution needs to reach alpha
    at all. None where the distance is not positive or the number is beyond all reason.
    """
    if distance <= _NOTHING:
        return None
    reach = -float(ndtri(alpha) + ndtri(1 - power)) * deviation / distance
    needed = max(math.ceil(reach * reach / EFFICIENCY), math.ceil(-math.log2(alpha)))
    return needed if needed <= MOST_BLOCKS else None


def blocks_needed(differences: Sequence[float], margin: float, family: int, rules: Rules) -> int | None:
    """Blocks that would settle the comparison in whichever direction is nearest, if effect and spread stay as seen.

    None where no number would that a run takes: none looks beyond the last look, whatever its budget.
    """
    if len(differences) < 2:
        return None
    centre, deviation = hodges_lehmann(differences), spread(differences)
    single = rules.look_alpha / max(family, 1)
    candidates = (
        blocks_for(abs(centre) - math.log1p(margin), deviation, single, rules.power),
        _blocks_to_be_equivalent(centre, deviation, rules),
    )
    found = [candidate for candidate in candidates if candidate is not None]
    needed = max(min(found), len(differences) + 1) if found else None
    return needed if needed is not None and needed <= rules.looks[-1] else None


def _blocks_to_be_equivalent(centre: float, deviation: float, rules: Rules) -> int | None:
    """Blocks with which both of the two tests hold at the rules' power, up to the last look.

    Each may fail: near a centre of 0 both do about as often, so that each alone has to find it more often than `power`.
    Few blocks are worth fewer, for their scatter is an estimate itself (Guenther 1981).
    """
    sides = [math.log1p(rules.delta) - centre, math.log1p(rules.delta) + centre]
    fewest = math.ceil(-math.log2(rules.look_alpha))
    critical = float(ndtri(rules.look_alpha))
    for blocks in range(fewest, rules.looks[-1] + 1):
        precision = math.sqrt(EFFICIENCY * max(blocks - critical * critical / 2, 0)) / max(deviation, _NOTHING)
        if sum(1 - float(ndtr(critical + side * precision)) for side in sides) <= 1 - rules.power:
            return blocks
    return None


def detectable_effect(blocks: int, deviation: float, margin: float, family: int, rules: Rules) -> float | None:
    """The smallest slow-down (0.05: five percent) that `blocks` blocks find at the rules' power.

    None where so few blocks cannot reach significance over the family whatever they show.
    """
    single = rules.look_alpha / max(family, 1)
    if blocks < 1 or 0.5**blocks > single:
        return None
    reach = -float(ndtri(single) + ndtri(1 - rules.power)) * deviation / math.sqrt(EFFICIENCY * blocks)
    return math.expm1(math.log1p(margin) + reach)
