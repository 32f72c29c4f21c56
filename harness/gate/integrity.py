"""Findings, views, columns and claims of two runs side by side: what is new, worse, gone, or was not checked before."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable
from itertools import zip_longest
from typing import TypeVar

from harness.result import ClaimResult, ColumnCheck, Finding, FindingShift, ItemShift, Outcome, Result, ViewCheck
from harness.result.gate import Change

_RANKS = {"info": 0, "warning": 1, "error": 2}
_ERROR = _RANKS["error"]
_NOT_CHECKED = ("not_compared", "nothing_compared")
"""Kinds of findings that name what the check could not look at."""

_COUNTS = re.compile(r"\b\d[\d,.]*\b")
_Key = tuple[str, str, str, str]
T = TypeVar("T", ViewCheck, ColumnCheck, ClaimResult)


def finding_shifts(base: Result, new: Result) -> tuple[FindingShift, ...]:
    """Every finding of either run, those that fail the gate first.

    A finding is the same where kind, object, cause and words agree, numbers in the words left aside. It fails where it
    is an error that no rule accepts, and the stored run lacks it, accepts it, or saw it touch fewer rows. Where the
    stored run did not look, nothing became worse: it fails as it fails the new run by itself.
    """
    old, fresh, unseen = _grouped(base), _grouped(new), _Unseen(base)
    found = [
        _shift(before, after, unseen)
        for key in dict.fromkeys((*fresh, *old))
        for before, after in zip_longest(old.get(key, []), fresh.get(key, []))
    ]
    return tuple(sorted(found, key=lambda item: (item.outcome != "fail", item.change == "same")))


class _Unseen:
    """What the stored run did not check: all of it, or what its own findings, columns and views say was left out."""

    def __init__(self, base: Result) -> None:
        self._whole = base.integrity.verdict == "not_checked"
        self._names = {
            *(item.object for item in base.integrity.findings if item.kind in _NOT_CHECKED),
            *(_column_name(item) for item in base.integrity.columns if item.verdict == "not_compared"),
            *(item.view for item in base.integrity.views if item.error),
        }

    def __contains__(self, name: object) -> bool:
        """Whether the object, or what it belongs to, was not checked."""
        return self._whole or any(f"{name}.".startswith(f"{item}.") for item in self._names)


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


def _shift(base: Finding | None, new: Finding | None, unseen: _Unseen) -> FindingShift:
    shown = new or base
    assert shown is not None
    counts = base.count if base else 0, new.count if new else 0
    change = "unknown" if base is None and shown.object in unseen else _change(base, new)
    fails = change in ("new", "worse", "unknown") and _rank(new) == _ERROR
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
    views = base.integrity.views, new.integrity.views
    return _items(*views, lambda item: item.view, _view_state, failing, _Unseen(base))


def column_shifts(base: Result, new: Result, failing: Collection[str]) -> tuple[ItemShift, ...]:
    """The compared columns of both runs; one fails where a failing finding names it."""
    return _items(
        base.integrity.columns,
        new.integrity.columns,
        _column_name,
        lambda item: item.verdict.replace("_", " "),
        failing,
        _Unseen(base),
    )


def claim_shifts(base: Result, new: Result) -> tuple[ItemShift, ...]:
    """The claims of both runs; they never fail, but a changed verdict is shown."""
    return _items(base.claims, new.claims, lambda item: item.id, _claim_state, ())


def _column_name(item: ColumnCheck) -> str:
    return f"{item.table}.{item.column}"


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
    unseen: Container[str] = (),
) -> tuple[ItemShift, ...]:
    old: dict[str, str] = {name(item): state(item) for item in base}
    fresh: dict[str, str] = {name(item): state(item) for item in new}
    return tuple(
        ItemShift(item, old.get(item, ""), fresh.get(item, ""), _failed(item, failing), compared=item not in unseen)
        for item in dict.fromkeys((*fresh, *old))
    )


def _failed(name: str, failing: Collection[str]) -> Outcome:
    return "fail" if name in failing else "pass"
