"""What an old name still gives whoever uses it: is it there, can it be written, do its columns stand as they stood?"""

from __future__ import annotations

from collections.abc import Iterator

from harness import sqltext
from harness.catalogue import Catalogue, Relation, survivor
from harness.result import Finding
from harness.verify.compare import is_drift
from harness.verify.kinds import make_finding

_WRITES = {8: "INSERT", 4: "UPDATE", 16: "DELETE"}


def old_name_findings(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Names that lead nowhere, and names that lead to what cannot be used as before."""
    for old in before.relations.values():
        if old.partition:
            continue
        named = after.named(old.schema, old.name)
        if named is None:
            yield from _renamed(old, after)
            continue
        yield from _renamed_columns(old, named, after)
        yield from _not_written(old, named)
        yield from _reordered(old, named)
        if not old.is_table:
            yield from _stored_otherwise(old, named)
            yield from _view_columns(old, named)


def _query(relation: Relation) -> str:
    return (
        "SELECT attnum, attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        f" WHERE attrelid = {sqltext.quote_literal(relation.sql)}::regclass AND attnum > 0 ORDER BY attnum;"
    )


def _renamed(old: Relation, after: Catalogue) -> Iterator[Finding]:
    now = after.relations.get(old.oid)
    if now is not None:
        detail = f"{old.display} is called {now.display} now, and nothing is called {old.display}"
        yield make_finding("name_lost", old.display, detail, count=1, query=_query(now))


def _renamed_columns(old: Relation, named: Relation, after: Catalogue) -> Iterator[Finding]:
    table = after.relations.get(old.oid)
    if table is None or not old.is_table:
        return
    for column in old.columns:
        now = survivor(column, old, table)
        if now is not None and now.name != column.name and named.column(column.name) is None:
            name = f"{old.display}.{column.name}"
            detail = f"{name} is called {table.display}.{now.name} now, and {named.display} has no {column.name}"
            yield make_finding("name_lost", name, detail, count=1, query=_query(named))


def _not_written(old: Relation, named: Relation) -> Iterator[Finding]:
    lost = [word for bit, word in _WRITES.items() if old.writes & bit and not named.writes & bit]
    if lost:
        detail = f"{', '.join(lost)} on {named.display} worked before and fails now: the view cannot be written"
        query = f"SELECT pg_relation_is_updatable({sqltext.quote_literal(named.sql)}::regclass, true);"
        yield make_finding("write_lost", named.display, detail, count=len(lost), query=query)


def _reordered(old: Relation, named: Relation) -> Iterator[Finding]:
    """Columns that both have, in another order; what was added or dropped between them is told elsewhere."""
    shared = {column.name for column in old.columns} & {column.name for column in named.columns}
    was, now = ([column.name for column in item.columns if column.name in shared] for item in (old, named))
    if was != now:
        detail = f"the columns of {named.display} stood as {', '.join(was)} and stand as {', '.join(now)} now"
        yield make_finding("columns_reordered", named.display, detail, count=1, query=_query(named))


def _stored_otherwise(old: Relation, named: Relation) -> Iterator[Finding]:
    """A view whose rows are stored now, or a stored one whose rows are not any more."""
    query = f"SELECT relkind FROM pg_class WHERE oid = {sqltext.quote_literal(named.sql)}::regclass;"
    if (old.kind, named.kind) == ("v", "m"):
        detail = f"{named.display} was a view and is stored now: it shows what it held when it was refreshed last"
        yield make_finding("view_stored", named.display, detail, count=1, query=query)
    if old.kind == "m" and named.kind != "m":
        what = "a table" if named.is_table else "a view"
        detail = f"{named.display} was a materialized view and is {what} now: REFRESH fails, and its indexes are gone"
        yield make_finding("object_lost", named.display, detail, count=1, query=query)


def _view_columns(old: Relation, named: Relation) -> Iterator[Finding]:
    """A view that was there before: the types of its columns, and the order of its rows."""
    for column in old.columns:
        now = named.column(column.name)
        if now is not None and is_drift(column, now):
            name = f"{named.display}.{column.name}"
            detail = f"{name} was {column.type} and is {now.type} now"
            yield make_finding("type_drift", name, detail, cause="type_drift", query=_query(named))
    if sqltext.sorts(old.definition or "") and not sqltext.sorts(named.definition or ""):
        detail = f"the rows of {named.display} came sorted, and its definition has no ORDER BY now"
        query = f"SELECT pg_get_viewdef({sqltext.quote_literal(named.sql)}::regclass);"
        yield make_finding("order_lost", named.display, detail, count=1, query=query)
