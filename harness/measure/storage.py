"""What the tables of one database occupy: heap, indexes and TOAST apart, reconciled with the database's size."""

from __future__ import annotations

from typing import Any

from harness.result import StorageRecord
from harness.scenario.paths import catalogue_sql
from harness.sqltext import quote_qualified

CATALOGUE = "(system catalogues)"


async def read_storage(connection: Any, stage: str) -> tuple[StorageRecord, ...]:
    """One record per table, one for the system catalogues, and one (`table` None) for the whole database.

    The whole database's parts are the tables' sums, its total is what the server counts on disk: the two are measured
    apart, so that their difference shows whether anything was left out. Rows are counted, not estimated.
    """
    tables = [
        await _table(connection, stage, row) for row in await connection.fetch(catalogue_sql("measure", "table_sizes"))
    ]
    whole = await connection.fetchrow(catalogue_sql("measure", "database_sizes"))
    catalogue = whole["catalogue_bytes"]
    return (
        *tables,
        StorageRecord(stage, CATALOGUE, None, catalogue, 0, 0, catalogue),
        StorageRecord(
            stage=stage,
            table=None,
            rows=sum(record.rows or 0 for record in tables),
            heap_bytes=sum(record.heap_bytes for record in tables),
            index_bytes=sum(record.index_bytes for record in tables),
            toast_bytes=sum(record.toast_bytes for record in tables),
            total_bytes=whole["total_bytes"],
        ),
    )


async def _table(connection: Any, stage: str, row: Any) -> StorageRecord:
    schema, name = row["schema_name"], row["table_name"]
    rows = await connection.fetchval(f"SELECT count(*) FROM {quote_qualified(schema, name)}")  # noqa: S608 - quoted
    return StorageRecord(
        stage=stage,
        table=name if schema == "public" else f"{schema}.{name}",
        rows=rows,
        heap_bytes=row["heap_bytes"],
        index_bytes=row["index_bytes"],
        toast_bytes=row["toast_bytes"],
        total_bytes=row["heap_bytes"] + row["index_bytes"] + row["toast_bytes"],
    )
