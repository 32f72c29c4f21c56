"""A few connections to the verification clone, lent out one at a time; and which errors are findings, not failures."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from harness.server.address import Address, connect
from harness.snapshot import SESSION

_COMPARING = {"work_mem": "96MB", "max_parallel_workers_per_gather": "0", "jit": "off"}
_SERVER_TROUBLE = ("08", "53", "54", "57", "58", "XX")


class Sessions:
    """`async with sessions.one() as connection`: waits until one of them is free."""

    def __init__(self, connections: list[Any]) -> None:
        self._all = connections
        self._free: asyncio.Queue[Any] = asyncio.Queue()
        for connection in connections:
            self._free.put_nowait(connection)

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[Any]:
        """Lends one connection."""
        connection = await self._free.get()
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)


@contextlib.asynccontextmanager
async def open_sessions(address: Address, database: str, number: int) -> AsyncIterator[Sessions]:
    """Opens `number` connections that render values alike, and closes them in the end."""
    connections: list[Any] = []
    try:
        for _ in range(number):
            connections.append(await connect(address, database, SESSION | _COMPARING))  # noqa: PERF401
        yield Sessions(connections)
    finally:
        for connection in connections:
            await connection.close()


def is_about_data(error: asyncpg.PostgresError) -> bool:
    """Whether the error says something about views and values, rather than about server, disk or memory."""
    return not (error.sqlstate or "XX").startswith(_SERVER_TROUBLE)
