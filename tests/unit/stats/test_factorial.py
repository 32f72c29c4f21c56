"""The 2x2: planted effects are recovered, one by one and together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.stats import Contrasts, Effect, Factorial, factorial, typical_contrasts, typical_ratio

NAMES = tuple(Contrasts.__dataclass_fields__)


def corners(indexes: float, normalisation: float, interaction: float, blocks: int, spread: float) -> list[list[float]]:
    """The four corners in the order before, before_indexes, after_noindexes, after, with drift common to a block."""
    generator = np.random.default_rng(5)
    drift = np.cumsum(generator.normal(0, 0.05, blocks))
    levels = (1.0, indexes, normalisation, indexes * normalisation * interaction)
    return [(level * np.exp(drift + generator.normal(0, spread, blocks))).tolist() for level in levels]


def of_figures(*arms: list[float]) -> Factorial | None:
    """The 2x2 of blocks that hold one figure for each corner."""
    return factorial([typical_contrasts(*([value] for value in block)) for block in zip(*arms, strict=True)])


def covers(effect: Effect, ratio: float) -> bool:
    assert effect.ci_low is not None
    assert effect.ci_high is not None
    return effect.ci_low <= ratio <= effect.ci_high


def test_effects_without_noise_are_exact() -> None:
    # An index that halves, a view that adds half, and nothing beyond their product: 0.5 * 1.5 = 0.75.
    parts = of_figures([1.0], [0.5], [1.5], [0.75])
    assert parts is not None
    assert parts.indexes.ratio == pytest.approx(0.5)
    assert parts.normalisation.ratio == pytest.approx(1.5)
    assert parts.both.ratio == pytest.approx(0.75)
    assert parts.interaction.ratio == pytest.approx(1.0)


def test_main_effects_multiply_to_both_and_simple_ones_with_the_interaction() -> None:
    # y = log: 0, log 0.5, log 1.5, log 0.9; interaction = 0.9 / (0.5 * 1.5) = 1.2.
    parts = of_figures([1.0], [0.5], [1.5], [0.9])
    assert parts is not None
    ratios = {name: getattr(parts, name).ratio for name in NAMES}
    assert ratios["interaction"] == pytest.approx(1.2)
    assert ratios["indexes"] == pytest.approx(math.sqrt(0.5 * 0.9 / 1.5))
    assert ratios["indexes"] * ratios["normalisation"] == pytest.approx(ratios["both"])
    assert ratios["indexes_alone"] * ratios["normalisation_alone"] * ratios["interaction"] == pytest.approx(0.9)


def test_planted_effects_lie_within_their_intervals_under_drift() -> None:
    parts = of_figures(*corners(0.5, 1.3, 1.1, blocks=20, spread=0.03))
    assert parts is not None
    assert covers(parts.indexes_alone, 0.5)
    assert covers(parts.normalisation_alone, 1.3)
    assert covers(parts.interaction, 1.1)
    assert covers(parts.both, 0.5 * 1.3 * 1.1)
    assert not covers(parts.both, 0.5 * 1.3)


def test_blocks_without_all_four_corners_do_not_count() -> None:
    parts = factorial([typical_contrasts([1.0], [0.5], [1.5], [0.75]), None])
    assert parts is not None
    assert parts.both.blocks == 1
    assert factorial([None]) is None


def test_without_an_operation_or_with_a_time_of_zero_a_block_has_no_contrasts() -> None:
    assert typical_contrasts([], [], [], []) is None
    assert typical_contrasts([1.0], [0.0], [1.0], [1.0]) is None


def operations(interaction: float) -> list[list[float]]:
    """A hundred operations of very different cost, by corner.

    The indexes make a fifth of them ten times as fast, the views another fifth; of each operation
    both together do `interaction` times the product.
    """
    cost_s = np.exp(np.random.default_rng(8).normal(-6, 1, 100))
    indexes, views = np.ones(100), np.ones(100)
    indexes[:20], views[20:40] = 0.1, 0.1
    return [list(cost_s * factor) for factor in (1.0, indexes, views, indexes * views * interaction)]


def test_operations_that_differ_in_effect_make_no_interaction_that_none_of_them_has() -> None:
    """The typical ratios leave out both fifths, but not the two together: their contrast would be 0.1 ** 0.3."""
    corners_s = operations(1.0)
    ratios = [typical_ratio(corners_s[0], corner) or 0.0 for corner in corners_s]
    assert ratios[0] * ratios[3] / (ratios[1] * ratios[2]) == pytest.approx(0.1**0.3)
    found = typical_contrasts(*corners_s)
    assert found is not None
    assert found.interaction == pytest.approx(1.0)
    assert found.both == pytest.approx(ratios[3])


def test_an_interaction_that_the_operations_have_is_found_despite_hiccups_on_every_corner() -> None:
    corners_s = operations(1.3)
    for number, place in enumerate(np.random.default_rng(2).permutation(100)[:20]):
        corners_s[number % 4][place] += 0.5
    found = typical_contrasts(*corners_s)
    assert found is not None
    assert found.interaction == pytest.approx(1.3)


def test_of_operations_that_all_change_alike_the_contrasts_multiply() -> None:
    cost_s = np.exp(np.random.default_rng(8).normal(-6, 1, 100))
    found = typical_contrasts(*(cost_s * factor for factor in (1.0, 0.5, 1.3, 0.5 * 1.3 * 1.1)))
    assert found is not None
    assert found.indexes_alone * found.normalisation_alone * found.interaction == pytest.approx(found.both)
    assert found.indexes * found.normalisation == pytest.approx(found.both)
