"""The client's end of the wire: when an answer's last byte arrived, before any of the client's own work on it.

A response as the client sees it holds the client's own work, too: reading the messages, waking the task that waits
for them (making objects of rows is spared). What the server took is told where the bytes arrive. pg_stat_statements
cannot tell it: it times the planner and the run of the executor, but not the executor's start (opening relations,
initialising a tree of nodes and expressions, which for a view with many joins is a good part of a short query), nor its
locks, the copies of cached query trees, its end, the commit.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

HELD_BYTES = 1 << 24
"""Of an answer so much is held until it is whole; what is longer goes on piece by piece, as with any client."""

_BOUND = b"2\x00\x00\x00\x04"
"""BindComplete: how the answer to a prepared statement begins."""

_READY = b"Z\x00\x00\x00\x05"
"""How ReadyForQuery, which ends every answer, begins; one byte follows."""

_LONGEST_END = 64
"""CommandComplete and ReadyForQuery take less."""


class Wire(asyncio.Protocol):
    """Stands between a connection's transport and the driver's protocol, which it tells all that it is told but rows.

    The server sends an answer in pieces of 8 kB. A driver decodes a piece when it arrives, and on a shared core the
    server waits meanwhile; so pieces are handed over together when the answer is whole. And then its rows are left
    out: nobody reads them, their number is in the command's tag, and what a driver takes to make objects of them is no
    part of what is compared.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._holding = False
        self._held: list[bytes] = []
        self._size = 0
        self._end = b""
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
        self._end = data[-_LONGEST_END:] if len(data) >= _LONGEST_END else (self._end + data)[-_LONGEST_END:]
        if self._end[-6:-1] == _READY:
            self._hand_over(self._without_rows())
        elif self._size > HELD_BYTES:
            self._hand_over()

    def _without_rows(self) -> bytes | None:
        """The answer but for its rows; None where it has none, ended with an error, or is not whole after all."""
        if not self._held[0].startswith(_BOUND + b"D"):
            return None
        end = self._end
        begins = end.rfind(b"C\x00\x00\x00", 0, -6)  # CommandComplete, which holds no zero byte but its last
        if begins < 0 or int.from_bytes(end[begins + 1 : begins + 5], "big") != len(end) - 7 - begins:
            return None
        return _BOUND + end[begins:]

    def _hand_over(self, instead: bytes | None = None) -> None:
        self._holding = False
        held = instead or (self._held[0] if len(self._held) == 1 else b"".join(self._held))
        self._held, self._size, self._end = [], 0, b""
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
