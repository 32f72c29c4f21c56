"""What the check said of a planted defect, held against what it had to say, and against the undamaged migration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.prove.model import Planted, Verdict
from harness.result import Finding, Integrity

_NO_ACCUSATION = frozenset({"accept_rule_unused"})
_RANK = {"error": 0, "warning": 1, "info": 2}


def new_findings(clean: Integrity, damaged: Integrity) -> list[Finding]:
    """Findings that the undamaged migration does not have, or has of fewer rows; the gravest first."""
    known: dict[tuple[str, str, str], int] = {}
    for item in clean.findings:  # several roles may have a finding each of the same kind about the same view
        what = (item.kind, item.object, item.cause)
        known[what] = max(item.count, known.get(what, 0))
    found = [
        item
        for item in damaged.findings
        if item.kind not in _NO_ACCUSATION and item.count > known.get((item.kind, item.object, item.cause), -1)
    ]
    return sorted(found, key=lambda item: _RANK[item.severity])


def judge(planted: Planted, profile: str, clean: Integrity, damaged: Integrity) -> Verdict:
    """Caught: a new finding of the expected kind about the expected object; its cause is judged beside that."""
    defect = planted.defect
    new = new_findings(clean, damaged)
    about = [item for item in new if item.object == defect.object]
    named = [item for item in about if item.kind == defect.kind]
    exact = [item for item in named if item.cause == planted.cause]
    shown = next(iter(exact or named or about or new), None)
    return Verdict(
        name=defect.name,
        profile=profile,
        caught=bool(named),
        expected_kind=defect.kind,
        found_kind=shown.kind if shown else "",
        expected_cause=planted.cause,
        found_cause=shown.cause if shown else "",
        false_alarms=tuple(accusations(new, defect.touches | {defect.object})),
    )


def accusations(new: Sequence[Finding], touched: Iterable[str]) -> list[str]:
    """Findings about objects that were not touched."""
    names = frozenset(touched)
    return [f"{item.kind} of {item.object}" for item in new if not _is_touched(item.object, names)]


def _is_touched(name: str, touched: frozenset[str]) -> bool:
    """Whether the name, or what it is a part of (a view of its column), is touched."""
    return any(name == item or name.startswith(f"{item}.") for item in touched)
