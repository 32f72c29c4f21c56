"""What every arm gets alike before it is measured: vacuumed, frozen, written out, read into the caches.

ANALYZE draws a random sample: two clones analysed by themselves plan some parameter sets differently, which made one
clone up to 20 % slower than the other, the whole run long. So the arms keep the statistics that they were cloned with,
and only what the migration added or changed is analysed, as autovacuum would.
"""

from __future__ import annotations

from typing import Any

import asyncpg

from harness.progress import Progress
from harness.scenario.paths import catalogue_sql
from harness.server import Server, connect
from harness.server.address import NO_LIMITS
from harness.sqltext import quote_ident, quote_qualified


async def settle(server: Server, database: str, progress: Progress) -> None:
    """Vacuum, statistics, CHECKPOINT where the role may, prewarm where the server can; nothing is left behind."""
    connection = await connect(server.address, database, settings=NO_LIMITS)
    try:
        await connection.execute("VACUUM (FREEZE)", timeout=None)
        await refresh_statistics(connection)
        if "checkpoint" in server.rights:
            await connection.execute("CHECKPOINT", timeout=None)
        if "pg_prewarm" in server.rights:
            await _prewarm(connection, progress)
    finally:
        await connection.close()


async def refresh_statistics(connection: Any) -> None:
    """Analyses what has no statistics (new tables, columns, expressions) or other rows than when it was analysed."""
    for row in await connection.fetch(catalogue_sql("migrate", "list_stale_statistics")):
        table = quote_qualified(row["schema_name"], row["table_name"])
        columns = f" ({', '.join(map(quote_ident, row['columns']))})" if row["columns"] else ""
        await connection.execute(f"ANALYZE {table}{columns}", timeout=None)


async def _prewarm(connection: Any, progress: Progress) -> None:
    """Reads all tables, indexes and TOAST; rolling back takes the extension away again, and keeps the cache."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(
            "CREATE SCHEMA bench_prewarm; SET LOCAL search_path = bench_prewarm; CREATE EXTENSION pg_prewarm"
        )
        await connection.execute(catalogue_sql("migrate", "prewarm_relations"), timeout=None)
    except asyncpg.PostgresError as error:
        progress.note(f"the caches were not warmed beforehand: {error}")
    finally:
        await transaction.rollback()
