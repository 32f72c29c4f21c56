"""Indexes that a migration lost, and those that it made redundant."""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalogue import Catalogue, Index, Relation
from harness.catalogue.coverage import Earlier, duplicate_of, key_of, redundant_with
from harness.result import Finding, Severity
from harness.sqltext import quote_literal, quote_qualified
from harness.verify.kinds import make_finding
from harness.verify.survivors import columns_survive, relation_now, says_the_same, what_is_left, why


def index_findings(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Indexes that are gone or other than they were, and indexes that another covers since the migration."""
    yield from _lost_indexes(before, after)
    yield from _redundant_indexes(before, after)


def _lost_indexes(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    for item in before.indexes:
        if item.relation not in before.relations or item.constrains or _same_index(item, before, after):
            continue
        survive = columns_survive(item.relation, item.uses, before, after)
        if survive is not None:
            table = relation_now(item.relation, before, after)
            now = _namesake(item, table, after)
            unguarded = _guards_no_more(item, now, table, after)
            said = f"is {now.definition} now" if now is not None else f"is gone, {why(survive)}"
            yield make_finding(
                "index_lost",
                item.name,
                f"{item.definition} {said}" + ("; it kept values unique" if unguarded else ""),
                severity=_severity(survive, unguarded),
                count=1,
                query=what_is_left("index", table),
            )


def _severity(survive: bool, unguarded: bool) -> Severity:
    """As that of a constraint, where it kept values unique."""
    if unguarded:
        return "error" if survive else "warning"
    return "warning" if survive else "info"


def _guards_no_more(item: Index, now: Index | None, table: Relation | None, after: Catalogue) -> bool:
    """Whether it was unique and is gone or not any more, and no other one keeps as few columns unique in all rows.

    Another unique one under its name is worth a look, as any other.
    """
    if not item.is_unique or (now is not None and now.is_unique):
        return False
    keys = after.unique_keys(table.oid, declared=True) if table is not None else ()
    return not any(set(key) <= set(item.columns) for key in keys)


def _namesake(item: Index, table: Relation | None, after: Catalogue) -> Index | None:
    """The index of its name on the same table, which is another."""
    same = (each for each in after.indexes if table is not None and each.relation == table.oid and each.valid)
    return next((each for each in same if each.name == item.name), None)


def _same_index(item: Index, before: Catalogue, after: Catalogue) -> bool:
    """An index that does the same; it reads otherwise where a column has a new name."""
    table = relation_now(item.relation, before, after)
    there = [other for other in after.indexes if table is not None and other.relation == table.oid and other.valid]
    return any(says_the_same(_without_name(item), _without_name(other), before, after) for other in there)


def _without_name(item: Index) -> str:
    return item.definition.partition(" USING ")[2] + str(item.is_unique)


def _redundant_indexes(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """An index that another one makes needless: only where the migration made one of the two."""
    old = Earlier(before.indexes)
    new = [item for item in after.indexes if item not in old]
    for item in after.indexes:
        if item.relation not in after.relations:
            continue
        others = after.indexes if item in new else new
        name = duplicate_of(item, others, old) or redundant_with(item, others)
        if name:
            other = next(each for each in others if (each.relation, each.name) == (item.relation, name))
            table = after.relations[item.relation].display
            yield make_finding(
                "index_redundant",
                item.name,
                f"{item.name} on {table}({key_of(item).text}) is covered by {name} ({key_of(other).text})",
                count=1,
                query=f"SELECT pg_size_pretty(pg_relation_size({quote_literal(_index_sql(item, after))}::regclass));",
            )


def _index_sql(item: Index, after: Catalogue) -> str:
    return quote_qualified(after.relations[item.relation].schema, item.name)
