"""What is new on tables that were there before: policies, triggers, rules, constraints, defaults."""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalogue import Catalogue, Object, Relation, survivor
from harness.result import Finding
from harness.verify.kinds import make_finding
from harness.verify.objects import identity_now
from harness.verify.survivors import relation_now, what_is_left


def added_findings(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Policies that widen are errors, triggers and rules warnings, constraints and defaults infos."""
    kept = {
        new.oid: old
        for old in before.relations.values()
        if (new := relation_now(old.oid, before, after)) is not None and old.is_table == new.is_table
    }
    had = {(item.kind, identity_now(item, before, after)) for item in before.objects}
    for item in after.objects:
        if (item.kind, item.identity) in had:
            continue
        if item.kind == "policy" and item.relation in kept:
            yield _policy(item, kept[item.relation], after)
        elif (item.kind in ("trigger", "rule") and item.relation in kept) or item.kind == "event trigger":
            yield _added(
                item.identity, f"the {item.kind} {item.identity} is new: {item.definition}", item.kind, after, item
            )
    for oid, old in kept.items():
        yield from _stricter(old, after.relations[oid], before, after)


def _policy(item: Object, old: Relation, after: Catalogue) -> Finding:
    """A permissive policy shows more where rows were hidden before; any other hides."""
    widens = old.row_security and item.definition.startswith("permissive")
    detail = f"the policy {item.identity} is new: {item.definition}"
    query = what_is_left("policy", after.relations[item.relation])
    if widens:
        return make_finding("policy_added", item.identity, detail, count=1, query=query)
    return make_finding("behaviour_added", item.identity, detail, count=1, query=query)


def _added(name: str, detail: str, kind: str, after: Catalogue, item: Object) -> Finding:
    query = what_is_left(kind, after.relations.get(item.relation))
    return make_finding("behaviour_added", name, detail, count=1, query=query)


def _stricter(old: Relation, new: Relation, before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Row security that is on now, and constraints and defaults of columns that were there before."""
    if new.row_security and not old.row_security:
        detail = f"row security of {new.display} is on now: roles see no rows but those that a policy shows them"
        yield make_finding("behaviour_added", new.display, detail, count=1, query=what_is_left("policy", new))
    if not old.is_table or old.partition:
        return
    query = what_is_left("constraint", new)
    had = [item for item in before.constraints if item.relation == old.oid]
    known = {name for item in had for name in (item.name, item.definition)}
    columns = {now.name: column for column in old.columns if (now := survivor(column, old, new)) is not None}
    for item in after.constraints:
        if item.relation == new.oid and not {item.name, item.definition} & known and set(item.columns) <= set(columns):
            name, detail = f"{new.display}.{item.name}", f"the constraint {item.name} is new: {item.definition}"
            yield make_finding("behaviour_added", name, detail, severity="info", count=1, query=query)
    for now in new.columns:
        column = columns.get(now.name)
        name = f"{new.display}.{now.name}"
        if column is not None and now.not_null and not column.not_null:
            detail = f"{name} is NOT NULL now"
            yield make_finding("behaviour_added", name, detail, severity="info", count=1, query=query)
        if column is not None and now.default_sql and not column.default_sql:
            detail = f"{name} has a default now: {now.default_sql}"
            yield make_finding("behaviour_added", name, detail, severity="info", count=1, query=query)
