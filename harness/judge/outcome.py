"""What the comparisons mean for the run's exit code."""

from __future__ import annotations

from collections.abc import Iterable

from harness.result import Comparison

_DECIDING = ("p50", "mean")


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


def headlines(comparisons: Iterable[Comparison]) -> tuple[Comparison, ...]:
    """The one comparison of each query and level, of the migrated state, that decides: the others are advisory.

    It is the median of the response, or the server's mean time where the client takes too much of the response.
    """
    chosen: dict[tuple[str, int], Comparison] = {}
    for item in comparisons:
        if item.arm == "after" and item.metric in _DECIDING:
            key = (item.query, item.clients)
            if key not in chosen or _rank(item) < _rank(chosen[key]):
                chosen[key] = item
    return tuple(chosen.values())


def _rank(item: Comparison) -> tuple[bool, bool, bool]:
    return (item.advisory, not item.gated, item.basis != "response")
