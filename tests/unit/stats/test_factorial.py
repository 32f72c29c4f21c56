"""The 2x2: planted effects are recovered, one by one and together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.stats import Effect, factorial


def corners(indexes: float, normalisation: float, interaction: float, blocks: int, spread: float) -> list[list[float]]:
    """The four corners in the order before, before_indexes, after_noindexes, after, with drift common to a block."""
    generator = np.random.default_rng(5)
    drift = np.cumsum(generator.normal(0, 0.05, blocks))
    levels = (1.0, indexes, normalisation, indexes * normalisation * interaction)
    return [(level * np.exp(drift + generator.normal(0, spread, blocks))).tolist() for level in levels]


def covers(effect: Effect, ratio: float) -> bool:
    assert effect.ci_low is not None
    assert effect.ci_high is not None
    return effect.ci_low <= ratio <= effect.ci_high


def test_effects_without_noise_are_exact() -> None:
    # An index that halves, a view that adds half, and nothing beyond their product: 0.5 * 1.5 = 0.75.
    parts = factorial([1.0], [0.5], [1.5], [0.75])
    assert parts is not None
    assert parts.indexes.ratio == pytest.approx(0.5)
    assert parts.normalisation.ratio == pytest.approx(1.5)
    assert parts.both.ratio == pytest.approx(0.75)
    assert parts.interaction.ratio == pytest.approx(1.0)


def test_main_effects_multiply_to_both_and_simple_ones_with_the_interaction() -> None:
    # y = log: 0, log 0.5, log 1.5, log 0.9; interaction = 0.9 / (0.5 * 1.5) = 1.2.
    parts = factorial([1.0], [0.5], [1.5], [0.9])
    assert parts is not None
    ratios = {
        name: getattr(parts, name).ratio
        for name in ("indexes", "normalisation", "both", "interaction", "indexes_alone", "normalisation_alone")
    }
    assert ratios["interaction"] == pytest.approx(1.2)
    assert ratios["indexes"] == pytest.approx(math.sqrt(0.5 * 0.9 / 1.5))
    assert ratios["indexes"] * ratios["normalisation"] == pytest.approx(ratios["both"])
    assert ratios["indexes_alone"] * ratios["normalisation_alone"] * ratios["interaction"] == pytest.approx(0.9)


def test_planted_effects_lie_within_their_intervals_under_drift() -> None:
    parts = factorial(*corners(0.5, 1.3, 1.1, blocks=20, spread=0.03))
    assert parts is not None
    assert covers(parts.indexes_alone, 0.5)
    assert covers(parts.normalisation_alone, 1.3)
    assert covers(parts.interaction, 1.1)
    assert covers(parts.both, 0.5 * 1.3 * 1.1)
    assert not covers(parts.both, 0.5 * 1.3)


def test_blocks_without_all_four_corners_do_not_count() -> None:
    parts = factorial([1.0, 1.0], [0.5, None], [1.5, 1.5], [0.75, 100.0])
    assert parts is not None
    assert parts.both.blocks == 1
    assert factorial([1.0], [None], [1.0], [1.0]) is None
