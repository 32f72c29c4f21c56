"""The summary that ends a run on the terminal: at most 100 columns, worst first."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.report.data import Claims, ReportData, StorageSection
from harness.report.evidence import MARKS, Absent, IntegritySection, LatencySection, LoadSection, Tone
from harness.report.words import LATENCY_MARKS

WIDTH = 100

_STYLES: dict[Tone, str] = {"good": "green", "bad": "red", "open": "yellow", "plain": "default"}
_MOST_QUERIES = 40


def render(data: ReportData, report: Path | None = None) -> str:
    """The summary as plain text."""
    console = Console(file=io.StringIO(), width=WIDTH, no_color=True, force_terminal=False, legacy_windows=False)
    show(data, console, report)
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def show(data: ReportData, console: Console, report: Path | None = None) -> None:
    """Prints the summary; wide terminals get no longer lines."""
    width = min(console.width, WIDTH)
    console.print(Group(*_parts(data, report)), width=width, highlight=False, soft_wrap=False)


def show_comparison(latency: LatencySection | Absent, load: LoadSection | Absent, console: Console) -> None:
    """Prints what was timed, and nothing else."""
    console.print(Group(*_section(latency), *_section(load)), width=min(console.width, WIDTH), highlight=False)


def _parts(data: ReportData, report: Path | None) -> Iterator[RenderableType]:
    head = data.headline
    facts = {fact.label: fact.value for fact in data.facts}
    yield Text(f"{data.title} · profile {facts['profile']} · {facts['server']} · seed {facts['seed']}", "dim")
    yield Text(f"What ran: {data.origin}", "dim")
    yield Text()
    yield _mark(head.tone, head.sentence, bold=True)
    for reason in head.reasons:
        yield _indented(Text(reason))
    if data.incomplete:
        yield _indented(_mark("bad", data.incomplete))
    yield Text()
    yield _figures(data)
    for section in (data.integrity, data.latency, data.load, data.storage, data.claims):
        yield from _section(section)
    yield Text()
    yield _mark(head.tone, f"exit code {head.exit_code}: {head.exit_meaning}")
    if report is not None:
        yield Text.assemble("Report: ", str(report), overflow="fold")


def _section(section: object) -> Iterable[RenderableType]:
    if isinstance(section, IntegritySection):
        return _integrity(section)
    if isinstance(section, LatencySection):
        return _latency(section)
    if isinstance(section, LoadSection):
        return _load(section)
    if isinstance(section, StorageSection):
        return (Text(), _heading("Storage"), _indented(Text(section.sentence)))
    if isinstance(section, Claims):
        return _claims(section)
    assert isinstance(section, Absent)
    return (_indented(_mark("open", section.reason)),)


def _figures(data: ReportData) -> RenderableType:
    table = _table()
    for figure in data.figures:
        table.add_row(
            _mark(figure.tone, ""),
            Text(figure.value, "bold"),
            Text.assemble(figure.label, "\n", (figure.context, "dim")),
        )
    return table


def _integrity(section: IntegritySection) -> Iterator[RenderableType]:
    yield Text()
    yield _heading("Integrity")
    yield _indented(Text.assemble(_mark(section.tone, section.verdict), f": {section.sentence}"))
    table = _table()
    for group in section.findings:
        table.add_row(_mark(group.tone, group.severity), Text(group.kind), Text(group.sentence))
    if section.findings:
        yield _indented(table)


def _latency(section: LatencySection) -> Iterator[RenderableType]:
    yield Text()
    yield _heading("Latency, median after ÷ before")
    yield _indented(Text(f"{section.sentence} {section.noise}"))
    table = _table()
    for row in section.rows[:_MOST_QUERIES]:
        table.add_row(
            _mark(row.tone, row.verdict, LATENCY_MARKS[row.verdict]),
            Text(" ".join(filter(None, (row.query, row.level))), overflow="fold"),
            Text(row.effect.text if row.effect else "not measured", justify="right"),
            Text(row.effect.range_text if row.effect and row.effect.low else "", "dim"),
            Text(f"{row.before} → {row.after}" if row.effect else "", "dim"),
        )
    yield _indented(table)
    yield from _more(len(section.rows) - _MOST_QUERIES, "queries")


def _load(section: LoadSection) -> Iterator[RenderableType]:
    yield Text()
    yield _heading("Mixed load, after ÷ before")
    yield _indented(Text(section.sentence))
    table = _table()
    for row in section.rows:
        table.add_row(
            _mark(row.tone, row.verdict, LATENCY_MARKS[row.verdict]),
            Text(row.metric),
            Text(row.effect.text if row.effect else "not measured", justify="right"),
            Text(row.effect.range_text if row.effect and row.effect.low else "", "dim"),
            Text(f"{row.before} → {row.after}" if row.effect else "", "dim"),
        )
    yield _indented(table)


def _claims(section: Claims) -> Iterator[RenderableType]:
    """Refuted claims only: what is undecided or holds stands in the report."""
    yield Text()
    yield _heading("Claims of the runbook")
    yield _indented(Text(section.counts))
    table = _table()
    for claim in section.rows:
        if claim.tone == "bad":
            words = Text.assemble(claim.figure, (f"\n{claim.reason}" if claim.reason else "", "dim"))
            table.add_row(_mark(claim.tone, claim.verdict), Text(f"“{claim.statement}”", overflow="fold"), words)
    if table.row_count:
        yield _indented(table)


def _more(number: int, nouns: str) -> Iterator[RenderableType]:
    if number > 0:
        yield _indented(Text(f"and {number:,} more {nouns} in the report", "dim"))


def _table() -> Table:
    return Table(box=box.SIMPLE, show_header=False, show_edge=False, pad_edge=False, padding=(0, 1))


def _heading(words: str) -> Text:
    return Text(words, "bold")


def _indented(part: RenderableType) -> Padding:
    return Padding(part, (0, 0, 0, 2))


def _mark(tone: Tone, words: str, sign: str = "", bold: bool = False) -> Text:
    style = _STYLES[tone] + (" bold" if bold else "")
    return Text(f"{sign or MARKS[tone]} {words}".rstrip(), style)
