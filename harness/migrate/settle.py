"""What every arm gets alike before it is measured: vacuumed, frozen, written out.

ANALYZE draws a random sample: two clones analysed by themselves plan some parameter sets differently, which made one
clone up to 20 % slower than the other, the whole run long. So the arms keep the statistics that they were cloned with,
and only what the migration added or changed is analysed, as autovacuum would.
"""

from __future__ import annotations

from typing import Any

from harness.scenario.paths import catalogue_sql
from harness.server import Server, connect
from harness.server.address import NO_LIMITS
from harness.sqltext import quote_ident, quote_qualified


async def settle(server: Server, database: str) -> None:
    """Vacuum, statistics, CHECKPOINT where the role may."""
    connection = await connect(server.address, database, settings=NO_LIMITS)
    try:
        await connection.execute("VACUUM (FREEZE)", timeout=None)
        await refresh_statistics(connection)
        if "checkpoint" in server.rights:
            await connection.execute("CHECKPOINT", timeout=None)
    finally:
        await connection.close()


async def refresh_statistics(connection: Any) -> None:
    """Analyses what has no statistics (new tables, columns, expressions) or other rows than when it was analysed."""
    for row in await connection.fetch(catalogue_sql("migrate", "list_stale_statistics")):
        table = quote_qualified(row["schema_name"], row["table_name"])
        columns = f" ({', '.join(map(quote_ident, row['columns']))})" if row["columns"] else ""
        await connection.execute(f"ANALYZE {table}{columns}", timeout=None)
