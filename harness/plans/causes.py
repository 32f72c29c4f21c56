"""Causes in words: which facts of the plans explain that a query is slower or faster; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from harness import text
from harness.plans.difference import differs, is_whole
from harness.plans.remedy import missing_indexes
from harness.plans.rules import TIMED, UNTIMED
from harness.plans.sides import Facts, Found, Side
from harness.result import Cause, PlanRecord

MOST = 3
"""Causes per query: more than a reader keeps in mind explain nothing."""

_LEAST_SHARE = 0.05
"""A cause below this share of the whole difference is none."""


def derive_causes(
    verdict: Literal["slower", "faster"],
    before: Sequence[PlanRecord],
    after: Sequence[PlanRecord],
    facts: Facts,
) -> tuple[Cause, ...]:
    """At most three causes, the dearest first, and the remedy where one is certain.

    Only what moves the time in the verdict's direction explains it. Where nothing in the plans does, that is said;
    where a plan is missing, nothing is.
    """
    if not is_whole(before) or not is_whole(after):
        return ()
    old, new = Side(before), Side(after)
    chosen = _dearest(verdict, old, new, facts)
    chosen += [found for rule in UNTIMED for found in rule(old, new, facts, verdict)][: MOST - len(chosen)]
    query, arm = after[0].query, after[0].arm
    causes = tuple(
        Cause(query, arm, verdict, found.kind, found.sentence.replace(text.GAP, " "), found.seconds)
        for found in chosen or [_unexplained(old, new)]
    )
    known = facts.indexes, facts.texts, frozenset(old.scans), facts.roots
    wanted = missing_indexes(new.nodes, *known) if verdict == "slower" else ()
    return (
        *causes,
        *(Cause(query, arm, verdict, "missing_index", words, remedy=statement) for words, statement in wanted),
    )


def _dearest(verdict: str, old: Side, new: Side, facts: Facts) -> list[Found]:
    sign = 1 if verdict == "slower" else -1
    least_s = _LEAST_SHARE * abs(new.total("execution_s") - old.total("execution_s"))
    found = [item for rule in TIMED for item in rule(old, new, facts)]
    telling = [item for item in found if item.seconds is not None and sign * item.seconds > least_s]
    return sorted(telling, key=lambda item: -abs(item.seconds or 0.0))[:MOST]


def _unexplained(old: Side, new: Side) -> Found:
    if differs(old.total("buffers"), new.total("buffers")):
        return Found("unexplained", "no single part of the plans explains it")
    return Found("unexplained", "the plans do the same work: nothing in them explains it")
