"""The old columns, kept: streamed from the arm `before` into schema bench_old of the verification clone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.catalogue import Catalogue, ChangedTable, changed_tables, read_catalogue
from harness.copying import SCHEMA, SESSION, Copy, copy_columns, has_type
from harness.progress import Progress
from harness.server.address import Address, connect
from harness.sqltext import quote_ident, quote_qualified
from harness.sqltext.nodes import columns_equated
from harness.together import together


@dataclass(frozen=True)
class OldTable:
    """A table that the migration changed, and the copy that keeps its key, lost columns and links to other tables."""

    change: ChangedTable
    copy: Copy


@dataclass(frozen=True)
class Snapshot:
    """Both catalogues and the copies of all that the migration took away."""

    before: Catalogue
    after: Catalogue
    tables: tuple[OldTable, ...]


async def take_snapshot(
    address: Address,
    before_db: str,
    verification_db: str,
    progress: Progress,
    *,
    at_once: int = 2,
    kept: Mapping[str, int] | None = None,
) -> Snapshot:
    """Copies what the migration dropped or wrote anew; `verification_db` is a clone of `after`, and gets
    schema bench_old.

    `kept` are copies (by their quoted names) that an earlier session finished, with their rows: these are used as they
    are, if they are all that is needed. Raises VerifyError where fewer or more rows arrive than left.
    """
    before, after = await _catalogues(address, before_db, verification_db)
    changes = changed_tables(before, after)
    names = _copy_names(changes)
    if kept is not None and set(kept) == {quote_qualified(SCHEMA, name) for name in names.values()}:
        return await _as_kept(address, verification_db, before, after, changes, names, kept)
    await _make_schema(address, verification_db)
    joined = _joined_on(after)
    progress.start("snapshot", len(changes), "tables")
    done = 0
    permits = asyncio.Semaphore(at_once)

    async def keep(change: ChangedTable) -> OldTable:
        nonlocal done
        columns = _kept_columns(change, before, joined)
        async with permits:
            kept = await copy_columns(
                address, before_db, verification_db, change.old, change.key, columns, names[change.old.oid]
            )
        done += 1
        progress.update(done, change.old.display)
        return OldTable(change, kept)

    tables = await together(*(keep(change) for change in changes))
    return Snapshot(before, after, tuple(tables))


async def _catalogues(address: Address, before_db: str, verification_db: str) -> tuple[Catalogue, Catalogue]:
    old = await connect(address, before_db, SESSION)
    try:
        before = await read_catalogue(old)
    finally:
        await old.close()
    new = await connect(address, verification_db, SESSION)
    try:
        return before, await read_catalogue(new)
    finally:
        await new.close()


async def _make_schema(address: Address, verification_db: str) -> None:
    connection = await connect(address, verification_db, SESSION)
    try:
        schema = quote_ident(SCHEMA)
        await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")
    finally:
        await connection.close()


async def _as_kept(
    address: Address,
    verification_db: str,
    before: Catalogue,
    after: Catalogue,
    changes: Sequence[ChangedTable],
    names: Mapping[int, str],
    kept: Mapping[str, int],
) -> Snapshot:
    """The copies that are there; whether their rows are still those is for the check itself to prove."""
    joined = _joined_on(after)
    connection = await connect(address, verification_db, SESSION)
    try:
        tables = []
        for change in changes:
            columns = _kept_columns(change, before, joined)
            chosen = [column for column in change.old.columns if column.name in columns]
            gone = frozenset([column.name for column in chosen if not await has_type(connection, column)])
            sql = quote_qualified(SCHEMA, names[change.old.oid])
            tables.append(OldTable(change, Copy(sql, change.key, columns, gone, kept[sql])))
    finally:
        await connection.close()
    return Snapshot(before, after, tuple(tables))


def _copy_names(changes: Sequence[ChangedTable]) -> dict[int, str]:
    """The table's own name, with its schema where two schemas have a table of that name."""
    names = [change.old.name for change in changes]
    return {
        change.old.oid: change.old.name
        if names.count(change.old.name) == 1
        else f"{change.old.schema}.{change.old.name}"
        for change in changes
    }


def _joined_on(after: Catalogue) -> frozenset[str]:
    """The names of the columns that views set equal to others."""
    return frozenset().union(*(columns_equated(view.definition) for view in after.views() if view.definition))


def _kept_columns(change: ChangedTable, before: Catalogue, joined: frozenset[str]) -> tuple[str, ...]:
    """Key, lost columns, and links: foreign keys, and columns of the type of some other table's single-column key.

    A schema need not declare its foreign keys; of columns of text only those are taken that views join on (`joined`),
    else every text column would be copied. Of a table without a key everything is kept: its rows can only be compared
    whole.
    """
    if not change.key:
        return tuple(column.name for column in change.old.columns)
    keys = {relation.oid: before.row_key(relation.oid) for relation in before.relations.values() if relation.is_table}
    key_types = {
        column.type_oid
        for oid, key in keys.items()
        for column in before.relations[oid].columns
        if key == (column.name,) and column.category != "S"
    }
    declared = {name for link in before.foreign_keys(change.old.oid) for name in link.columns}
    wanted = {column.name for column in change.old_columns} | set(change.key) | declared
    wanted |= {column.name for column in change.old.columns if (now := change.now(column.name)) and now.name in joined}
    return tuple(column.name for column in change.old.columns if column.name in wanted or column.type_oid in key_types)
