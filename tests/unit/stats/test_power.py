"""Numbers of blocks and detectable effects: monotone, attainable, and right where power is simulated."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from harness.stats import Rules, blocks_needed, detectable_effect, gather_evidence
from harness.stats.power import blocks_for

RULES = Rules()


def test_a_number_of_blocks_as_worked_out_by_hand() -> None:
    # (z(0.05) + z(0.1)) * sd / distance = (1.6449 + 1.2816) * 0.05 / 0.03 = 4.877; squared 23.79; times pi/3: 24.91.
    assert blocks_for(0.03, 0.05, 0.05, 0.9) == 25


def test_there_are_never_fewer_blocks_than_the_test_needs_to_be_significant_at_all() -> None:
    # 2**-n <= 0.01 needs n = 7, however small the scatter.
    assert blocks_for(1.0, 1e-9, 0.01, 0.9) == 7


def test_an_effect_on_the_bound_cannot_be_settled() -> None:
    assert blocks_for(0.0, 0.04, 0.05, 0.9) is None
    assert blocks_needed([math.log(1.06), math.log(1.06)], 0.06, 1, RULES) is None


def test_no_number_of_blocks_is_announced_that_no_run_takes() -> None:
    # (z(1/60) + z(0.1)) * 0.1 / (log 1.05 - log 1.02) = 11.8; squared 139, beyond the 40 blocks of the last look.
    wide = [math.log(1.05) + 0.1 * (-1) ** number for number in range(12)]
    assert blocks_needed(wide, 0.02, 1, RULES) is None
    assert blocks_needed(wide, 0.02, 1, replace(RULES, looks=(12, 20, 400))) is not None
    # What forty blocks have not settled, no block more is taken for.
    assert blocks_needed([0.04 * (-1) ** number for number in range(40)], 0.02, 1, RULES) is None


@pytest.mark.parametrize("centre", [0.0, 0.01, -0.01])
def test_the_announced_blocks_find_equivalence_about_as_often_as_promised(centre: float) -> None:
    generator = np.random.default_rng(12)
    deviation = 0.05
    sample = np.linspace(-1, 1, 12)
    sample *= deviation / sample.std(ddof=1)
    blocks = blocks_needed((centre + sample).tolist(), RULES.margin, 1000, RULES) or 0
    found = sum(
        gather_evidence(generator.normal(centre, deviation, blocks).tolist(), RULES.margin, RULES.delta).equivalent
        <= RULES.look_alpha
        for _ in range(1000)
    )
    assert 0.86 <= found / 1000 <= 0.95


def test_the_detectable_effect_shrinks_with_blocks_and_is_absent_where_nothing_can_be_significant() -> None:
    effects = [detectable_effect(blocks, 0.04, 0.02, 20, RULES) for blocks in (12, 20, 40)]
    assert all(effect is not None for effect in effects)
    assert effects == sorted(effects, reverse=True, key=lambda effect: effect or 0.0)
    assert detectable_effect(5, 0.04, 0.02, 1, RULES) is None


def test_the_announced_blocks_find_the_announced_effect_about_as_often_as_promised() -> None:
    generator = np.random.default_rng(11)
    distance, deviation = 0.03, 0.04
    blocks = blocks_for(distance, deviation, RULES.look_alpha, RULES.power) or 0
    found = sum(
        gather_evidence(
            generator.normal(math.log1p(RULES.margin) + distance, deviation, blocks).tolist(), RULES.margin, RULES.delta
        ).slower
        <= RULES.look_alpha
        for _ in range(400)
    )
    assert 0.85 <= found / 400 <= 0.95
