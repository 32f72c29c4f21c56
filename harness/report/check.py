"""An integrity check by itself on the terminal: what each column came to, and each finding with its query."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness import text
from harness.report.evidence import Absent, Column, FindingCard, IntegritySection
from harness.report.integrity import integrity_section
from harness.report.terminal import WIDTH, indented, mark
from harness.result import ColumnCheck, Integrity


def show_check(integrity: Integrity, console: Console) -> None:
    """Prints the check, worst first; queries are printed unwrapped, to be pasted."""
    section = integrity_section(integrity)
    if isinstance(section, Absent):
        console.print(section.reason)
        return
    console.print(Group(*_overview(section, integrity)), width=min(console.width, WIDTH), highlight=False)
    for group in section.findings:
        for card in group.cards:
            console.print(Group(*_card(card, group.meaning)), width=min(console.width, WIDTH), highlight=False)
            for line in card.query.splitlines():
                console.print(Text(f"    {line}", "dim"), soft_wrap=True, highlight=False)


def _overview(section: IntegritySection, integrity: Integrity) -> Iterator[RenderableType]:
    yield Text.assemble(mark(section.tone, section.verdict, bold=True), f": {section.sentence}")
    for note in section.notes:
        yield indented(Text(note, "dim"))
    pairs = zip(integrity.columns, section.columns, strict=True)
    for name, rows in itertools.groupby(pairs, key=lambda pair: pair[0].table):
        yield from _table(text.visible(name), list(rows))


def _table(name: str, rows: Sequence[tuple[ColumnCheck, Column]]) -> Iterator[RenderableType]:
    """The columns of one table; the only view that they are held against stands in the heading."""
    views = {(item.counterpart or "").rpartition(".")[0] for item, _ in rows if item.counterpart}
    view = text.visible(views.pop()) if len(views) == 1 else ""
    yield Text()
    yield indented(Text(f"{name} against {view}" if view else name, "bold"))
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1))
    table.add_column("column", overflow="fold")
    table.add_column("there", overflow="fold")
    table.add_column("", no_wrap=True)
    table.add_column("identical", justify="right", no_wrap=True)
    table.add_column("of rows", justify="right", no_wrap=True)
    table.add_column("besides", overflow="fold")
    for item, column in rows:
        besides = column.reason or ", ".join(f"{fact.label} {fact.value}" for fact in column.tally)
        shown = column.counterpart.removeprefix(f"{view}.") if view else column.counterpart
        verdict = mark(column.tone, column.verdict)
        own = text.visible(item.column)
        table.add_row(Text(own), Text(shown), verdict, column.identical, column.rows, Text(besides))
    yield indented(table)


def _card(card: FindingCard, meaning: str) -> Iterator[RenderableType]:
    yield Text()
    yield mark(card.tone, f"{card.severity}: {card.kind}", bold=True)
    lines = [Text(card.detail), Text(f"{meaning}; {card.next_step}", "dim")]
    if card.cause:
        lines.append(Text(f"cause: {card.cause}"))
    lines += [Text(f"{example.key}: {example.old} → {example.new}") for example in card.examples]
    if card.keys:
        lines.append(Text(f"keys: {', '.join(card.keys)}"))
    yield Padding(Group(*lines), (0, 0, 0, 4))
