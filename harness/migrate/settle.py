"""What every arm gets alike before it is measured: vacuumed, frozen, analysed, written out, read into the caches."""

from __future__ import annotations

from typing import Any

import asyncpg

from harness.progress import Progress
from harness.scenario.paths import catalogue_sql
from harness.server import Server, connect
from harness.server.address import NO_LIMITS


async def settle(server: Server, database: str, progress: Progress) -> None:
    """VACUUM (FREEZE, ANALYZE), CHECKPOINT where the role may, prewarm where the server can; nothing is left behind."""
    connection = await connect(server.address, database, settings=NO_LIMITS)
    try:
        await connection.execute("VACUUM (FREEZE, ANALYZE)", timeout=None)
        if "checkpoint" in server.rights:
            await connection.execute("CHECKPOINT", timeout=None)
        if "pg_prewarm" in server.rights:
            await _prewarm(connection, progress)
    finally:
        await connection.close()


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
