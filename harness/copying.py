"""Columns of a table streamed from one database into another, where they lie beside the new state in bench_old."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg

from harness.catalogue import Column, Relation
from harness.errors import VerifyError
from harness.scenario.paths import catalogue_sql
from harness.server.address import Address, connect
from harness.sqltext import quote_ident, quote_qualified

SCHEMA = "bench_old"
SESSION = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "row_security": "off",
    "synchronize_seqscans": "off",
    "statement_timeout": "0",
}
"""Every session that copies or compares renders values in one way, and fails rather than see only some rows."""
_QUEUED_BUFFERS = 16


@dataclass(frozen=True)
class Copy:
    """A copy of some columns of a table of the arm `before`; `sql` is its quoted name in the verification clone.

    `counted` is False where so many `rows` are only expected, for a table that is compared where it is.
    """

    sql: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    as_text: frozenset[str]
    rows: int
    counted: bool = True


async def copy_columns(
    address: Address,
    before_db: str,
    verification_db: str,
    table: Relation,
    key: tuple[str, ...],
    columns: tuple[str, ...],
    name: str,
) -> Copy:
    """Streams these columns of a table of `before_db` into bench_old."name", with the key as its primary key."""
    chosen = [column for column in table.columns if column.name in columns]
    source = await connect(address, before_db, SESSION)
    target = await connect(address, verification_db, SESSION)
    try:
        gone = frozenset([column.name for column in chosen if not await has_type(target, column)])
        try:
            rows = await _stream(source, target, table, chosen, gone, name, "binary")
        except asyncpg.UndefinedFunctionError:  # a type without a binary form
            rows = await _stream(source, target, table, chosen, gone, name, "text")
        sql = quote_qualified(SCHEMA, name)
        if key:
            names = ", ".join(map(quote_ident, key))
            await target.execute(f"ALTER TABLE {sql} ADD PRIMARY KEY ({names}); ANALYZE {sql} ({names})")
    finally:
        await source.close()
        await target.close()
    return Copy(sql, key, tuple(column.name for column in chosen), gone, rows)


async def has_type(target: Any, column: Column) -> bool:
    """Whether the column's type is still there, and takes every value that the old one took."""
    return bool(await target.fetchval(catalogue_sql("verify", "has_type"), column.type_sql, list(column.labels)))


def kept_as(column: Column, as_text: Collection[str]) -> Column:
    """The column as its copy holds it: as text where its type is gone or lacks values."""
    if column.name not in as_text:
        return column
    return replace(
        column, type_sql="text", base_type="text", category="S", modifier=-1, collation="default",
        deterministic=True, has_equality=True, one_rendering=True,
    )  # fmt: skip


async def _stream(
    source: Any, target: Any, table: Relation, columns: Sequence[Column], gone: frozenset[str], name: str, form: str
) -> int:
    """Copies through a short queue, so that memory stays flat; a type that is gone in the clone is kept as text."""
    read = ", ".join(quote_ident(c.name) + ("::text" if c.name in gone else "") for c in columns)
    made = ", ".join(_definition(c, gone) for c in columns)
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUED_BUFFERS)

    async def take() -> AsyncIterator[bytes]:
        while (data := await queue.get()) is not None:
            yield data

    async def give() -> str:
        try:
            tag = str(await source.copy_from_query(f"SELECT {read} FROM {table.sql}", output=queue.put, format=form))
        except Exception:
            await queue.put(None)  # ends the other side, whose transaction is then rolled back
            raise
        await queue.put(None)
        return tag

    async with target.transaction():
        made_sql = quote_qualified(SCHEMA, name)
        await target.execute(f"DROP TABLE IF EXISTS {made_sql}; CREATE TABLE {made_sql} ({made})")
        left = asyncio.create_task(give())
        try:
            arrived = await target.copy_to_table(name, schema_name=SCHEMA, source=take(), format=form, freeze=True)
            sent, received = _count(await left), _count(arrived)
        finally:
            left.cancel()
    if sent != received:
        raise VerifyError(f"snapshot of {table.display}: {sent} rows left, {received} arrived", "run the check again")
    return received


def _definition(column: Column, gone: frozenset[str]) -> str:
    kind = "text" if column.name in gone else column.type_sql
    collate = f" COLLATE {quote_ident(column.collation)}" if column.collation not in (None, "default") else ""
    return f"{quote_ident(column.name)} {kind}{collate}"


def _count(tag: str) -> int:
    return int(tag.rsplit(maxsplit=1)[-1])
