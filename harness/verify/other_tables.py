"""Tables whose columns are all still there: a migration may not take rows from them unseen."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from harness.catalogue import Relation
from harness.result import Finding
from harness.server.address import connect
from harness.snapshot import SESSION
from harness.verify.context import Context
from harness.verify.kinds import make_finding
from harness.verify.survivors import relation_now


async def rows_gone(context: Context, compared: Collection[int]) -> list[Finding]:
    """Tables, but those that were compared row by row (OIDs before), that have fewer rows than before."""
    tables = [
        (old, new)
        for old in context.before.relations.values()
        if old.kind in ("r", "p") and not old.partition and old.oid not in compared
        if (new := relation_now(old.oid, context.before, context.after)) is not None
    ]
    before = await connect(context.address, context.before_db, SESSION)
    try:
        async with context.sessions.one() as after:
            counts = [(old, new, await _rows(before, old), await _rows(after, new)) for old, new in tables]
    finally:
        await before.close()
    return [_gone(context, new, had - has, had) for _, new, had, has in counts if has < had]


async def _rows(connection: Any, table: Relation) -> int:
    return int(await connection.fetchval(f"SELECT count(*) FROM {table.sql}"))


def _gone(context: Context, table: Relation, gone: int, had: int) -> Finding:
    return make_finding(
        "row_missing",
        table.display,
        f"{table.display} had {had} rows before the migration and has {gone} fewer now",
        count=gone,
        rows=had,
        cause="row_deleted",
        query=f"SELECT count(*) FROM {table.sql};",
        database=context.verification_db,
    )
