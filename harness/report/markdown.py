"""The summary as Markdown, for the page of a nightly job."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from harness.report.data import Claims, ReportData
from harness.report.evidence import MARKS, Absent, IntegritySection, LatencyRow, LatencySection, LoadSection
from harness.report.words import LATENCY_MARKS

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$@])")
_MOST_FINDINGS = 20


def render(data: ReportData) -> str:
    """The whole summary."""
    return "\n".join(_lines(data)) + "\n"


def _lines(data: ReportData) -> Iterator[str]:
    head = data.headline
    yield f"# {MARKS[head.tone]} {plain(head.sentence)}"
    yield ""
    yield f"**Exit code {head.exit_code}: {head.exit_meaning}.** {plain(data.title)}. What ran: {plain(data.origin)}"
    yield ""
    for fact in data.facts:
        yield f"- {fact.label}: {plain(fact.value)}"
    for reason in head.reasons:
        yield f"- {plain(reason)}"
    if data.incomplete:
        yield from ("", f"**Incomplete.** {plain(data.incomplete)}")
    yield ""
    rows = ((f"{MARKS[figure.tone]} {figure.label}", figure.value, figure.context) for figure in data.figures)
    yield from table(("What matters", "Figure", "Context"), rows)
    yield from _section("Integrity", data.integrity)
    yield from _section("Latency", data.latency)
    yield from _section("Mixed load", data.load)
    yield from _why(data)
    yield from _attribution(data)
    yield from _storage(data)
    yield from _section("Claims of the runbook", data.claims)


def _section(title: str, section: object) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    if isinstance(section, Absent):
        yield f"{MARKS['open']} {plain(section.reason)}"
    elif isinstance(section, IntegritySection):
        yield from _integrity(section)
    elif isinstance(section, LatencySection):
        yield from _latency(section)
    elif isinstance(section, LoadSection):
        yield from _load(section)
    elif isinstance(section, Claims):
        yield from _claims(section)


def _integrity(section: IntegritySection) -> Iterator[str]:
    yield plain(f"{MARKS[section.tone]} {section.verdict}: {section.sentence}")
    for group in section.findings:
        yield from ("", f"**{MARKS[group.tone]} {group.severity}: {plain(group.sentence)}**", "")
        rows = ((item.object, item.detail, item.extent, item.cause) for item in group.cards[:_MOST_FINDINGS])
        yield from table(("Object", "Finding", "Touches", "Cause"), rows)
        if len(group.cards) > _MOST_FINDINGS:
            yield from ("", f"And {len(group.cards) - _MOST_FINDINGS:,} more in the report.")


def _latency(section: LatencySection) -> Iterator[str]:
    yield plain(f"{section.sentence} {section.noise}")
    yield ""
    rows = ((*_compared(row, " ".join(filter(None, (row.query, row.level)))), row.figure) for row in section.rows)
    yield from table(("Verdict", "Query", "After ÷ before", "Interval", "Before", "After", "Figure"), rows)


def _load(section: LoadSection) -> Iterator[str]:
    yield plain(section.sentence)
    yield ""
    rows = (_compared(row, row.metric) for row in section.rows)
    yield from table(("Verdict", "Metric", "After ÷ before", "Interval", "Before", "After"), rows)


def _compared(row: LatencyRow, name: str) -> tuple[str, ...]:
    return (
        f"{LATENCY_MARKS[row.verdict]} {row.verdict}",
        name,
        row.effect.text if row.effect else "not measured",
        row.effect.range_text if row.effect else "",
        row.before,
        row.after,
    )


def _why(data: ReportData) -> Iterator[str]:
    if isinstance(data.causes, Absent):
        return
    yield from ("", "## Why slower, why faster", "")
    rows = (
        (f"{LATENCY_MARKS[row.verdict]} {row.verdict}", row.query, "; ".join(row.causes), " ".join(row.remedies))
        for row in data.causes
    )
    yield from table(("Verdict", "Query", "Because", "Certain to help"), rows)


def _attribution(data: ReportData) -> Iterator[str]:
    yield from ("", "## Indexes or views", "")
    if isinstance(data.attribution, Absent):
        yield f"{MARKS['open']} {plain(data.attribution.reason)}"
        return
    yield from table(("Query", "Speed-up"), ((row.query, row.sentence) for row in data.attribution))


def _storage(data: ReportData) -> Iterator[str]:
    yield from ("", "## Storage", "")
    if isinstance(data.storage, Absent):
        yield f"{MARKS['open']} {plain(data.storage.reason)}"
        return
    yield plain(" ".join(filter(None, (data.storage.sentence, data.storage.dropping))))
    yield ""
    stages = data.storage.stages
    rows = ((item.label, item.total, item.change, item.heap, item.index, item.toast, item.free) for item in stages)
    yield from table(("Stage", "Total", "Change", "Heap", "Indexes", "TOAST", "Free"), rows)
    if isinstance(data.indexes, Absent):
        return
    yield from ("", "## Indexes", "", plain(data.indexes.sentence))


def _claims(section: Claims) -> Iterator[str]:
    yield plain(section.counts)
    yield ""
    rows = (
        (
            f"{MARKS[claim.tone]} {claim.verdict}",
            f"“{claim.statement}”",
            "; ".join(filter(None, (claim.figure, claim.reason))),
            claim.tested,
        )
        for claim in section.rows
    )
    yield from table(("Verdict", "The runbook says", "Measured", "Tested as"), rows)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A pipe table; every cell is escaped here."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(map(plain, row))} |"


def plain(words: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(words.split()))
