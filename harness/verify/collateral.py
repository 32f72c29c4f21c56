"""What the migration lost or left behind besides values: indexes, constraints, triggers, policies, comments, grants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.catalogue import Catalogue, Constraint, Index, Object, Relation
from harness.result import Finding, Severity
from harness.sqltext import quote_literal, quote_qualified
from harness.verify.context import Context
from harness.verify.kinds import make_finding

_LEFT = {
    "trigger": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = {}::regclass;",
    "policy": "SELECT polname, pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = {}::regclass;",
    "comment": "SELECT objsubid, description FROM pg_description WHERE objoid = {}::regclass;",
    "grant": "SELECT relacl FROM pg_class WHERE oid = {}::regclass;",
    "constraint": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = {}::regclass;",
    "index": "SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = {}::regclass;",
}
"""Queries that show what a table still has of a kind; what is lost is not among it."""
_LOST = {"trigger": "trigger_lost", "policy": "policy_lost", "comment": "comment_lost", "grant": "grant_lost"}


def collateral_findings(context: Context) -> list[Finding]:
    """Everything that the two catalogues tell, functions apart."""
    before, after = context.before, context.after
    found = [
        *_lost_views(before, after),
        *_lost_objects(before, after),
        *_lost_constraints(before, after),
        *_lost_indexes(before, after),
        *_redundant_indexes(before, after),
        *_bypassing_views(context),
        *_unguarded_tables(before, after),
        *_switched_off(before, after),
    ]
    return [_located(finding, context.after_db) for finding in found]


def _located(finding: Finding, database: str) -> Finding:
    return replace(finding, database=database) if finding.query else finding


def _lost_views(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    for view in before.views():
        if view.oid not in after.relations and after.named(view.schema, view.name) is None:
            query = f"SELECT to_regclass({quote_literal(view.sql)});"
            yield make_finding("view_lost", view.display, f"the view {view.display} is gone", count=1, query=query)


def _left(kind: str, relation: int, after: Catalogue) -> str:
    table = after.relations.get(relation)
    return _LEFT[kind].format(quote_literal(table.sql)) if table is not None else ""


def _lost_objects(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Triggers, policies, comments and grants that are gone; of a dropped table or column none is missed."""
    now = {(item.kind, item.identity): item.definition for item in after.objects}
    for item in before.objects:
        kind = _LOST.get(item.kind)
        if kind is None or _went_with_its_column(item, before, after):
            continue
        detail = ""
        if (item.kind, item.identity) not in now:
            detail = f"the {item.kind} {item.identity} is gone"
        elif item.kind == "policy" and now[item.kind, item.identity] != item.definition:
            detail = f"the policy {item.identity} says something else now"
        if detail:
            query = _left(item.kind, item.relation, after)
            yield make_finding(kind, item.identity, detail, count=1, query=query)


def _went_with_its_column(item: Object, before: Catalogue, after: Catalogue) -> bool:
    """Grants and comments of what was dropped or renamed are not lost by oversight."""
    old = before.relations.get(item.relation)
    if old is None or item.kind not in ("grant", "comment"):
        return False
    new = after.relations.get(item.relation)
    if new is None or (new.schema, new.name) != (old.schema, old.name):
        return True
    names = {column.name for column in old.columns} - {column.name for column in new.columns}
    return item.kind == "grant" and any(f".{name} to" in item.identity for name in names)


def _lost_constraints(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    for item in before.constraints:
        if _same_constraint(item, after):
            continue
        survive = _columns_survive(item.relation, item.columns, before, after)
        if survive is not None:
            severity: Severity = "error" if survive else "warning"
            yield make_finding(
                "constraint_lost",
                f"{before.relations[item.relation].display}.{item.name}",
                f"{item.definition} is gone, {_why(survive)}",
                severity=severity,
                count=1,
                query=_left("constraint", item.relation, after),
            )


def _why(survive: bool) -> str:
    return "though its columns are there" if survive else "with a column of it"


def _same_constraint(item: Constraint, after: Catalogue) -> bool:
    return any(
        other.relation == item.relation and (other.name == item.name or other.definition == item.definition)
        for other in after.constraints
    )


def _columns_survive(relation: int, names: Sequence[str], before: Catalogue, after: Catalogue) -> bool | None:
    """Whether all these columns are still there; None where the table itself is gone."""
    old, new = before.relations[relation], after.relations.get(relation)
    if new is None:
        return None
    numbers = {column.number for column in new.columns}
    return all(column.number in numbers for name in names if name and (column := old.column(name)) is not None)


def _lost_indexes(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    for item in before.indexes:
        if item.relation not in before.relations or item.constrains or _same_index(item, after):
            continue
        survive = _columns_survive(item.relation, item.columns, before, after)
        if survive is not None:
            severity: Severity = "warning" if survive else "info"
            yield make_finding(
                "index_lost",
                item.name,
                f"{item.definition} is gone, {_why(survive)}",
                severity=severity,
                count=1,
                query=_left("index", item.relation, after),
            )


def _same_index(item: Index, after: Catalogue) -> bool:
    text = _without_name(item)
    return any(
        other.relation == item.relation and (other.name == item.name or _without_name(other) == text)
        for other in after.indexes
    )


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


def _bypassing_views(context: Context) -> Iterator[Finding]:
    """Views made by the migration that are read with their owner's rights over tables with row security."""
    old = {view.oid for view in context.before.views()}
    for view in context.after.views():
        if view.oid in old or (view.invoker_rights and view.kind == "v"):
            continue
        guarded = _guarded_tables(context.after, view)
        if guarded:
            yield make_finding(
                "rls_bypassed",
                view.display,
                f"{view.display} shows rows of {', '.join(guarded)} past row security, to whoever may read the view",
                count=1,
                query="SELECT c.reloptions, pg_get_userbyid(c.relowner) AS read_with_the_rights_of FROM pg_class c"
                f" WHERE c.oid = {quote_literal(view.sql)}::regclass;",
            )


def _guarded_tables(catalogue: Catalogue, view: Relation) -> list[str]:
    tables = (catalogue.relations.get(oid) for oid in catalogue.reads_transitively(view.oid))
    return sorted(table.display for table in tables if table is not None and table.row_security)


def _unguarded_tables(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Tables with row security and no policy that the migration made so."""
    for table in after.relations.values():
        if (
            table.row_security
            and not _has_policy(after, table)
            and (
                table.oid not in before.relations
                or not before.relations[table.oid].row_security
                or _has_policy(before, table)
            )
        ):
            detail = f"{table.display} has row security and no policy: nobody but its owner reads or writes a row"
            query = _left("policy", table.oid, after)
            yield make_finding("policy_missing", table.display, detail, count=1, query=query)


def _switched_off(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    for old in before.relations.values():
        new = after.relations.get(old.oid)
        if old.row_security and new is not None and not new.row_security:
            detail = f"row security of {new.display} is switched off"
            query = f"SELECT relrowsecurity FROM pg_class WHERE oid = {quote_literal(new.sql)}::regclass;"
            yield make_finding("policy_lost", new.display, detail, count=1, query=query)


def _has_policy(catalogue: Catalogue, table: Relation) -> bool:
    return any(item.kind == "policy" and item.relation == table.oid for item in catalogue.objects)
