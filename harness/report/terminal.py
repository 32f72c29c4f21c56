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

from harness.report.data import Claims, IndexSection, ReportData, StorageSection
from harness.report.evidence import MARKS, Absent, IntegritySection, LatencyRow, LatencySection, LoadSection, Tone
from harness.report.words import LATENCY_MARKS, SERVER_MEAN

WIDTH = 100

_STYLES: dict[Tone, str] = {"good": "green", "bad": "red", "open": "yellow", "plain": "default"}
_MOST_QUERIES = 40
_MOST_ATTRIBUTED = 8


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
    yield mark(head.tone, head.sentence, bold=True)
    for reason in head.reasons:
        yield indented(Text(reason))
    if data.incomplete:
        yield indented(mark("bad", data.incomplete))
    yield Text()
    yield _figures(data)
    for section in (data.integrity, data.latency, data.load):
        yield from _section(section)
    yield from _why(data)
    yield from _attribution(data)
    yield from _section(data.storage)
    if not isinstance(data.indexes, Absent):
        yield from _section(data.indexes)
    yield from _section(data.claims)
    yield Text()
    yield mark(head.tone, f"exit code {head.exit_code}: {head.exit_meaning}")
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
        words = " ".join(filter(None, (section.sentence, section.dropping)))
        return (Text(), heading("Storage"), indented(Text(words)))
    if isinstance(section, IndexSection):
        return (Text(), heading("Indexes"), indented(Text(section.sentence)))
    if isinstance(section, Claims):
        return _claims(section)
    assert isinstance(section, Absent)
    return (indented(mark("open", section.reason)),)


def _figures(data: ReportData) -> RenderableType:
    grid = table()
    for figure in data.figures:
        grid.add_row(
            mark(figure.tone, ""),
            Text(figure.value, "bold"),
            Text.assemble(figure.label, "\n", (figure.context, "dim")),
        )
    return grid


def _integrity(section: IntegritySection) -> Iterator[RenderableType]:
    yield Text()
    yield heading("Integrity")
    yield indented(Text.assemble(mark(section.tone, section.verdict), f": {section.sentence}"))
    grid = table()
    for group in section.findings:
        grid.add_row(mark(group.tone, group.severity), Text(group.kind), Text(group.sentence))
    if section.findings:
        yield indented(grid)


def _latency(section: LatencySection) -> Iterator[RenderableType]:
    yield Text()
    yield heading("Latency, after ÷ before")
    yield indented(Text(f"{section.sentence} {section.noise}"))
    grid = table()
    for row in section.rows[:_MOST_QUERIES]:
        grid.add_row(*_compared(row, " ".join(filter(None, (row.query, row.level)))))
    yield indented(grid)
    yield from _more(len(section.rows) - _MOST_QUERIES, "queries")


def _load(section: LoadSection) -> Iterator[RenderableType]:
    yield Text()
    yield heading("Mixed load, after ÷ before")
    yield indented(Text(section.sentence))
    grid = table()
    for row in section.rows:
        grid.add_row(*_compared(row, row.metric))
    yield indented(grid)


def _compared(row: LatencyRow, name: str) -> tuple[Text, ...]:
    effect = row.effect
    told = f", {row.figure}" if row.figure == SERVER_MEAN else ""
    return (
        mark(row.tone, row.verdict, LATENCY_MARKS[row.verdict]),
        Text(name, overflow="fold"),
        Text(effect.text if effect else "not measured", justify="right"),
        Text(effect.range_text if effect and effect.low else "", "dim"),
        Text(f"{row.before} → {row.after}{told}" if effect else "", "dim"),
    )


def _why(data: ReportData) -> Iterator[RenderableType]:
    """The dearest cause of each verdict, and what certainly helps; nothing where no verdict needs one."""
    if isinstance(data.causes, Absent):
        return
    yield Text()
    yield heading("Why")
    grid = table()
    for row in data.causes[:_MOST_QUERIES]:
        words = Text(row.causes[0])
        for remedy in row.remedies:
            words.append(f"\ncertain to help: {remedy}", "bold")
        grid.add_row(mark(row.tone, row.query, LATENCY_MARKS[row.verdict]), words)
    yield indented(grid)
    yield from _more(len(data.causes) - _MOST_QUERIES, "queries")


def _attribution(data: ReportData) -> Iterator[RenderableType]:
    """The sentences of the queries that changed most; nothing where indexes and views were not told apart."""
    if isinstance(data.attribution, Absent):
        return
    yield Text()
    yield heading("Indexes or views")
    grid = table()
    for row in data.attribution[:_MOST_ATTRIBUTED]:
        grid.add_row(Text(row.query, overflow="fold"), Text(row.sentence))
    yield indented(grid)
    yield from _more(len(data.attribution) - _MOST_ATTRIBUTED, "queries")


def _claims(section: Claims) -> Iterator[RenderableType]:
    """Refuted claims only: what is undecided or holds stands in the report."""
    yield Text()
    yield heading("Claims of the runbook")
    yield indented(Text(section.counts))
    grid = table()
    for claim in section.rows:
        if claim.tone == "bad":
            tested = f"tested as {claim.tested}" if claim.tested else ""
            words = Text("\n".join(filter(None, (claim.figure, tested, claim.reason))))
            words.stylize("dim", len(claim.figure))
            grid.add_row(mark(claim.tone, claim.verdict), Text(f"“{claim.statement}”", overflow="fold"), words)
    if grid.row_count:
        yield indented(grid)


def _more(number: int, nouns: str) -> Iterator[RenderableType]:
    if number > 0:
        yield indented(Text(f"and {number:,} more {nouns} in the report", "dim"))


def table() -> Table:
    """Columns without lines."""
    return Table(box=box.SIMPLE, show_header=False, show_edge=False, pad_edge=False, padding=(0, 1))


def heading(words: str) -> Text:
    """The name of a part."""
    return Text(words, "bold")


def indented(part: RenderableType) -> Padding:
    """Two columns in."""
    return Padding(part, (0, 0, 0, 2))


def mark(tone: Tone, words: str, sign: str = "", bold: bool = False) -> Text:
    """A sign in its tone, and words."""
    style = _STYLES[tone] + (" bold" if bold else "")
    return Text(f"{sign or MARKS[tone]} {words}".rstrip(), style)
