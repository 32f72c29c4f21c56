"""Findings, views, columns and claims of two runs side by side: what is new, what got worse, what is gone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from itertools import zip_longest
from typing import TypeVar

from harness.result import ClaimResult, ColumnCheck, Finding, FindingShift, ItemShift, Outcome, Result, ViewCheck
from harness.result.gate import Change

_RANKS = {"info": 0, "warning": 1, "error": 2}
_ERROR = _RANKS["error"]
_COUNTS = re.compile(r"\b\d[\d,.]*\b")
_Key = tuple[str, str, str, str]
T = TypeVar("T", ViewCheck, ColumnCheck, ClaimResult)


def finding_shifts(base: Result, new: Result) -> tuple[FindingShift, ...]:
    """Every finding of either run, those that fail the gate first.

    A finding is the same where kind, object, cause and words agree, numbers in the words left aside. It fails where it
    is an error that no rule accepts, and the stored run lacks it, accepts it, or saw it touch fewer rows.
    """
    old, fresh = _grouped(base), _grouped(new)
    found = [
        _shift(before, after)
        for key in dict.fromkeys((*fresh, *old))
        for before, after in zip_longest(old.get(key, []), fresh.get(key, []))
    ]
    return tuple(sorted(found, key=lambda item: (item.outcome != "fail", item.change == "same")))


def _grouped(result: Result) -> dict[_Key, list[Finding]]:
    groups: dict[_Key, list[Finding]] = defaultdict(list)
    for finding in result.integrity.findings:
        groups[finding.kind, finding.object, _wording(finding.cause), _wording(finding.detail)].append(finding)
    return {key: sorted(group, key=lambda item: (-_rank(item), -item.count)) for key, group in groups.items()}


def _wording(words: str) -> str:
    return _COUNTS.sub("#", words)


def _rank(finding: Finding | None) -> int:
    """How grave a finding is; what a rule accepts is as good as none."""
    return 0 if finding is None or finding.accepted is not None else _RANKS[finding.severity]


def _shift(base: Finding | None, new: Finding | None) -> FindingShift:
    shown = new or base
    assert shown is not None
    counts = base.count if base else 0, new.count if new else 0
    change = _change(base, new)
    fails = change in ("new", "worse") and _rank(new) == _ERROR
    return FindingShift(
        change=change,
        kind=shown.kind,
        severity="accepted" if shown.accepted is not None else shown.severity,
        object=shown.object,
        detail=shown.detail,
        base_count=counts[0],
        new_count=counts[1],
        outcome="fail" if fails else "pass",
    )


def _change(base: Finding | None, new: Finding | None) -> Change:
    if base is None:
        return "new"
    if new is None:
        return "gone"
    return "worse" if _rank(new) > _rank(base) or (_rank(new) and new.count > base.count) else "same"


def view_shifts(base: Result, new: Result, failing: Collection[str]) -> tuple[ItemShift, ...]:
    """The views of both runs; one fails where a failing finding names it."""
    return _items(base.integrity.views, new.integrity.views, lambda item: item.view, _view_state, failing)


def column_shifts(base: Result, new: Result, failing: Collection[str]) -> tuple[ItemShift, ...]:
    """The compared columns of both runs; one fails where a failing finding names it."""
    return _items(
        base.integrity.columns,
        new.integrity.columns,
        lambda item: f"{item.table}.{item.column}",
        lambda item: item.verdict.replace("_", " "),
        failing,
    )


def claim_shifts(base: Result, new: Result) -> tuple[ItemShift, ...]:
    """The claims of both runs; they never fail, but a changed verdict is shown."""
    return _items(base.claims, new.claims, lambda item: item.id, _claim_state, ())


def _view_state(item: ViewCheck) -> str:
    return "cannot be read" if item.error else "readable"


def _claim_state(item: ClaimResult) -> str:
    return f"{item.verdict}: {item.figure}" if item.figure else item.verdict


def _items(
    base: Iterable[T],
    new: Iterable[T],
    name: Callable[[T], str],
    state: Callable[[T], str],
    failing: Collection[str],
) -> tuple[ItemShift, ...]:
    old: dict[str, str] = {name(item): state(item) for item in base}
    fresh: dict[str, str] = {name(item): state(item) for item in new}
    return tuple(
        ItemShift(item, old.get(item, ""), fresh.get(item, ""), _failed(item, failing))
        for item in dict.fromkeys((*fresh, *old))
    )


def _failed(name: str, failing: Collection[str]) -> Outcome:
    return "fail" if name in failing else "pass"
