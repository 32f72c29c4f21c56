"""The comparison of two runs for the terminal, as Markdown, as JUnit and as a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text

from harness import text
from harness.report import junit, markdown, terminal
from harness.report.evidence import MARKS, Absent
from harness.report.gate_data import GateData, QueryRow, Row
from harness.report.html import render_template

_MOST = 40


def page(data: GateData) -> str:
    """The comparison as one HTML page; the same data give the same bytes."""
    return render_template("compare.html.j2", data=data)


def summary(data: GateData) -> str:
    """The comparison as Markdown."""
    return "\n".join(_markdown(data)) + "\n"


def cases(data: GateData) -> str:
    """The comparison as JUnit XML: a case fails only for what became worse."""
    suites = {
        "views": [_case(row) for row in data.views],
        "columns": [_case(row) for row in data.columns],
        "integrity findings": [_case(row) for row in _rows(data.findings)],
        "queries": [_query_case(row) for row in _rows(data.queries)],
        "storage": [_case(row) for row in _rows(data.storage)],
        "claims": [_case(row) for row in _rows(data.claims)],
    }
    whole = junit.Case(f"against the baseline: {data.exit_meaning}", output=data.sentence)
    return junit.document(data.title, {"gate": [whole], **suites})


def show(data: GateData, console: Console) -> None:
    """Prints the comparison; at most 100 columns, what became worse first."""
    console.print(Group(*_terminal(data)), width=min(console.width, terminal.WIDTH), highlight=False, soft_wrap=False)


def _rows(section: Sequence[Row] | Sequence[QueryRow] | Absent) -> Sequence[Row | QueryRow]:
    return () if isinstance(section, Absent) else section


def _case(row: Row | QueryRow) -> junit.Case:
    if isinstance(row, QueryRow):
        return _query_case(row)
    words = "; ".join(filter(None, (row.state, f"baseline: {row.base}", f"new: {row.new}", row.detail)))
    if row.advisory:
        return junit.Case(row.name, skipped=f"advisory: {words}")
    return junit.Case(row.name, failure=words) if row.tone == "bad" else junit.Case(row.name, output=words)


def _query_case(row: Row | QueryRow) -> junit.Case:
    assert isinstance(row, QueryRow)
    name = " ".join(filter(None, (row.query, row.level)))
    effects = f"after/before {row.new} now, {row.base} in the baseline"
    words = "; ".join((f"{row.verdict} {row.shift} ({row.interval})", effects, *row.notes))
    if row.role == "advisory":
        return junit.Case(name, skipped=f"advisory: {words}")
    if row.tone == "bad":
        return junit.Case(name, failure=words)
    return junit.Case(name, skipped=words) if row.tone == "open" else junit.Case(name, output=words)


def _markdown(data: GateData) -> Iterator[str]:
    yield f"# {MARKS[data.tone]} {markdown.plain(data.sentence)}"
    yield from ("", f"**Exit code {data.exit_code}: {data.exit_meaning}.** {markdown.plain(data.title)}.", "")
    for line in (*(f"{fact.label}: {fact.value}" for fact in data.facts), *data.cautions):
        yield f"- {markdown.plain(line)}"
    yield from _table(
        "Queries: the effect after ÷ before, and its shift", _QUERY_HEADS, map(_query_cells, _rows(data.queries))
    )
    for heading, rows in _sections(data):
        cells = ((f"{MARKS[row.tone]} {row.state}", row.name, row.base, row.new, row.detail) for row in rows)
        yield from _table(heading, ("State", "What", "Baseline", "New run", "Detail"), cells)


_QUERY_HEADS = ("Verdict", "Query", "Baseline", "New run", "New ÷ baseline", "Interval")


def _query_cells(row: Row | QueryRow) -> tuple[str, ...]:
    assert isinstance(row, QueryRow)
    name = " ".join(filter(None, (row.query, row.level)))
    return f"{row.sign} {row.verdict}", name, row.base, row.new, row.shift, row.interval


def _sections(data: GateData) -> Iterator[tuple[str, list[Row]]]:
    """Every other part, without what stayed as it was: that is left to the page and to JUnit."""
    parts: dict[str, Sequence[Row] | Absent] = {
        "Conditions that differ": data.conditions,
        "Findings": data.findings,
        "Storage": data.storage,
        "Views": data.views,
        "Columns": data.columns,
        "Claims": data.claims,
    }
    for heading, rows in parts.items():
        shown = [] if isinstance(rows, Absent) else [row for row in rows if row.tone != "plain"]
        if shown:
            yield heading, shown


def _table(heading: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield from ("", f"## {heading}", "")
    yield from markdown.table(heads, rows)


def _terminal(data: GateData) -> Iterator[RenderableType]:
    yield Text(data.title, "dim")
    for fact in data.facts:
        yield Text(f"{fact.label}: {fact.value}", "dim")
    yield Text()
    yield terminal.mark(data.tone, data.sentence, bold=True)
    for caution in data.cautions:
        yield terminal.indented(terminal.mark("open", caution))
    yield from (Text(), terminal.heading("Queries: after ÷ before in the baseline and now, and the shift"))
    yield _query_table(data)
    yield from _reasons([] if isinstance(data.queries, Absent) else data.queries)
    for heading, rows in _sections(data):
        yield from (Text(), terminal.heading(heading))
        yield _row_table(rows)
    yield from (Text(), terminal.mark(data.tone, f"exit code {data.exit_code}: {data.exit_meaning}"))


def _query_table(data: GateData) -> RenderableType:
    if isinstance(data.queries, Absent):
        return terminal.indented(terminal.mark("open", data.queries.reason))
    table = terminal.table()
    for row in data.queries[:_MOST]:
        table.add_row(
            terminal.mark(row.tone, row.verdict, row.sign),
            Text(" ".join(filter(None, (row.query, row.level))), overflow="fold"),
            Text(f"{row.base.partition(' ')[0]} → {row.new.partition(' ')[0]}", justify="right"),
            Text(row.shift, justify="right"),
            Text(row.interval, "dim"),
        )
    return terminal.indented(table)


def _reasons(rows: Sequence[QueryRow]) -> Iterator[RenderableType]:
    """Why queries are undecided: each reason once, with those that it concerns."""
    names: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.tone == "open" and row.notes:
            names[row.notes[0]].append(row.query)
    for reason, queries in names.items():
        yield terminal.indented(Text(f"{reason}: {text.several(queries)}", "dim"))


def _row_table(rows: Sequence[Row]) -> RenderableType:
    table = terminal.table()
    for row in rows[:_MOST]:
        table.add_row(
            terminal.mark(row.tone, row.state),
            Text(row.name, overflow="fold"),
            Text(f"{row.base} → {row.new}", "dim", overflow="fold"),
        )
    return terminal.indented(table)
