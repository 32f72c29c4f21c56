"""A few connections to the verification clone, lent out one at a time; and which errors are findings, not failures."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from harness.copying import SESSION
from harness.errors import ServerError
from harness.server.address import NO_LIMITS, Address, connect
from harness.sqltext import quote_literal
from harness.together import together

_COMPARING = {
    "work_mem": "96MB",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "plan_cache_mode": "force_custom_plan",
}
_CLOSING_S = 5.0
_SERVER_TROUBLE = ("08", "53", "54", "57", "58", "XX")


class Sessions:
    """`async with sessions.one() as connection`: waits until one of them is free."""

    def __init__(self, connections: list[Any]) -> None:
        self.number = len(connections)
        self._all = tuple(connections)
        self._free: asyncio.Queue[Any] = asyncio.Queue()
        for connection in connections:
            self._free.put_nowait(connection)

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[Any]:
        """Lends one connection; within a shared snapshot, an error undoes a savepoint only."""
        connection = await self._free.get()
        try:
            if connection.is_in_transaction():
                async with connection.transaction():
                    yield connection
            else:
                yield connection
        finally:
            self._free.put_nowait(connection)

    async def share_snapshot(self) -> None:
        """From now on all of them, none being lent, see one state of the database, read-only, whatever others write.

        The first one exports its snapshot, the others take it; a transaction left open ends with its connection.
        """
        exported = ""
        for connection in self._all:
            await connection.transaction(isolation="repeatable_read", readonly=True).start()
            if exported:
                await connection.execute(f"SET TRANSACTION SNAPSHOT {quote_literal(exported)}")
            else:
                exported = await connection.fetchval("SELECT pg_export_snapshot()")


@contextlib.asynccontextmanager
async def open_sessions(address: Address, database: str | None, number: int) -> AsyncIterator[Sessions]:
    """Opens `number` connections that render values alike, and closes them in the end."""
    connections: list[Any] = []

    async def open_one() -> None:
        connections.append(await connect(address, database, SESSION | _COMPARING | NO_LIMITS))

    async def open_another() -> None:
        with contextlib.suppress(ServerError):  # the server takes no more: fewer do, more slowly
            await open_one()

    try:
        await open_one()
        await together(*(open_another() for _ in range(number - 1)))
        yield Sessions(connections)
    finally:
        await together(*map(close, connections))


async def close(connection: Any) -> None:
    """Closes it, also where a query still runs on it."""
    try:
        await connection.close(timeout=_CLOSING_S)
    except (TimeoutError, asyncpg.InterfaceError):
        connection.terminate()


def is_about_data(error: asyncpg.PostgresError) -> bool:
    """Whether the error says something about views and values, rather than about server, disk or memory."""
    return not (error.sqlstate or "XX").startswith(_SERVER_TROUBLE)
