"""The mixed load as the report shows it: the whole mix at one rate on every arm, and each of its queries behind it."""

from __future__ import annotations

from dataclasses import replace

from harness import text
from harness.judge import MIX
from harness.report.evidence import Absent, LatencyRow, LoadSection, Tone
from harness.report.latency import comparison_row
from harness.report.words import AFTER, CONTROL
from harness.result import Comparison, Result

_METRICS = ("p50", "p95", "p99", "throughput")
_BASIS = "from the intended instant"
_SATURATED = "saturated"
_LEFT_OUT = "the mixed load is left out"


def load_section(result: Result) -> LoadSection | Absent:
    """The mix by metric, then its queries; Absent where no mixed load ran."""
    items = [item for item in result.throughput if item.load == "open"]
    mix = {item.metric: item for item in items if item.query == MIX and item.arm == AFTER}
    if not mix:
        told = next((note for note in result.notes if note.startswith(_LEFT_OUT)), "")
        return Absent(text.visible(f"{told[:1].upper()}{told[1:]}.") if told else "No mixed load was measured.")
    controls = {(item.query, item.metric): item for item in items if item.arm == CONTROL}
    queries = [item for item in items if item.arm == AFTER and item.query != MIX]
    first = mix["p50"]
    return LoadSection(
        sentence=f"{_rate(first)}: {_outcome(first)}. {_waiting(first)}",
        tone=_tone(first),
        rows=tuple(_row(mix[metric], controls) for metric in _METRICS if metric in mix),
        queries=tuple(_row(item, controls) for item in queries),
    )


def _rate(item: Comparison) -> str:
    connections = text.count(item.clients, "connection")
    return f"{item.rate_per_s or 0:,.6g} operations a second on every arm, over {connections}"


def _outcome(item: Comparison) -> str:
    saturated = next((words for words in item.warnings if words.startswith(_SATURATED)), "")
    if saturated:
        return text.visible(saturated)
    if item.ratio is None:
        return text.visible("; ".join(item.warnings) or "nothing was measured")
    undecided = ", undecided" if item.verdict == "inconclusive" else ""
    interval = text.ratio_range(item.ci_low, item.ci_high)
    return f"the median is {text.ratio(item.ratio)} of before's ({interval}){undecided}"


def _waiting(item: Comparison) -> str:
    if not item.intended:
        return "No operation was intended."
    late, skipped = text.share(item.late, item.intended), text.share(item.skipped, item.intended)
    return f"Of {item.intended:,} operations {late} waited for a connection and {skipped} were never sent."


def _tone(item: Comparison) -> Tone:
    if item.verdict == "slower":
        return "bad"
    return "open" if item.verdict == "inconclusive" else "good"


def _row(item: Comparison, controls: dict[tuple[str, str], Comparison]) -> LatencyRow:
    row = replace(comparison_row(item, controls.get((item.query, item.metric)), several_levels=False), basis=_BASIS)
    if item.metric != "throughput":
        return row
    return replace(row, before=_per_second(item.before_s), after=_per_second(item.after_s), basis="completed in time")


def _per_second(seconds: float | None) -> str:
    return text.MISSING if not seconds else f"{1 / seconds:,.4g}/s"
