"""The views as a role reads them, against what the tables below let that role read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from harness.catalogue import Relation
from harness.copying import SCHEMA, SESSION
from harness.result import Example, Finding
from harness.scenario import Scenario
from harness.server.address import connect
from harness.server.faults import describe
from harness.snapshot import OldTable
from harness.sqltext import quote_ident
from harness.verify.carriers import Carrier
from harness.verify.compare import field, join_on_key
from harness.verify.context import Context
from harness.verify.kinds import make_finding
from harness.verify.readers import Reader, draw_reader
from harness.verify.rows import EXAMPLES
from harness.verify.sessions import is_about_data
from harness.verify.views import made_views

_SEEN = "bench_seen"


@dataclass(frozen=True)
class Shown:
    """A view that shows a table's rows one for one, and that table's lost columns that it replaces."""

    table: Relation
    view: Relation
    carrier: Carrier
    old: OldTable | None
    columns: tuple[str, ...]


async def check_access(context: Context, scenario: Scenario) -> tuple[list[Finding], list[str]]:
    """Findings, and notes on what could not be checked; every transaction is rolled back."""
    findings: list[Finding] = []
    notes: list[str] = []
    shown = _shown(context)
    settings = {name: value for name, value in SESSION.items() if name != "row_security"}
    connection = await connect(context.address, context.verification_db, settings)
    try:
        for wanted in scenario.access_roles:
            obstacle = await obstacle_to(connection, wanted.role)
            if obstacle:
                notes.append(f"access not checked as {wanted.role}: {obstacle}")
                continue
            reader = await draw_reader(context, wanted)
            for item in shown:
                findings += await _compare(context, connection, reader, item)
    finally:
        await connection.close()
    return findings, notes


async def obstacle_to(connection: Any, role: str) -> str:
    """Why this session cannot become the role; empty where it can."""
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
        return "the server has no such role"
    may = await connection.fetchval("SELECT pg_has_role(current_user, $1, 'MEMBER')", role)
    return "" if may else "the role in --dsn is not a member of it"


def _shown(context: Context) -> list[Shown]:
    olds = {item.change.new.oid: item for item in context.snapshot.tables if item.change.new is not None}
    found = []
    for view in made_views(context):
        grain = context.carriers.grain_of(view)
        if grain is None:
            continue
        table, carrier = grain
        old = olds.get(table.oid)
        names = [column.name for column in old.change.dropped if view.column(column.name)] if old else []
        found.append(Shown(table, view, carrier, old, tuple(names)))
    return found


async def _compare(context: Context, connection: Any, reader: Reader, item: Shown) -> list[Finding]:
    transaction = connection.transaction()
    await transaction.start()
    try:
        key = context.after.row_key(item.table.oid)
        seen = await _see_table(connection, reader, item, key)
        return [
            finding
            for finding in (
                await _wider(context, connection, reader, item, key),
                await _narrower(context, connection, reader, item, key, seen),
                await _blanked(context, connection, reader, item, key),
            )
            if finding is not None
        ]
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
        detail = f"reading {item.view.display} as {reader.role} fails: {describe(error)}"
        return [make_finding("view_error", item.view.display, detail, database=context.verification_db)]
    finally:
        await transaction.rollback()


async def _see_table(connection: Any, reader: Reader, item: Shown, key: Sequence[str]) -> int | None:
    """Keeps the keys that the table lets the role read, and counts them; None where it denies the role altogether."""
    names = ", ".join(field("t", name) for name in key)
    await connection.execute(
        f"CREATE TEMPORARY TABLE {_SEEN} ON COMMIT DROP AS SELECT {names} FROM {item.table.sql} AS t LIMIT 0"
    )
    await connection.execute(f"GRANT ALL ON {_SEEN} TO {quote_ident(reader.role)}")
    await reader.become(connection)
    try:
        async with connection.transaction():
            tag = await connection.execute(f"INSERT INTO {_SEEN} SELECT {names} FROM {item.table.sql} AS t")
    except asyncpg.InsufficientPrivilegeError:
        return None
    return int(tag.split()[-1])


async def _wider(context: Context, connection: Any, reader: Reader, item: Shown, key: Sequence[str]) -> Finding | None:
    """Rows that the view shows the role and the table does not."""
    names = ", ".join(field("v", name) for name in item.carrier.key)
    unseen = f"NOT EXISTS (SELECT FROM {_SEEN} AS s WHERE {_on_key(context, item, key, 's')})"
    try:
        async with connection.transaction():
            count = await connection.fetchval(f"SELECT count(*) FROM {item.view.sql} AS v WHERE {unseen}")
            if not count:
                return None
            rows = await connection.fetch(
                f"SELECT {names} FROM {item.view.sql} AS v WHERE {unseen} ORDER BY {names} LIMIT {EXAMPLES}"
            )
            every = await connection.fetchval(f"SELECT count(*) FROM {item.view.sql} AS v")
    except asyncpg.InsufficientPrivilegeError:
        return None
    below = f"NOT EXISTS (SELECT FROM {item.table.sql} AS s WHERE {_on_key(context, item, key, 's')})"
    return make_finding(
        "access_wider",
        item.view.display,
        f"{reader.role} reads {count} rows of {item.view.display} that {item.table.display} does not show it",
        count=count,
        rows=every,
        examples=[Example(", ".join(str(value) for value in row)) for row in rows],
        query=reader.script(f"SELECT {names} FROM {item.view.sql} AS v WHERE {below} ORDER BY {names};"),
        database=context.verification_db,
    )


async def _narrower(
    context: Context, connection: Any, reader: Reader, item: Shown, key: Sequence[str], seen: int | None
) -> Finding | None:
    """Rows that the table shows the role and the view does not; a view that refuses where the table has no row, too."""
    if seen is None:
        return None
    names = ", ".join(field("s", name) for name in key)
    missing = f"NOT EXISTS (SELECT FROM {item.view.sql} AS v WHERE {_on_key(context, item, key, 's')})"
    why = ""
    try:
        async with connection.transaction():
            rows = await connection.fetch(f"SELECT {names} FROM {_SEEN} AS s WHERE {missing} ORDER BY {names}")
            count, shown = len(rows), rows[:EXAMPLES]
    except asyncpg.InsufficientPrivilegeError as error:
        count, shown, why = seen, [], f": {describe(error)}"
    if not count and not why:
        return None
    return make_finding(
        "access_narrower",
        item.view.display,
        f"{reader.role} reads {count} rows of {item.table.display} that {item.view.display} does not show it{why}",
        count=count,
        rows=seen,
        examples=[Example(", ".join(str(value) for value in row)) for row in shown],
        query=reader.script(f"SELECT {names} FROM {item.table.sql} AS s WHERE {missing} ORDER BY {names};"),
        database=context.verification_db,
    )


async def _blanked(
    context: Context, connection: Any, reader: Reader, item: Shown, key: Sequence[str]
) -> Finding | None:
    """Values that the old columns let the role read and the view hides from it, though its owner sees them there."""
    if item.old is None or not item.columns or not item.view.invoker_rights:
        return None
    counting = _counting_blanks(context, item, item.old, key)
    try:
        async with connection.transaction():
            await connection.execute("RESET ROLE")
            await connection.execute(_grants(reader, item.old))
            as_owner = await connection.fetchrow(counting)
            await reader.become(connection)
            as_role = await connection.fetchrow(counting)
    except asyncpg.InsufficientPrivilegeError:
        return None
    pairs = zip(item.columns, as_role, as_owner, strict=True)
    hidden = {name: role - owner for name, role, owner in pairs if role > owner}
    if not hidden:
        return None
    named = ", ".join(f"{name} ({count})" for name, count in hidden.items())
    return make_finding(
        "access_narrower",
        item.view.display,
        f"{reader.role} could read values of {item.table.display} that {item.view.display} shows it as NULL: {named}",
        count=sum(hidden.values()),
        query=reader.script(_listing_blanks(context, item, item.old, key, hidden), _grants(reader, item.old)),
        database=context.verification_db,
    )


def _grants(reader: Reader, old: OldTable) -> str:
    """Lets the role read the old copies, for the length of a transaction."""
    role = quote_ident(reader.role)
    return f"GRANT USAGE ON SCHEMA {quote_ident(SCHEMA)} TO {role}; GRANT SELECT ON {old.copy.sql} TO {role};"


def _old_beside_new(context: Context, item: Shown, old: OldTable, key: Sequence[str]) -> str:
    """FROM's content: the rows `s` that the role sees, their old copies `o`, and what the view shows of them, `v`."""
    pairs = zip(old.change.key, key, strict=True)
    to_old = " AND ".join(f"{field('o', name)} = {field('s', now)}" for name, now in pairs)
    return f"JOIN {old.copy.sql} AS o ON {to_old} JOIN {item.view.sql} AS v ON {_on_key(context, item, key, 's')}"


def _blank(name: str) -> str:
    return f"{field('o', name)} IS NOT NULL AND {field('v', name)} IS NULL"


def _counting_blanks(context: Context, item: Shown, old: OldTable, key: Sequence[str]) -> str:
    counts = ", ".join(f"count(*) FILTER (WHERE {_blank(name)})" for name in item.columns)
    return f"SELECT {counts} FROM {_SEEN} AS s {_old_beside_new(context, item, old, key)}"


def _listing_blanks(context: Context, item: Shown, old: OldTable, key: Sequence[str], names: Iterable[str]) -> str:
    shown = ", ".join([*(field("s", name) for name in key), *(field("o", name) for name in names)])
    blank = " OR ".join(f"({_blank(name)})" for name in names)
    return f"SELECT {shown} FROM {item.table.sql} AS s {_old_beside_new(context, item, old, key)} WHERE {blank};"


def _on_key(context: Context, item: Shown, key: Sequence[str], alias: str) -> str:
    table = context.after.relations[item.table.oid]
    old = tuple(column for name in key if (column := table.column(name)))
    new = tuple(column for name in item.carrier.key if (column := item.view.column(name)))
    return join_on_key(old, new, alias, "v")
