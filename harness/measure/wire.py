"""The client's end of the wire: when an answer's last byte arrived, before any of the client's own work on it.

A response as the client sees it holds the client's own work, too: decoding the rows, waking the task that waits for
them. What the server took is told where the bytes arrive. pg_stat_statements cannot tell it: it times the planner
and the run of the executor, but not the executor's start (opening relations, initialising a tree of nodes and
expressions, which for a view with many joins is a good part of a short query), nor its locks, the copies of cached
query trees, its end, the commit.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

HELD_BYTES = 1 << 16
"""Of an answer so much is held until it is whole; what is longer goes on piece by piece, as with any client."""

_READY = b"Z\x00\x00\x00\x05"
"""How ReadyForQuery, which ends every answer, begins; one byte follows."""


class Wire(asyncio.Protocol):
    """Stands between a connection's transport and the driver's protocol, which it tells all that it is told.

    The server sends an answer in pieces of 8 kB. A driver decodes a piece when it arrives, and on a shared core the
    server waits meanwhile; so pieces are handed over together when the answer is whole. That moves the client's work
    behind the server's and adds none.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._holding = False
        self._held: list[bytes] = []
        self._size = 0
        self._tail = b""
        self.arrived_s = 0.0

    @classmethod
    def of(cls, connection: Any) -> Wire | None:
        """Put into a connection of asyncpg's; None where its insides have changed, so that nothing can be told."""
        try:
            transport, inner = connection._transport, connection._protocol
            wire = cls(inner)
            transport.set_protocol(wire)
        except AttributeError:
            return None
        return wire

    def asked(self) -> None:
        """A request that an answer follows is about to be sent."""
        self._holding = True

    def data_received(self, data: bytes) -> None:
        """Notes the instant, hands over what is whole."""
        self.arrived_s = time.perf_counter()
        if not self._holding:
            self._inner.data_received(data)
            return
        self._held.append(data)
        self._size += len(data)
        self._tail = (self._tail + data[-6:])[-6:]
        if self._tail[:5] == _READY or self._size > HELD_BYTES:
            self._hand_over()

    def _hand_over(self) -> None:
        self._holding = False
        held = self._held[0] if len(self._held) == 1 else b"".join(self._held)
        self._held, self._size, self._tail = [], 0, b""
        if held:
            self._inner.data_received(held)

    def eof_received(self) -> bool | None:
        """The server says no more: what was held is handed over first, for it may say why."""
        self._hand_over()
        answer: bool | None = self._inner.eof_received()
        return answer

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; the same holds."""
        self._hand_over()
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """The transport's buffer has room again."""
        self._inner.resume_writing()
