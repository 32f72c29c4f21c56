"""The comparisons of arms as rows of the forest plot, worst first, with the run's own noise beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness import text
from harness.judge import headlines, regressions
from harness.report.evidence import Absent, Interval, LatencyRow, LatencySection, Tone
from harness.report.words import AFTER, CONTROL, LATENCY_TONES, MEDIAN, SERVER_MEAN
from harness.result import Comparison, Result
from harness.stats import Rules

BAND = Rules().delta
"""Half-width of the band of equivalence: two arms this close are called equivalent."""

_FIGURES = {("p50", "response"): MEDIAN, ("mean", "server"): SERVER_MEAN}
"""The two that may decide, in words."""

_MOST_BLOCKS = Rules().looks[-1]
_THROUGHPUT = "throughput"
_LEAST_SPAN = 1.12
_MOST_SPAN = 4.0


def headline_comparisons(result: Result) -> list[Comparison]:
    """One comparison per query and level of clients, the one that decides: the others are marked advisory.

    It is the median of the response, or the server's mean time where the client takes too much of the response.
    """
    return list(headlines(result.latency))


def tally(comparisons: Sequence[Comparison]) -> str:
    """`3 slower, 4 faster, 6 equivalent, 1 undecided`, without what does not occur."""
    words = {"slower": "slower", "faster": "faster", "equivalent": "equivalent", "inconclusive": "undecided"}
    counts = {verdict: sum(item.verdict == verdict for item in comparisons) for verdict in words}
    return ", ".join(f"{number:,} {words[verdict]}" for verdict, number in counts.items() if number)


def latency_section(result: Result) -> LatencySection | Absent:
    """The forest plot, worst first, and behind it the other metrics of the same queries."""
    chosen = headline_comparisons(result)
    if not chosen:
        return Absent("No query was timed.")
    controls = {_key(item): item for item in result.latency if item.arm == CONTROL}
    several = len({item.clients for item in chosen}) > 1
    rows = [comparison_row(item, controls.get(_key(item)), several) for item in sorted(chosen, key=_worst_first)]
    others = [item for item in result.latency if item.arm == AFTER and item not in chosen]
    others += [item for item in result.throughput if item.arm == AFTER and item.load == "closed"]
    further = [comparison_row(item, controls.get(_key(item)), several) for item in sorted(others, key=_worst_first)]
    low, high = _axis([row for row in rows if row.effect])
    used = [controls[_key(item)] for item in chosen if _key(item) in controls]
    return LatencySection(
        sentence=f"Of {text.count(len(rows), 'query', 'queries')}: {tally(chosen)}.",
        tone=_tone(chosen),
        rows=tuple(rows),
        further=tuple(further),
        low=low,
        high=high,
        band=BAND,
        noise=_noise(used),
    )


def interval(ratio: float, low: float | None, high: float | None) -> Interval:
    """A ratio and its interval, formatted."""
    return Interval(ratio, low, high, text.ratio(ratio), text.ratio_range(low, high))


def over_limit(item: Comparison) -> bool:
    """Whether this comparison by itself makes the run a regression."""
    return bool(regressions((item,)))


def _key(item: Comparison) -> tuple[str, str, str, int]:
    return (item.query, item.metric, item.basis, item.clients)


def _worst_first(item: Comparison) -> tuple[float, str, int, str, str]:
    ratio = item.ratio if item.ratio is not None else 0.0
    if item.metric == _THROUGHPUT and ratio:
        ratio = 1 / ratio
    return (-ratio, item.query, item.clients, item.metric, item.basis)


def _tone(comparisons: Sequence[Comparison]) -> Tone:
    if any(item.verdict == "slower" for item in comparisons):
        return "bad"
    return "open" if any(item.verdict == "inconclusive" for item in comparisons) else "good"


def comparison_row(item: Comparison, control: Comparison | None, several_levels: bool) -> LatencyRow:
    """A comparison and its A/A control, formatted."""
    clients = text.count(item.clients, "client")
    return LatencyRow(
        load=(item.query, item.clients),
        query=text.visible(item.query),
        figure=_FIGURES.get((item.metric, item.basis), item.metric),
        metric=item.metric,
        basis="response" if item.basis == "response" else "server to the last byte",
        clients=clients,
        level=clients if several_levels else "",
        verdict=item.verdict,
        tone=LATENCY_TONES[item.verdict],
        effect=_effect(item),
        noise=_effect(control) if control else None,
        before=text.duration(item.before_s),
        after=text.duration(item.after_s),
        blocks=_blocks(item),
        p_value=_p_value(item.p_adjusted),
        margin=f"±{100 * item.margin:.1f}{text.GAP}%",
        over_limit=over_limit(item),
        notes=_notes(item),
    )


def _effect(item: Comparison) -> Interval | None:
    if item.ratio is None or item.ratio <= 0:
        return None
    return interval(item.ratio, item.ci_low, item.ci_high)


def _blocks(item: Comparison) -> str:
    void = f", {item.void_blocks:,} void" if item.void_blocks else ""
    return f"{item.blocks:,}{void}"


def _p_value(value: float | None) -> str:
    if value is None:
        return text.MISSING
    return "under 0.001" if value < 0.001 else f"{value:.3f}"


def _notes(item: Comparison) -> tuple[str, ...]:
    notes = [text.visible(warning) for warning in item.warnings]
    if over_limit(item):
        notes.insert(0, f"more than the {100 * item.max_slowdown:.3g}{text.GAP}% allowed")
    if words := _to_settle(item):
        notes.append(words)
    return tuple(notes)


def _to_settle(item: Comparison) -> str:
    """What would settle an undecided comparison; nothing where its figures may not, or two blocks do not tell."""
    if item.verdict != "inconclusive" or item.p_adjusted is None or item.blocks < 2:
        return ""
    if item.blocks_needed and item.blocks_needed <= _MOST_BLOCKS:
        return f"about {text.count(item.blocks_needed, 'block')} would settle it"
    return (
        f"no number of blocks that a run takes (up to {_MOST_BLOCKS}) would settle it: longer slices, of a larger "
        "--budget, may"
    )


def _axis(rows: Sequence[LatencyRow]) -> tuple[float, float]:
    """Ends of the log axis: every interval and the band lie within, with some air, but no end beyond 4× or ¼.

    A single query many times slower would else press all others, and the band, into a line; it stands at the edge.
    """
    ends = [_LEAST_SPAN, 1 / _LEAST_SPAN]
    for row in rows:
        for part in (row.effect, row.noise):
            ends += [value for value in (part.ratio, part.low, part.high) if value and value > 0] if part else []
    low, high = math.log(max(min(ends), 1 / _MOST_SPAN)), math.log(min(max(ends), _MOST_SPAN))
    air = 0.03 * (high - low)
    return math.exp(low - air), math.exp(high + air)


def _noise(controls: Sequence[Comparison]) -> str:
    if not controls:
        return "This run has no A/A control, so its noise is not known."
    bounded = [item for item in controls if item.ratio and item.ci_low and item.ci_high and not item.doubtful]
    if not bounded:
        return "The A/A control has too few blocks to tell this run's noise."
    worst = max(bounded, key=lambda item: abs(math.log(item.ratio or 1)))
    interval_text = text.ratio_range(worst.ci_low, worst.ci_high)
    return (
        "Noise floor: the old state measured against a clone of itself differs most in "
        f"{text.visible(worst.query)}, by {text.change(worst.ratio)} ({interval_text})."
    )
