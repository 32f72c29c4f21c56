"""Indexes that a migration lost, and those that it made redundant."""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalogue import Catalogue, Index
from harness.result import Finding, Severity
from harness.sqltext import quote_literal, quote_qualified
from harness.verify.kinds import make_finding
from harness.verify.survivors import columns_survive, is_renamed, relation_now, what_is_left, why


def index_findings(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Indexes that are gone or other than they were, and indexes that another covers since the migration."""
    yield from _lost_indexes(before, after)
    yield from _redundant_indexes(before, after)


def _lost_indexes(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    for item in before.indexes:
        if item.relation not in before.relations or item.constrains or _same_index(item, before, after):
            continue
        survive = columns_survive(item.relation, item.columns, before, after)
        if survive is not None:
            severity: Severity = "warning" if survive else "info"
            yield make_finding(
                "index_lost",
                item.name,
                f"{item.definition} is gone, {why(survive)}",
                severity=severity,
                count=1,
                query=what_is_left("index", relation_now(item.relation, before, after)),
            )


def _same_index(item: Index, before: Catalogue, after: Catalogue) -> bool:
    """An index that does the same; under its name it may read otherwise where a column has a new name."""
    table = relation_now(item.relation, before, after)
    text = _without_name(item)
    there = [other for other in after.indexes if table is not None and other.relation == table.oid and other.valid]
    if any(_without_name(other) == text for other in there):
        return True
    return any(other.name == item.name for other in there) and is_renamed(item.relation, item.columns, before, after)


def _without_name(item: Index) -> str:
    return item.definition.partition(" USING ")[2] + str(item.is_unique)


def _redundant_indexes(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """An index whose columns begin another index's: only where the migration made one of the two."""
    old = {(item.relation, item.name) for item in before.indexes}
    usable = [
        item for item in after.indexes if item.method == "btree" and item.valid and item.relation in after.relations
    ]
    for item in usable:
        covering = [other for other in usable if other is not item and _covers(other, item)]
        made = [other for other in covering if not {(item.relation, item.name), (other.relation, other.name)} <= old]
        if made:
            table = after.relations[item.relation].display
            yield make_finding(
                "index_redundant",
                item.name,
                f"{item.name} on {table}{_key(item)} is covered by {made[0].name} {_key(made[0])}",
                count=1,
                query=f"SELECT pg_size_pretty(pg_relation_size({quote_literal(_index_sql(item, after))}::regclass));",
            )


def _index_sql(item: Index, after: Catalogue) -> str:
    return quote_qualified(after.relations[item.relation].schema, item.name)


def _covers(other: Index, item: Index) -> bool:
    """Whether `other` serves every search that `item` serves; of two equal ones the later name is the redundant one."""
    if other.relation != item.relation or item.is_unique or item.constrains or "" in (*item.columns, *other.columns):
        return False
    mine, theirs = _key(item)[1:-1].split(", "), _key(other)[1:-1].split(", ")
    if "(" in "".join(mine + theirs) or _tail(item) != _tail(other) or theirs[: len(mine)] != mine:
        return False
    return len(theirs) > len(mine) or other.is_unique or other.name < item.name


def _key(item: Index) -> str:
    """The key as the definition writes it: `(a, b DESC)`."""
    text = item.definition.partition(" USING btree ")[2]
    return text[: text.find(")") + 1]


def _tail(item: Index) -> str:
    """INCLUDE, WHERE and the like."""
    text = item.definition.partition(" USING btree ")[2]
    return text[text.find(")") + 1 :]
