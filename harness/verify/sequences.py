"""Sequences and identity columns: what the next insert gets must be what it would have got, or later."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from harness.catalogue import Catalogue, Sequence, survivor
from harness.result import Finding, Severity
from harness.scenario.paths import catalogue_sql
from harness.sqltext import quote_ident, quote_literal
from harness.verify.context import Context
from harness.verify.kinds import make_finding
from harness.verify.survivors import relation_now


@contextlib.asynccontextmanager
async def set_back(*connections: Any) -> AsyncIterator[None]:
    """Sequences go on where they stood before the block: no rollback takes back what its writes drew from them."""
    stood = [(connection, await _positions(connection)) for connection in connections]
    yield
    for connection, positions in stood:
        for position in positions - await _positions(connection):
            await connection.execute("SELECT setval($1::text::regclass, $2, $3)", *position)


async def _positions(connection: Any) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in await connection.fetch(catalogue_sql("verify", "read_sequences"))}


async def sequence_findings(context: Context) -> list[Finding]:
    """Sequences that are gone, that count otherwise, or that give out again what was given out before."""
    found: list[Finding] = []
    for old in context.before.sequences:
        new = _now(old, context.before, context.after)
        if new is not None:
            found += await _compared(context, _name(old, context.before), old, new)
        elif not old.relation:
            query = f"SELECT to_regclass({quote_literal(old.identity)});"
            found.append(_told(context, "sequence_lost", old.identity, f"the sequence {old.identity} is gone", query))
    return found


def _told(context: Context, kind: str, name: str, detail: str, query: str, severity: Severity | None = None) -> Finding:
    return make_finding(kind, name, detail, severity=severity, count=1, query=query, database=context.verification_db)


def _now(old: Sequence, before: Catalogue, after: Catalogue) -> Sequence | None:
    """What numbers the same column now, made anew or not; a sequence that stands by itself is followed by OID or name.

    That a column is numbered no longer is told with its default.
    """
    if not old.relation:
        same = (item for item in after.sequences if item.oid == old.oid or item.identity == old.identity)
        return next(same, None)
    table, new = before.relations.get(old.relation), relation_now(old.relation, before, after)
    column = next((item for item in table.columns if item.number == old.number), None) if table is not None else None
    now = survivor(column, table, new) if column is not None and table is not None and new is not None else None
    if now is None or new is None:
        return None
    return next((item for item in after.sequences if (item.relation, item.number) == (new.oid, now.number)), None)


def _name(old: Sequence, before: Catalogue) -> str:
    table = before.relations.get(old.relation)
    column = next((item for item in table.columns if item.number == old.number), None) if table is not None else None
    return f"{table.display}.{column.name}" if table is not None and column is not None else old.identity


async def _compared(context: Context, name: str, old: Sequence, new: Sequence) -> list[Finding]:
    query = f"SELECT * FROM pg_sequences WHERE schemaname || '.' || sequencename = {quote_literal(new.identity)};"
    found = []
    ahead = new.next_value - old.next_value
    if (ahead < 0) if old.increment > 0 else (ahead > 0):
        taken = await _taken(context, new)
        detail = f"{name} would have got {old.next_value} next and gets {new.next_value} from {new.identity}"
        said = f"; {taken} rows have such a number already" if taken else ""
        severity: Severity | None = "warning" if taken == 0 else None
        found.append(_told(context, "sequence_behind", name, detail + said, query, severity))
    if old.definition != new.definition:
        detail = f"{name} was numbered by {old.definition} and is by {new.definition} now"
        found.append(_told(context, "sequence_changed", name, detail, query))
    return found


async def _taken(context: Context, new: Sequence) -> int | None:
    """How many rows have a number that is still to come; None for a sequence that numbers no column."""
    table = context.after.relations.get(new.relation)
    column = next((item for item in table.columns if item.number == new.number), None) if table is not None else None
    if table is None or column is None:
        return None
    compared = f"t.{quote_ident(column.name)} {'>=' if new.increment > 0 else '<='} {new.next_value}"
    async with context.sessions.one() as connection:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table.sql} AS t WHERE {compared}"))
