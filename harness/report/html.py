"""The report as one HTML page that needs no network, no script and no style to be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness import text
from harness.report import pictures, svg
from harness.report.data import ReportData
from harness.report.entries import query_entries
from harness.report.evidence import MARKS, Absent, LatencyRow, QueryDetail
from harness.report.gate_data import QueryRow
from harness.report.words import LATENCY_MARKS, MEDIAN

SECTIONS = (
    ("claims", "The runbook's claims", ("claims",)),
    ("integrity", "Integrity", ("integrity",)),
    ("latency", "Latency", ("latency",)),
    ("load", "Mixed load", ("load",)),
    ("queries", "Query by query", ("details", "plans", "causes")),
    ("attribution", "Attribution: indexes or views", ("attribution",)),
    ("storage", "Storage", ("storage",)),
    ("indexes", "Indexes", ("indexes",)),
    ("migrations", "Migration statements", ("migrations",)),
)
"""Anchor and template, heading, and the fields of ReportData that it shows, in the order of the page."""

MOST_CARDS = 4
"""Of more findings of one kind and severity, those that touch fewer rows are told in brief."""

PARTS = (("heap", "#4c7fb8", "part-heap"), ("indexes", "#a87400", "part-index"), ("TOAST", "#8a62b0", "part-toast"))


def render(data: ReportData) -> str:
    """The whole page; the same data give the same bytes."""
    return render_template("report.html.j2", data=data)


def render_template(name: str, **values: object) -> str:
    """A template of this package, filled, in the shorter of the two forms that HTML has for the same tree.

    Not by a minifier: those that were tried also fold the blanks of text, and in a compared value a blank is evidence.
    """
    page = _ENVIRONMENT.get_template(name).render(**values)
    page = _END_TAGS.sub("", page)
    page = _TAGS.sub(lambda tag: _QUOTED.sub(r"=\1", tag[0]), page)
    return _WORDS.sub(lambda words: words[0].replace("&#34;", '"').replace("&#39;", "'"), page)


_JOINTS = re.compile(r"(?<=[^\W\d][._])(?=[^\W\d])")
"""Within names; not within figures."""

_END_TAGS = re.compile(r"</(?:td|th|tr|thead|tbody|li|dt|dd)>")
"""End tags that the next start tag, or the parent's end, implies."""

_TAGS = re.compile(r"<[a-z][^<>]*>")

_QUOTED = re.compile(r'="([^"\'=<>`\s]+)"(?!/)')
"""A value that needs no quotes; before the slash of `/>` it does, or it would take the slash for its own."""

_WORDS = re.compile(r">[^<>]+(?=<)")
"""Text between tags, where a quote needs no escape; all that comes from data has its angle brackets escaped."""


def _byte_axis_ticks(axis: svg.Axis, largest: int) -> tuple[svg.Tick, ...]:
    return svg.ticks(axis, [(value, text.rounded(text.size(value))) for value in svg.byte_values(largest)])


def _anchor(kind: str, section: Sequence[Any] | Absent, query: str, level: str = "") -> str:
    """The id of a query's entry in a section: `plans-3`; empty where it has none."""
    entries = () if isinstance(section, Absent) else section
    names = [(item.query, getattr(item, "level", "")) for item in entries]
    return f"{kind}-{names.index((query, level)) + 1}" if (query, level) in names else ""


def _reasons(data: ReportData, fields: Sequence[str]) -> list[str]:
    """Why some of these fields have nothing to show."""
    sections = [getattr(data, name) for name in fields]
    return list(dict.fromkeys(section.reason for section in sections if isinstance(section, Absent)))


def _shown(data: ReportData, fields: Sequence[str]) -> bool:
    """Whether any of these fields has something to show."""
    return not all(isinstance(getattr(data, name), Absent) for name in fields)


def _breakable(words: str) -> Markup:
    """Long names may end a line after a dot or an underscore: a phone shows them whole, without the style, too."""
    return Markup("<wbr>").join(_JOINTS.split(words))


def _percents(shares: Sequence[float]) -> list[str]:
    return [f"{100 * share:g}{text.GAP}%" for share in shares]


def _footnotes(rows: Sequence[LatencyRow | QueryRow]) -> tuple[list[str], list[str]]:
    """Every different note of the rows once, and for each row the numbers of its own: `1, 4`."""
    numbers: dict[str, int] = {}
    for row in rows:
        for note in row.notes:
            numbers.setdefault(note, len(numbers) + 1)
    return list(numbers), [", ".join(str(numbers[note]) for note in row.notes) for row in rows]


def _remarks(detail: QueryDetail) -> dict[int, str]:
    """What is to be said of a block: void, or that something interfered."""
    remarks = {block: f"void: {words}" for block, words in detail.void}
    for block, words in detail.marks:
        remarks[block] = "; ".join(filter(None, (remarks.get(block), words)))
    return remarks


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("harness.report"), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.tests["absent"] = lambda section: isinstance(section, Absent)
    environment.filters["breakable"] = _breakable
    environment.globals.update(
        MARKS=MARKS,
        MOST_CARDS=MOST_CARDS,
        LATENCY_MARKS=LATENCY_MARKS,
        MEDIAN=MEDIAN,
        MISSING=text.MISSING,
        SECTIONS=SECTIONS,
        PARTS=PARTS,
        ratio_axis=svg.ratio_axis,
        ratio_ticks=svg.ratio_ticks,
        linear_axis=svg.linear_axis,
        byte_axis_ticks=_byte_axis_ticks,
        ARM_LOOKS=pictures.ARM_LOOKS,
        share_ticks=pictures.share_ticks,
        share_bands=pictures.share_bands,
        block_ticks=pictures.block_ticks,
        blocks_picture=pictures.blocks_picture,
        distribution_picture=pictures.distribution_picture,
        milliseconds=text.milliseconds,
        percents=_percents,
        anchor=_anchor,
        footnotes=_footnotes,
        remarks=_remarks,
        reasons=_reasons,
        shown=_shown,
        query_entries=query_entries,
    )
    return environment


_ENVIRONMENT = _environment()
