"""Tables and columns followed through a migration, and the query that shows what a table still has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.catalogue import Catalogue, Relation, same_table, survivor
from harness.sqltext import quote_literal

_WORDS = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'|\w+|[^\s\w]')
_CALLED = re.compile(r' AS ("(?:[^"]|"")*"|\w+)')
_LEFT = {
    "trigger": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = {}::regclass;",
    "policy": "SELECT polname, pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = {}::regclass;",
    "comment": "SELECT objsubid, description FROM pg_description WHERE objoid = {}::regclass;",
    "grant": "SELECT relacl FROM pg_class WHERE oid = {}::regclass;",
    "rule": "SELECT rulename, pg_get_ruledef(oid), ev_enabled FROM pg_rewrite WHERE ev_class = {}::regclass;",
    "protection": "SELECT relpersistence, relforcerowsecurity, reloptions FROM pg_class WHERE oid = {}::regclass;",
    "publication": "SELECT pubname, relreplident FROM pg_class LEFT JOIN pg_publication_rel ON prrelid = pg_class.oid"
    " LEFT JOIN pg_publication ON pg_publication.oid = prpubid WHERE pg_class.oid = {}::regclass;",
    "statistics": "SELECT stxname, pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxrelid = {}::regclass;",
    "constraint": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = {}::regclass;",
    "index": "SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = {}::regclass;",
}
"""Queries that show what a table still has of a kind; what is lost is not among it."""
_OF_THE_DATABASE = {
    "type": "SELECT typnamespace::regnamespace, typname, pg_get_expr(typdefaultbin, 0),"
    " (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = pg_type.oid) AS labels"
    " FROM pg_type WHERE typtype IN ('e', 'd', 'c', 'r') AND typnamespace::regnamespace::text !~ '^(pg_|information)';",
    "publication": "SELECT * FROM pg_publication;",
    "event trigger": "SELECT * FROM pg_event_trigger;",
    "object": "SELECT extname AS name FROM pg_extension UNION ALL SELECT nspname FROM pg_namespace"
    " UNION ALL SELECT format('cast %s as %s', castsource::regtype, casttarget::regtype) FROM pg_cast"
    " WHERE oid >= 16384;",
    "grant": "SELECT defaclrole::regrole, defaclnamespace, defaclobjtype, defaclacl FROM pg_default_acl;",
    "function": "SELECT oid::regprocedure FROM pg_proc WHERE oid >= 16384;",
    "owner": "SELECT oid::regprocedure::text AS name, proowner::regrole AS owner FROM pg_proc WHERE oid >= 16384"
    " UNION ALL SELECT nspname, nspowner::regrole FROM pg_namespace"
    " UNION ALL SELECT oid::regclass::text, relowner::regrole FROM pg_class WHERE relkind = 'S'"
    " UNION ALL SELECT oid::regtype::text, typowner::regrole FROM pg_type WHERE oid >= 16384;",
}
"""The same for what belongs to no table."""


def what_is_left(kind: str, table: Relation | None) -> str:
    """The query that shows it; where it belongs to no table, or to one that is gone, what the database has."""
    if table is not None:
        return _LEFT[kind].format(quote_literal(table.sql))
    return _OF_THE_DATABASE.get(kind, "")


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


def says_the_same(then: str, now: str, before: Catalogue, after: Catalogue) -> bool:
    """Whether two definitions differ in nothing but names that tables, views and columns had then and have now.

    What AS calls a column is left out: PostgreSQL keeps the old name so.
    """
    if then == now:
        return True
    old, new = (_WORDS.findall(_CALLED.sub("", text)) for text in (then, now))
    different = {(a.strip('"'), b.strip('"')) for a, b in zip(old, new, strict=False) if a != b}
    return len(old) == len(new) and different <= _renamed(before, after)


def _renamed(before: Catalogue, after: Catalogue) -> set[tuple[str, str]]:
    """Each name with the new one; a table in another schema has two."""
    found: set[tuple[str, str]] = set()
    for oid, old in before.relations.items():
        new = relation_now(oid, before, after)
        if new is None:
            continue
        found |= {(old.schema, new.schema), (old.name, new.name)}
        shared = ((column, survivor(column, old, new)) for column in old.columns)
        found |= {(column.name, now.name) for column, now in shared if now is not None}
    return found


def why(survive: bool) -> str:
    """In a finding's words."""
    return "though its columns are there" if survive else "with a column of it"
