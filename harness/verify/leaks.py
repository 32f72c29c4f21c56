"""New tables that hold a guarded table's rows, and new functions that read it with their owner's rights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import asyncpg

from harness import sqltext
from harness.catalogue import Catalogue, Column, Function, Relation
from harness.result import Finding
from harness.sqltext import quote_ident
from harness.verify.compare import field
from harness.verify.context import Context
from harness.verify.kinds import make_finding
from harness.verify.naming import aliases_in
from harness.verify.objects import granted_on
from harness.verify.sessions import is_about_data

_DEFINER = re.compile(r"^.*\bSECURITY DEFINER\b", re.MULTILINE)
_TRIGGER = re.compile(r"^ RETURNS (event_)?trigger$", re.MULTILINE)


@dataclass(frozen=True)
class Guarded:
    """A table with row security, or the old copy of columns that it lost: where its rows lie, and by which key."""

    display: str
    sql: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


async def leak_findings(context: Context) -> list[Finding]:
    """What others than its owner may read or call, and is new."""
    found = list(_functions(context))
    guarded = list(_guarded(context))
    for table in context.after.relations.values():
        is_new = table.oid not in context.before.relations and context.before.named(table.schema, table.name) is None
        if not is_new or not table.is_table or table.partition or table.row_security:
            continue
        readers = _readers(context.after, table)
        for item in guarded if readers else ():
            finding = await _copied(context, table, item, readers)
            if finding is not None:
                found.append(finding)
                break
    return found


def _guarded(context: Context) -> Iterator[Guarded]:
    for old in context.snapshot.tables:
        if old.change.old.row_security and old.change.key:
            keys = tuple(column for column in old.change.old.columns if column.name in old.change.key)
            yield Guarded(old.change.old.display, old.copy.sql, old.change.key, (*keys, *old.change.old_columns))
    for table in context.after.relations.values():
        key = context.after.row_key(table.oid) if table.is_table else ()
        if table.row_security and key:
            yield Guarded(table.display, table.sql, key, table.columns)


def _readers(catalogue: Catalogue, table: Relation) -> list[str]:
    """Roles that may read all of the table or some of its columns."""
    rights = (item.identity for item in catalogue.objects if item.kind == "grant" and item.relation == table.oid)
    return sorted({right.rpartition(" to ")[2] for right in rights if right.startswith("SELECT on ")})


async def _copied(context: Context, table: Relation, item: Guarded, readers: list[str]) -> Finding | None:
    """The finding, where all rows of the new table are rows of the guarded one by its key, and a further column, which
    has several values, agrees in every row: no chance, and no mere reference.
    """
    held = {column.name: column for column in item.columns}
    keys = [column for name in item.key if (column := table.column(name)) and column.type_sql == held[name].type_sql]
    shared = [
        column
        for column in table.columns
        if column.name in held and column.name not in item.key and column.plain_type == held[column.name].plain_type
    ]
    if len(keys) < len(item.key) or not shared:
        return None
    on_key = " AND ".join(f"{field('n', column.name)} = {field('g', column.name)}" for column in keys)
    joined = f"{table.sql} AS n LEFT JOIN {item.sql} AS g ON {on_key}"
    known = f"count(*) - count({field('g', item.key[0])})"
    agreeing = ", ".join(
        f"count(DISTINCT n.{name}::text) > 1 AND bool_and(n.{name}::text IS NOT DISTINCT FROM g.{name}::text)"
        for name in (quote_ident(column.name) for column in shared)
    )
    try:
        async with context.sessions.one() as connection:
            rows, strangers, *agree = await connection.fetchrow(f"SELECT count(*), {known}, {agreeing} FROM {joined}")
            may = await connection.fetch(
                "SELECT rolname FROM pg_roles WHERE rolname = ANY ($1) AND NOT rolbypassrls AND NOT rolsuper", readers
            )
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
        return None  # what cannot be joined by that key is no copy by it
    named = [column.name for column, same in zip(shared, agree, strict=True) if same]
    roles = sorted({row["rolname"] for row in may} | ({"public"} & set(readers)))
    if not rows or strangers or not named or not roles:
        return None
    detail = (
        f"{table.display} holds {rows} rows of {item.display} ({', '.join((*item.key, *named))}) without row security,"
        f" and {', '.join(roles)} may read it"
    )
    shown = ", ".join(f"n.{quote_ident(name)}" for name in (*item.key, *named))
    return make_finding(
        "rls_bypassed",
        table.display,
        detail,
        count=rows,
        query=f"SELECT {shown} FROM {joined} WHERE g.{quote_ident(item.key[0])} IS NOT NULL;",
        database=context.verification_db,
    )


def _functions(context: Context) -> Iterator[Finding]:
    """Functions that are SECURITY DEFINER now and were not, that others may call, and that name guarded tables."""
    after = context.after
    then = {function.identity: function for function in context.before.functions}
    guarded = {item.name: item.display for item in after.relations.values() if item.is_table and item.row_security}
    callers = _callers(after)
    for function in after.functions:
        old = then.get(function.identity)
        if not _is_definer(function) or (old is not None and _is_definer(old)):
            continue
        trigger = _TRIGGER.search(function.definition) is not None
        who = _writers(after, function) if trigger else callers.get(function.identity, set())
        text = function.body or function.definition
        read = sorted(guarded[name] for name in set(aliases_in(sqltext.words(text)).values()) & guarded.keys())
        if read and who:
            detail = (
                f"{function.identity} names {', '.join(read)} and runs with its owner's rights, past row security;"
                f" {', '.join(sorted(who))} may {'write the view whose trigger calls it' if trigger else 'call it'}"
            )
            query = f"SELECT proacl, prosecdef, pg_get_functiondef(oid) FROM pg_proc WHERE oid = {function.oid};"
            yield make_finding("rls_bypassed", function.identity, detail, severity="warning", count=1, query=query,
                               database=context.verification_db)  # fmt: skip


def _writers(catalogue: Catalogue, function: Function) -> set[str]:
    """Who may write a view whose triggers call the function; a table's own row security judges who writes the table."""
    views = {
        oid for oid in function.trigger_tables if oid in catalogue.relations and not catalogue.relations[oid].is_table
    }
    rights = (item.identity for item in catalogue.objects if item.kind == "grant" and item.relation in views)
    return {right.rpartition(" to ")[2] for right in rights if right.startswith(("INSERT ", "UPDATE ", "DELETE "))}


def _callers(catalogue: Catalogue) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for item in catalogue.objects:
        if item.kind == "grant" and item.identity.startswith("EXECUTE on "):
            found.setdefault(granted_on(item), set()).add(item.identity.rpartition(" to ")[2])
    return found


def _is_definer(function: Function) -> bool:
    return bool(_DEFINER.search(function.definition.partition("\nAS ")[0]))
