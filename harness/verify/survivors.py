"""Tables and columns followed through a migration, and the query that shows what a table still has."""

from __future__ import annotations

from collections.abc import Sequence

from harness.catalogue import Catalogue, Relation, same_table, survivor
from harness.sqltext import quote_literal

_LEFT = {
    "trigger": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = {}::regclass;",
    "policy": "SELECT polname, pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = {}::regclass;",
    "comment": "SELECT objsubid, description FROM pg_description WHERE objoid = {}::regclass;",
    "grant": "SELECT relacl FROM pg_class WHERE oid = {}::regclass;",
    "constraint": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = {}::regclass;",
    "index": "SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = {}::regclass;",
}
"""Queries that show what a table still has of a kind; what is lost is not among it."""


def what_is_left(kind: str, table: Relation | None) -> str:
    """The query that shows it; empty where the table is gone."""
    return _LEFT[kind].format(quote_literal(table.sql)) if table is not None else ""


def relation_now(oid: int, before: Catalogue, after: Catalogue) -> Relation | None:
    """A table or view of the old state in the new one: by OID, else, made anew, by its name."""
    old = before.relations.get(oid)
    if old is None:
        return None
    if old.is_table:
        return same_table(old, after)
    return after.relations.get(oid) or after.named(old.schema, old.name)


def columns_survive(oid: int, names: Sequence[str], before: Catalogue, after: Catalogue) -> bool | None:
    """Whether all these columns are still there; None where the table itself is gone."""
    old, new = before.relations[oid], relation_now(oid, before, after)
    if new is None:
        return None
    columns = [column for name in names if name and (column := old.column(name)) is not None]
    return all(survivor(column, old, new) is not None for column in columns)


def is_renamed(oid: int, names: Sequence[str], before: Catalogue, after: Catalogue) -> bool:
    """Whether the table or one of these columns has another name now, so that definitions read otherwise."""
    old, new = before.relations[oid], relation_now(oid, before, after)
    if new is None or (old.schema, old.name) != (new.schema, new.name):
        return True
    columns = [column for name in names if name and (column := old.column(name)) is not None]
    return any((now := survivor(column, old, new)) is not None and now.name != column.name for column in columns)


def why(survive: bool) -> str:
    """In a finding's words."""
    return "though its columns are there" if survive else "with a column of it"
