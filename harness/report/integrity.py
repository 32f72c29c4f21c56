"""The integrity check as a matrix, a table of columns, findings by severity, and views."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence

from harness import text
from harness.report.evidence import (
    Absent,
    AcceptedGroup,
    Cell,
    Column,
    ExampleRow,
    Fact,
    FindingCard,
    FindingGroup,
    IntegritySection,
    MatrixRow,
    Tone,
    View,
)
from harness.report.words import COLUMN_MARKS, COLUMN_TONES, SEVERITY_TONES, fates, gravity, problem, title
from harness.result import ColumnCheck, Example, Finding, Integrity, ViewCheck
from harness.verify.kinds import CAUSES, KINDS

_SEVERITIES = ("error", "warning", "info")
_MOST_EXAMPLES = 4
_ACCEPTED_EXAMPLES = 1
_COUNTS = (
    "renders_differently",
    "different",
    "null_to_value",
    "value_to_null",
    "missing_row",
    "extra_row",
    "duplicate_row",
    "stale_before",
)


def integrity_section(integrity: Integrity) -> IntegritySection | Absent:
    """Everything about values; absent where nothing was checked."""
    if integrity.verdict == "not_checked":
        return Absent("No value was compared.")
    accepted = accepted_objects(integrity)
    findings = sorted(integrity.findings, key=_severity_first)
    tables = list(dict.fromkeys(column.table for column in integrity.columns))
    return IntegritySection(
        verdict="passed" if integrity.verdict == "pass" else "failed",
        sentence=_sentence(integrity),
        tone="good" if integrity.verdict == "pass" else "bad",
        fates=fates(integrity.columns) or "dropped",
        matrix=tuple(_matrix_row(table, integrity, accepted) for table in tables),
        columns=tuple(_column(item, accepted) for item in integrity.columns),
        findings=_groups([item for item in findings if item.accepted is None], integrity.columns),
        accepted=_accepted([item for item in findings if item.accepted is not None]),
        views=tuple(_view(item) for item in integrity.views),
        notes=tuple(text.visible(note) for note in integrity.notes),
    )


def _sentence(integrity: Integrity) -> str:
    open_findings = [item for item in integrity.findings if item.accepted is None]
    by_severity = {level: sum(item.severity == level for item in open_findings) for level in _SEVERITIES}
    words = {"error": "error", "warning": "warning", "info": "remark"}
    found = [text.count(by_severity[level], words[level]) for level in _SEVERITIES if by_severity[level]]
    accepted = len(integrity.findings) - len(open_findings)
    if accepted:
        found.append(f"{accepted:,} accepted by rule")
    compared = f"{text.count(integrity.rows_compared, 'row')} and {text.count(integrity.cells_compared, 'value')}"
    return f"{compared} compared; findings: {', '.join(found) or 'none'}."


def accepted_objects(integrity: Integrity) -> frozenset[str]:
    """Objects, such as `table.column`, that have findings, all of them accepted."""
    still_open = {item.object for item in integrity.findings if item.accepted is None and item.severity != "info"}
    return frozenset({item.object for item in integrity.findings if item.accepted is not None} - still_open)


def _verdict(item: ColumnCheck, accepted: frozenset[str]) -> tuple[str, Tone]:
    if item.verdict != "identical" and _name(item) in accepted:
        return f"{title(item.verdict)}, accepted", "plain"
    return title(item.verdict), COLUMN_TONES[item.verdict]


def _matrix_row(table: str, integrity: Integrity, accepted: frozenset[str]) -> MatrixRow:
    columns = [column for column in integrity.columns if column.table == table]
    views = dict.fromkeys(column.counterpart.rpartition(".")[0] for column in columns if column.counterpart)
    cells = []
    for column in columns:
        verdict, tone = _verdict(column, accepted)
        verdict += "" if column.fate == "dropped" else f" ({column.fate})"
        cells.append(Cell(text.visible(column.column), tone, COLUMN_MARKS[column.verdict], verdict))
    return MatrixRow(
        table=text.visible(table),
        views=text.visible(", ".join(views)) or "no view",
        rows=text.count(max(column.rows for column in columns), "row"),
        cells=tuple(cells),
    )


def _column(item: ColumnCheck, accepted: frozenset[str]) -> Column:
    verdict, tone = _verdict(item, accepted)
    counts = {name: getattr(item, name) for name in _COUNTS}
    return Column(
        name=text.visible(_name(item)),
        type=text.visible(item.type),
        fate="" if item.fate == "dropped" else item.fate,
        counterpart=text.visible(item.counterpart or "none"),
        counterpart_type=text.visible(item.counterpart_type or "") if item.counterpart_type != item.type else "",
        lineage=item.lineage,
        verdict=verdict,
        tone=tone,
        rows=text.count(item.rows),
        identical=text.count(item.identical),
        tally=tuple(Fact(title(name), text.count(number)) for name, number in counts.items() if number),
        reason=text.visible(item.reason),
    )


def _name(item: ColumnCheck) -> str:
    return f"{item.table}.{item.column}"


def _severity_first(item: Finding) -> tuple[int, int, str, int, str]:
    return (_SEVERITIES.index(item.severity), gravity(item.kind), item.kind, -item.count, item.object)


def _groups(findings: Sequence[Finding], columns: Sequence[ColumnCheck]) -> tuple[FindingGroup, ...]:
    """Neighbours of one severity and kind together."""
    groups = itertools.groupby(findings, key=lambda item: (item.severity, item.kind))
    return tuple(_group(kind, severity, list(items), columns) for (severity, kind), items in groups)


def _group(kind: str, severity: str, findings: Sequence[Finding], columns: Sequence[ColumnCheck]) -> FindingGroup:
    objects = {item.object for item in findings}
    lost = [item for item in columns if _name(item) in objects] if kind == "no_counterpart" else []
    known = KINDS.get(kind)
    cards = [_finding(item) for item in findings]
    common = {name: _common([getattr(card, name) for card in cards]) for name in ("next_step", "database")}
    return FindingGroup(
        kind=title(kind),
        severity=severity,
        tone=SEVERITY_TONES[severity],
        sentence=problem(kind, len(objects), which=fates(lost)),
        meaning=known.meaning if known else "",
        **common,
        cards=tuple(cards),
    )


def _common(words: Sequence[str]) -> str:
    """What all say; nothing where one differs, or where only one speaks."""
    return words[0] if len(words) > 1 and len(set(words)) == 1 else ""


def _accepted(findings: Sequence[Finding]) -> tuple[AcceptedGroup, ...]:
    """Findings by the rule that accepts them: the rule is told once, and what it lets pass stands in a table."""
    by_reason: dict[str, list[Finding]] = defaultdict(list)
    for item in findings:
        by_reason[item.accepted or ""].append(item)
    return tuple(
        AcceptedGroup(text.visible(reason), tuple(_finding(item, _ACCEPTED_EXAMPLES) for item in items))
        for reason, items in by_reason.items()
    )


def _finding(item: Finding, most_examples: int = _MOST_EXAMPLES) -> FindingCard:
    extent = ""
    if item.rows:
        of_rows = text.count(item.rows, "row")
        extent = f"{text.count(item.count)} of {of_rows} ({text.share(item.count, item.rows)})"
    examples = item.examples[:most_examples]
    return FindingCard(
        kind=title(item.kind),
        severity=item.severity,
        tone="plain" if item.accepted is not None else SEVERITY_TONES[item.severity],
        object=text.visible(item.object),
        detail=text.visible(item.detail),
        extent=extent,
        cause=text.visible(CAUSES.get(item.cause, title(item.cause))),
        examples=tuple(_example(example) for example in examples if not _is_key(example)),
        keys=tuple(text.visible(example.key) for example in examples if _is_key(example)),
        more=len(item.examples) - len(examples),
        query=text.printable(item.query.strip()),
        database=text.visible(item.database),
        next_step=text.visible(item.next_step),
    )


def _is_key(item: Example) -> bool:
    """An example of a row rather than of a value: two NULLs are no difference."""
    return item.old is None and item.new is None


def _example(item: Example) -> ExampleRow:
    old, new = text.value_pair(item.old, item.new)
    return ExampleRow(key=text.visible(item.key), old=old, new=new)


def _view(item: ViewCheck) -> View:
    state: tuple[str, Tone, str] = ("readable", "good", "")
    if item.error is not None:
        state = ("cannot be read", "bad", text.visible(item.error))
    elif item.rows is None:
        state = ("not read", "open", "")
    elif item.rows == 0:
        state = ("empty", "open", "nothing is proven about it")
    return View(
        name=text.visible(item.view),
        tables=text.visible(", ".join(item.tables)),
        columns=text.count(item.columns),
        rows=text.count(item.rows),
        state=state[0],
        tone=state[1],
        detail=state[2],
    )
