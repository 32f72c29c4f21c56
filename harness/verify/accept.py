"""Accept rules and the verdict: what the scenario knows to be right is counted and shown, and fails nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from harness.result import Finding
from harness.result.integrity import IntegrityVerdict
from harness.scenario import AcceptRule
from harness.verify.kinds import KINDS, make_finding

_RANK = {"error": 0, "warning": 1, "info": 2}


def apply_rules(findings: Sequence[Finding], rules: Sequence[AcceptRule]) -> list[Finding]:
    """Marks what the rules without a condition accept, and finds the rules that accept nothing.

    A rule's kind, object and cause may hold `*`. A finding above the rule's largest share stays unaccepted.
    """
    marked = [finding if finding.accepted is not None else _accepted(finding, rules) for finding in findings]
    unused = [rule for rule in rules if not any(_is_used(rule, finding) for finding in findings)]
    return marked + [
        make_finding(
            "accept_rule_unused", rule.object, f"no finding {_text(rule)}: the rule ({rule.reason}) accepts nothing"
        )
        for rule in unused
    ]


def _is_used(rule: AcceptRule, finding: Finding) -> bool:
    """A rule with a condition has accepted what bears its reason; the others whatever they match."""
    return finding.accepted == rule.reason if rule.condition else matches(rule, finding)


def _accepted(finding: Finding, rules: Sequence[AcceptRule]) -> Finding:
    rule = next((rule for rule in rules if not rule.condition and matches(rule, finding)), None)
    return replace(finding, accepted=rule.reason) if rule else finding


def matches(rule: AcceptRule, finding: Finding) -> bool:
    """Whether kind, object, cause and share are the rule's; its condition is not looked at."""
    share = finding.count / finding.rows if finding.rows else 0.0
    return (
        fnmatchcase(finding.kind, rule.kind)
        and fnmatchcase(finding.object, rule.object.removeprefix("public."))
        and (not rule.cause or fnmatchcase(finding.cause, rule.cause))
        and share <= rule.max_share
    )


def _text(rule: AcceptRule) -> str:
    condition = f"where {rule.condition}" if rule.condition else ""
    return " ".join(part for part in (rule.kind, rule.object, rule.cause, condition) if part)


def unknown_kinds(rules: Sequence[AcceptRule]) -> list[str]:
    """Kinds that the rules name and no finding can have."""
    return sorted({rule.kind for rule in rules if "*" not in rule.kind and rule.kind not in KINDS})


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """By severity, then by count, then by name."""
    return tuple(
        sorted(findings, key=lambda item: (_RANK[item.severity], -item.count, item.kind, item.object, item.cause))
    )


def verdict(findings: Sequence[Finding]) -> IntegrityVerdict:
    """`fail` where an error is not accepted."""
    return "fail" if any(item.severity == "error" and item.accepted is None for item in findings) else "pass"
