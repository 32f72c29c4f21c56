"""Objects that the migration lost or changed: triggers, policies, rules, types, publications, grants and the like."""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalogue import Catalogue, Object
from harness.result import Finding
from harness.verify.kinds import make_finding
from harness.verify.survivors import relation_now, says_the_same, what_is_left

_TOLD_AS = {
    "trigger": ("trigger_lost", "trigger_lost"),
    "event trigger": ("trigger_lost", "trigger_lost"),
    "policy": ("policy_lost", "policy_lost"),
    "rule": ("rule_lost", "rule_lost"),
    "protection": ("protection_lost", "protection_lost"),
    "publication": ("publication_lost", "publication_lost"),
    "statistics": ("statistics_lost", "statistics_lost"),
    "type": ("object_lost", "type_changed"),
    "object": ("object_lost", ""),
    "owner": ("", "owner_changed"),
    "comment": ("comment_lost", ""),
    "grant": ("grant_lost", ""),
    "function": ("function_lost", ""),
}
"""The kinds of finding for an object that is gone and for one that says something else; empty: not told here."""
_ALL = "without any limit"
_BEGINS_WITH_ITS_TABLE = frozenset({"trigger", "policy", "rule", "protection", "publication"})
_OF_A_RELATION = frozenset({"protection", "publication"})


def object_findings(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """What is gone or says something else now; of what went with its table or column only triggers and policies are
    missed.
    """
    now = {(item.kind, item.identity): item.definition for item in after.objects}
    told_apart = {function.identity for function in before.functions}  # by the check of functions
    gone = {
        item.identity for item in before.objects if item.kind == "function" and ("function", item.identity) not in now
    }
    for item in before.objects:
        if item.kind == "function" and item.identity in told_apart:
            continue
        if _went_with_its_owner(item, before, after) or (item.kind == "grant" and granted_on(item) in gone):
            continue
        lost, changed = _TOLD_AS[item.kind]
        identity = identity_now(item, before, after)
        if (item.kind, identity) not in now:
            kind, detail = lost, f"the {item.kind} {item.identity} is gone"
        elif _says_else(item, now[item.kind, identity], before, after):
            kind = changed
            detail = (
                f"the {item.kind} {item.identity} says something else: it was {item.definition or _ALL} and is"
                f" {now[item.kind, identity] or _ALL} now"
            )
            if item.kind == "owner":
                detail = f"{item.identity} belonged to {item.definition} and belongs to {now[item.kind, identity]} now"
        else:
            continue
        if kind:
            query = what_is_left(item.kind, relation_now(item.relation, before, after))
            yield make_finding(kind, item.identity, detail, count=1, query=query)


def granted_on(item: Object) -> str:
    """What a right is on: `SELECT on public.sales to anon` says so."""
    return item.identity.partition(" on ")[2].rpartition(" to ")[0]


def identity_now(item: Object, before: Catalogue, after: Catalogue) -> str:
    """The identity of what belongs to a table begins with the table's name, which may be a new one."""
    old, new = before.relations.get(item.relation), relation_now(item.relation, before, after)
    if old is None or new is None or item.kind not in _BEGINS_WITH_ITS_TABLE:
        return item.identity
    return f"{new.schema}.{new.name}: {item.identity.removeprefix(f'{old.schema}.{old.name}: ')}"


def _says_else(item: Object, definition: str, before: Catalogue, after: Catalogue) -> bool:
    """A new name of a table or column changes the text, not what it says."""
    if item.kind in ("trigger", "rule", "policy"):
        return not says_the_same(item.definition, definition, before, after)
    if item.kind == "statistics":
        return False  # a new name in it, or a column that is gone: nothing but plans depends on it
    if item.kind == "type" and item.definition.startswith("ENUM "):
        labels = iter(definition.removeprefix("ENUM ").split(", "))
        return not all(label in labels for label in item.definition.removeprefix("ENUM ").split(", "))
    return item.definition != definition


def _went_with_its_owner(item: Object, before: Catalogue, after: Catalogue) -> bool:
    """Grants and comments of what was dropped or renamed are not lost by oversight.

    What now has a table's old name has to bear its grants: whoever used the name had them.
    """
    old = before.relations.get(item.relation)
    if old is None:
        return False
    if item.kind in _OF_A_RELATION:
        return relation_now(item.relation, before, after) is None
    if item.kind not in ("grant", "comment"):
        return False
    new = relation_now(item.relation, before, after)
    if new is None or (new.schema, new.name) != (old.schema, old.name):
        new = after.named(old.schema, old.name) if item.kind == "grant" else None
    if new is None:
        return True
    names = {column.name for column in old.columns} - {column.name for column in new.columns}
    return item.kind == "grant" and any(f".{name} to" in item.identity for name in names)
