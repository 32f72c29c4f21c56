"""What the comparisons mean for the run's exit code."""

from __future__ import annotations

from collections.abc import Iterable

from harness.result import Comparison


def regressions(comparisons: Iterable[Comparison]) -> tuple[Comparison, ...]:
    """Gated comparisons that are proven slower and whose best estimate exceeds what the scenario allows."""
    return tuple(
        item
        for item in comparisons
        if item.gated and item.verdict == "slower" and item.ratio is not None and item.ratio > 1 + item.max_slowdown
    )


def undecided(comparisons: Iterable[Comparison]) -> tuple[Comparison, ...]:
    """Gated comparisons that are inconclusive."""
    return tuple(item for item in comparisons if item.gated and item.verdict == "inconclusive")
