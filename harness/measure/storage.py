"""What the tables of one database occupy: heap, indexes and TOAST apart, reconciled with the database's size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from harness.result import StorageRecord
from harness.scenario.paths import catalogue_sql
from harness.sqltext import quote_qualified

CATALOGUE = "(system catalogues)"


async def read_storage(connection: Any, stage: str, count_rows: bool = True) -> tuple[StorageRecord, ...]:
    """One record per table, one for the system catalogues, and one (`table` None) for the whole database.

    The whole database's parts are the tables' sums, its total is what the server counts on disk: the two are measured
    apart, so that their difference shows whether anything was left out. Within a transaction the total is the parts and
    the sequences: the disk still holds what the transaction dropped or wrote anew, until it commits. Rows are counted,
    not estimated, or left out: counting would hold locks within a migration's transaction, and a materialised view that
    was never filled has none to count.
    """
    tables = [
        await _table(connection, stage, row, count_rows)
        for row in await connection.fetch(catalogue_sql("measure", "table_sizes"))
    ]
    whole = await connection.fetchrow(catalogue_sql("measure", "database_sizes"))
    catalogue = whole["catalogue_bytes"] + await _cache_file_bytes(connection)
    parts = catalogue + whole["sequence_bytes"] + sum(record.total_bytes for record in tables)
    return (
        *tables,
        StorageRecord(stage, CATALOGUE, None, catalogue, 0, 0, catalogue),
        StorageRecord(
            stage=stage,
            table=None,
            rows=sum(record.rows or 0 for record in tables) if count_rows else None,
            heap_bytes=sum(record.heap_bytes for record in tables),
            index_bytes=sum(record.index_bytes for record in tables),
            toast_bytes=sum(record.toast_bytes for record in tables),
            total_bytes=parts if connection.is_in_transaction() else whole["total_bytes"],
        ),
    )


async def _cache_file_bytes(connection: Any) -> int:
    """The catalogues' cache file, which the database's size holds, too: 0.16 MB, where the role may ask for it."""
    if not await connection.fetchval(catalogue_sql("measure", "may_stat_files")):
        return 0
    return int(await connection.fetchval(catalogue_sql("measure", "cache_file_size")) or 0)


async def _table(connection: Any, stage: str, row: Any, count_rows: bool) -> StorageRecord:
    """The table's own rows and bytes: what inherits from it has a record of its own."""
    schema, name = row["schema_name"], row["table_name"]
    counting = f"SELECT count(*) FROM ONLY {quote_qualified(schema, name)}"  # noqa: S608 - quoted
    rows = await connection.fetchval(counting) if count_rows and row["populated"] else None
    record = StorageRecord(
        stage=stage,
        table=_display(schema, name),
        rows=rows,
        heap_bytes=row["heap_bytes"],
        index_bytes=row["index_bytes"],
        toast_bytes=row["toast_bytes"],
        total_bytes=row["heap_bytes"] + row["index_bytes"] + row["toast_bytes"],
    )
    return with_rows(record, rows)


def with_rows(record: StorageRecord, rows: int | None) -> StorageRecord:
    """The record with its number of rows and what each of them takes."""
    each = (record.heap_bytes + record.toast_bytes) / rows if rows else None
    return replace(record, rows=rows, row_bytes=None if each is None else round(each, 1))


async def read_free_space(connection: Any) -> dict[str, int]:
    """Free bytes by table; raises asyncpg.PostgresError where pgstattuple may not be made or used.

    The extension is made in a transaction that is rolled back, so that no arm holds it.
    """
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(
            "CREATE SCHEMA bench_stattuple; SET LOCAL search_path = bench_stattuple; CREATE EXTENSION pgstattuple"
        )
        rows = await connection.fetch(catalogue_sql("measure", "free_space"), timeout=None)
    finally:
        await transaction.rollback()
    return {_display(row["schema_name"], row["table_name"]): row["free_bytes"] for row in rows}


def with_free_space(records: Iterable[StorageRecord], free: dict[str, int]) -> tuple[StorageRecord, ...]:
    """The records with their tables' free bytes, the whole database's with the sum."""
    return tuple(
        replace(item, free_bytes=sum(free.values()) if item.table is None else free.get(item.table)) for item in records
    )


def _display(schema: str, name: str) -> str:
    return name if schema == "public" else f"{schema}.{name}"
