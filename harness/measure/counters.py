"""The server's own account of a slice: time per execution from pg_stat_statements, which no client can distort."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg

from harness.scenario.paths import catalogue_sql
from harness.server.address import Address, connect

_PLANNING = "pg_stat_statements.track_planning"


class ServerTimes:
    """Differences of pg_stat_statements per arm: nothing else runs in an arm's database while a slice does."""

    def __init__(self, connection: Any, databases: Mapping[str, str], plans: bool) -> None:
        self._connection = connection
        self._databases = databases
        self._last: dict[str, tuple[float, int]] = {}
        self.settings: tuple[tuple[str, str], ...] = ((_PLANNING, "on"),) if plans else ()
        self.note = "" if plans else f"the server's times leave out planning: {_PLANNING} is off and cannot be set"

    @classmethod
    async def open(cls, address: Address, database: str | None, databases: Mapping[str, str]) -> ServerTimes | str:
        """The counters, or in words why the server does not give any.

        In a `database` that is named, and so is the run's own, the extension is created where it is missing.
        `settings` are those that the timed sessions need besides, so that planning is counted, too.
        """
        connection = await connect(address, database)
        try:
            if database is not None:
                await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            row = await connection.fetchrow(catalogue_sql("measure", "read_statement_settings"))
            if row["schema_name"] is None or row["track"] in (None, "none"):
                await connection.close()
                return "no server times: pg_stat_statements is not there or does not track"
            await connection.execute("SELECT set_config('search_path', $1, false)", row["schema_name"])
            plans = row["track_planning"] == "on" or await _can_track_planning(connection)
            times = cls(connection, databases, plans)
            for arm in databases:
                await times.begin(arm)
        except asyncpg.PostgresError as error:
            await connection.close()
            return f"no server times: {error}"
        return times

    async def begin(self, arm: str) -> None:
        """Forgets what ran on the arm until now."""
        self._last[arm] = await self._read(arm)

    async def mean_s(self, arm: str, executions: int, calls: int) -> float | None:
        """The server's seconds per execution on the arm since last asked; None where the calls are not the slice's."""
        seconds, total = await self._read(arm)
        before_s, before = self._last[arm]
        self._last[arm] = (seconds, total)
        if executions == 0 or total - before != calls or seconds < before_s:
            return None
        return (seconds - before_s) / executions

    async def _read(self, arm: str) -> tuple[float, int]:
        row = await self._connection.fetchrow(catalogue_sql("measure", "read_statement_time"), self._databases[arm])
        return float(row["seconds"]), int(row["calls"])

    async def close(self) -> None:
        """Ends the connection."""
        await self._connection.close()


async def _can_track_planning(connection: Any) -> bool:
    """Whether this user may switch the tracking of planning on for its own sessions."""
    try:
        await connection.execute("SELECT set_config($1, 'on', false)", _PLANNING)
    except asyncpg.PostgresError:
        return False
    return True
