"""Messages between the coordinator and a worker: pickled objects with their length, over a private socket pair."""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("!I")


class Channel:
    """One end of the socket pair. Both ends belong to this program, so unpickling is safe."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> Channel:
        """The channel over this end; the socket then belongs to it."""
        end.setblocking(False)
        return cls(*await asyncio.open_connection(sock=end))

    async def send(self, message: object) -> None:
        """Sends a message; raises ConnectionError where the other end is gone."""
        body = pickle.dumps(message)
        self._writer.write(_LENGTH.pack(len(body)) + body)
        await self._writer.drain()

    async def receive(self) -> Any:
        """The next message; raises EOFError where the other end is gone."""
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            return pickle.loads(await self._reader.readexactly(length))  # noqa: S301 - from our own process
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError("the other end is gone") from error

    def close(self) -> None:
        """Closes this end; the other one then reads EOFError."""
        self._writer.close()
