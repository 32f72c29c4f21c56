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
    """`async with sessions.one() as connection`: waits until one of them is free; `number` are to be there."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._free: asyncio.Queue[Any] = asyncio.Queue()

    def add(self, connection: Any) -> None:
        """From now on it is lent, too."""
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


@contextlib.asynccontextmanager
async def open_sessions(
    address: Address, database: str | None, number: int, *, one_state: bool = False
) -> AsyncIterator[Sessions]:
    """Opens `number` connections that render values alike, or as many as the server takes, and closes them in the end.

    The first is lent while the others still connect. With `one_state` all see one state of the database, read-only,
    whatever others write: the first exports its snapshot, the others take it, and each transaction ends with its
    connection.
    """
    sessions = Sessions(number)
    connections: list[Any] = []

    async def open_one(snapshot: str = "") -> str:
        connection = await connect(address, database, SESSION | _COMPARING | NO_LIMITS)
        connections.append(connection)
        exported = await _see(connection, snapshot) if one_state else ""
        sessions.add(connection)
        return exported

    async def open_another(snapshot: str) -> None:
        with contextlib.suppress(ServerError):  # the server takes no more: fewer do, more slowly
            await open_one(snapshot)

    try:
        exported = await open_one()
        others = [asyncio.create_task(open_another(exported)) for _ in range(number - 1)]
        try:
            yield sessions
        finally:
            for task in others:  # those that still connect are not needed any more
                task.cancel()
            ended = await asyncio.gather(*others, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
    finally:
        await together(*map(close, connections))


async def _see(connection: Any, snapshot: str) -> str:
    """Begins a transaction that sees the snapshot, or where there is none yet exports its own."""
    await connection.transaction(isolation="repeatable_read", readonly=True).start()
    if not snapshot:
        return str(await connection.fetchval("SELECT pg_export_snapshot()"))
    await connection.execute(f"SET TRANSACTION SNAPSHOT {quote_literal(snapshot)}")
    return snapshot


async def close(connection: Any) -> None:
    """Ends its transaction and lets go of it, also where a query still runs on it.

    That the server's process ends, too, is not waited for: it has memory to give back first. With no transaction open
    it does so without a word in the server's log.
    """
    try:
        if connection.is_in_transaction():
            await connection.execute("ROLLBACK", timeout=_CLOSING_S)
    except (TimeoutError, OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
        pass  # it is busy or lost
    finally:
        connection.terminate()


def is_about_data(error: asyncpg.PostgresError) -> bool:
    """Whether the error says something about views and values, rather than about server, disk or memory."""
    return not (error.sqlstate or "XX").startswith(_SERVER_TROUBLE)
