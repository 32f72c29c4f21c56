"""What a claim speaks of and nobody looked at: it leaves the figure open, by as much as it may have hidden."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf

from harness.claims.select import Segment, Selected, Selector
from harness.result import ColumnCheck, Result

_VALUES = (
    "value_differs",
    "null_to_value",
    "value_to_null",
    "renders_differently",
    "row_missing",
    "row_extra",
    "row_duplicated",
)
_HIDES = {
    "not_compared": _VALUES,
    "nothing_compared": _VALUES,
    "view_error": _VALUES,
    "view_lost": _VALUES,
    "answer_unfinished": ("answer_differs", "answer_empty"),
}
"""Findings that say that something was not looked at, and the kinds of finding that may be hidden there."""

_IS_KNOWN = ("table", "column", "type", "counterpart", "counterpart_type", "lineage", "fate")
"""What is known of a column that was not compared."""

_CHANGED = "after"


def bounded(selector: Selector, selected: Selected, result: Result) -> Selected:
    """The figure with the ends between which it would lie had all been looked at that it speaks of.

    Unchanged where all was; else `unseen` names what was not, with the reason. Pure.
    """
    if isinstance(selected.value, (bool, str)):
        return selected
    root, *path = selector.segments
    if root.name == "errors":
        return _open(selected, _not_executed(root, result), 0, inf)
    if root.name == "integrity" and path and path[0].name == "findings":
        return _open(selected, _hidden(path[0], result), 0, inf)
    if root.name == "integrity" and path and path[0].name == "columns" and _asks_the_outcome(path):
        return _of_columns(selector, path[0], selected, result)
    return selected


def _open(selected: Selected, names: Sequence[str], less: float, more: float) -> Selected:
    if not names:
        return selected
    value = float(selected.value)
    return replace(selected, low=value - less, high=value + more, unseen=tuple(names))


def _hidden(segment: Segment, result: Result) -> list[str]:
    """What was not compared and may hide findings of a kind that the segment keeps."""
    columns = [item for item in result.integrity.columns if item.verdict == "not_compared"]
    found = [_column(item) for item in columns] if _may_hide(segment, "not_compared") else []
    known = {f"{item.table}.{item.column}" for item in columns}
    found += [
        item.detail or f"{item.object}: {item.kind.replace('_', ' ')}"
        for item in result.integrity.findings
        if item.kind in _HIDES and item.object not in known and _may_hide(segment, item.kind)
    ]
    return list(dict.fromkeys(found))


def _may_hide(segment: Segment, kind: str) -> bool:
    return any(segment.allows("kind", hidden) for hidden in _HIDES[kind])


def _asks_the_outcome(path: Sequence[Segment]) -> bool:
    """Whether the path asks for what comparing found; who asks for what was not compared asks for what is known."""
    filters = path[0].filters
    if any(test.name == "verdict" and not test.negated and "not_compared" in test.values for test in filters):
        return False
    asked = {test.name for test in filters} | {segment.name for segment in path[1:]}
    return not asked <= set(_IS_KNOWN)


def _of_columns(selector: Selector, segment: Segment, selected: Selected, result: Result) -> Selected:
    """A column that was not compared may come to be counted, or not to be; of sums and means nothing is known."""
    nothing = [item.detail for item in result.integrity.findings if item.kind == "nothing_compared"]
    unseen = [item for item in result.integrity.columns if item.verdict == "not_compared" and _is_meant(segment, item)]
    names = [*nothing, *map(_column, unseen)]
    if nothing or selector.function not in ("count", "distinct"):
        return _open(selected, names, inf, inf)
    counted = sum(all(test.keeps(item) for test in segment.filters) for item in unseen)
    return _open(selected, names, counted, len(unseen) - counted)


def _is_meant(segment: Segment, item: ColumnCheck) -> bool:
    return all(test.keeps(item) for test in segment.filters if test.name in _IS_KNOWN)


def _column(item: ColumnCheck) -> str:
    return f"{item.table}.{item.column} was not compared" + (f": {item.reason}" if item.reason else "")


def _not_executed(segment: Segment, result: Result) -> list[str]:
    """Queries that may have no errors because they did not run: on `after`, or on the arms that the segment names."""
    arms = {item.arm for item in result.latency if segment.allows("arm", item.arm)}
    arms = {_CHANGED} if _CHANGED in arms or not arms else arms
    ran = {item.query for item in (*result.latency, *result.throughput) if item.arm in arms and item.samples > 0}
    ran |= {item.query for item in result.errors if item.arm in arms}
    on = " or ".join(sorted(arms))
    return [
        f"{name} has no execution on {on} that counts{_why(name, result)}"
        for name in _queries(result)
        if name not in ran and segment.allows("query", name)
    ]


def _queries(result: Result) -> Iterable[str]:
    """All that were to be timed, and those that were not, because their answers differ or do not come."""
    timed = [item.query for item in result.workload] or [item.query for item in result.latency]
    untimed = [
        item.object for item in result.integrity.findings if item.kind in ("answer_differs", "answer_unfinished")
    ]
    return dict.fromkeys([*timed, *untimed])


def _why(query: str, result: Result) -> str:
    reasons = [item.reason for item in result.invalid_loads if item.query == query]
    return f" ({reasons[0]})" if reasons else ""
