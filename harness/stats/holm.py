"""Holm's step-down correction over a family of hypotheses."""

from __future__ import annotations

from collections.abc import Sequence


def holm(probabilities: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values in the given order; a hypothesis is rejected at alpha where its value is at most alpha.

    The i-th smallest of m is multiplied by m - i + 1, never below its predecessor, never above one. Holds whatever the
    dependence between the tests. Source: Holm 1979.
    """
    count = len(probabilities)
    adjusted = [1.0] * count
    highest = 0.0
    for place, index in enumerate(sorted(range(count), key=probabilities.__getitem__)):
        highest = max(highest, min(1.0, (count - place) * probabilities[index]))
        adjusted[index] = highest
    return tuple(adjusted)
