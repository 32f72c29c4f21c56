"""The client's end of the wire: requests as bytes made beforehand, answers timed where their last byte arrives.

A response as a driver sees it holds the driver's own work, too: encoding the request, reading the messages, making
objects of rows, waking the task that waits for them. None of that is what is compared, so a connection that the driver
has opened, and prepared its statements on, is used without it. What the server took is told where the bytes arrive.
pg_stat_statements cannot tell it: it times the planner and the run of the executor, but not the executor's start
(opening relations, initialising a tree of nodes and expressions, which for a view with many joins is a good part of a
short query), nor its locks, the copies of cached query trees, its end, the commit.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from harness.errors import MeasureError
from harness.measure.clients import Awaited
from harness.measure.messages import completed_tag, fields, is_ready, split

HELD_BYTES = 1 << 24
"""Of an answer so much is held until it is whole; of a longer one the rows are let go meanwhile."""

_LONGEST_END = 96
"""CommandComplete and ReadyForQuery take less."""


class AnswerError(Exception):
    """The server's answer is an error; the text is its message."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class Wire(Awaited, asyncio.Protocol):
    """Stands between a connection's transport and the driver's protocol; carries requests that the driver never sees.

    While no such request is under way the driver is told all that arrives. Await what `ask` gives for the answer's
    command tag; nobody reads the rows, and their number is in the tag. `asked_s` and `arrived_s` are the instants at
    which the last request was handed to the kernel and the last byte of its answer came.
    """

    def __init__(self, transport: Any, inner: Any) -> None:
        self._transport = transport
        self._inner = inner
        self._held: list[bytes] = []
        self._size = 0
        self._most = HELD_BYTES
        self._end = b""
        self._lost = False
        self._descriptor = _plain_socket(transport)
        self.asked_s = 0.0
        self.arrived_s = 0.0

    @classmethod
    def of(cls, connection: Any) -> Wire:
        """Put into a connection of asyncpg's; raises MeasureError where its insides have changed."""
        try:
            transport, inner = connection._transport, connection._protocol
        except AttributeError:
            raise MeasureError(
                "the installed asyncpg does not show its connection's transport",
                "install the version in constraints.txt",
            ) from None
        wire = cls(transport, inner)
        transport.set_protocol(wire)
        return wire

    def ask(self, request: bytes) -> Wire:
        """Sends a request; its answer is to be awaited before the next. Raises OSError where the connection is gone."""
        if self._lost:
            raise ConnectionResetError("the connection to the server is closed")
        self.asked_s = time.perf_counter()
        if self._descriptor < 0 or self._transport.get_write_buffer_size():
            self._transport.write(request)
            return self
        try:
            # The transport itself would write at the end of the loop's turn.
            written = os.write(self._descriptor, request)
        except BlockingIOError:
            written = 0
        if written < len(request):
            self._transport.write(request[written:])
        return self

    def data_received(self, data: bytes) -> None:
        """Notes the instant; when the answer is whole, whoever asked goes on."""
        self.arrived_s = time.perf_counter()
        if self._waiting is None:
            self._inner.data_received(data)
            return
        if self._size or len(data) < _LONGEST_END:
            self._end = (self._end + data)[-_LONGEST_END:]
        else:
            self._end = data[-_LONGEST_END:]
        self._held.append(data)
        self._size += len(data)
        if (tag := completed_tag(self._end)) is not None and self._held[0][:1] in b"2C":
            self._let_go()
            self.bring(tag)
        elif is_ready(self._end) or self._size > self._most:
            self._look_closely()

    def _look_closely(self) -> None:
        """Reads the messages one by one: the answer may have ended otherwise, or only seem to, or be very long."""
        tag, error, rest = b"", None, b""
        kept: list[bytes] = []
        try:
            messages = list(split(b"".join(self._held)))
        except ValueError as broken:
            self._let_go()
            self._transport.abort()
            self.fail(ConnectionError(str(broken)))
            return
        is_whole = len(messages) > 1 and messages[-2][0] == b"Z" and not messages[-1][1]
        for kind, body in messages:
            if kind == b"C":
                tag = body[:-1]
            elif kind == b"E":
                error = error or _error(body)
            elif not kind:
                rest = body
            if kind and kind != b"D":
                kept.append(kind + (len(body) + 4).to_bytes(4, "big") + body)
        self._let_go()
        if not is_whole:
            self._held, self._size = [*kept, rest], sum(map(len, kept)) + len(rest)
            self._end = b"".join(self._held)[-_LONGEST_END:]
            self._most = self._size + HELD_BYTES  # a value longer than that is not read anew with each of its pieces
        elif error is not None:
            self.fail(error)
        else:
            self.bring(tag)

    def _let_go(self) -> None:
        self._held, self._size, self._most, self._end = [], 0, HELD_BYTES, b""

    def eof_received(self) -> bool | None:
        """The server says no more."""
        answer: bool | None = self._inner.eof_received()
        return answer

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; whoever waits is told why, if the server said so."""
        self._lost = True
        held = b"".join(self._held)
        self._let_go()
        self._inner.connection_lost(exc)
        self.fail(_last_words(held) or ConnectionResetError("the server closed the connection"))

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """The transport's buffer has room again."""
        self._inner.resume_writing()


def _plain_socket(transport: Any) -> int:
    """The descriptor of a connection that is not encrypted; -1 for any other."""
    socket = transport.get_extra_info("socket")
    if socket is None or transport.get_extra_info("sslcontext") is not None:
        return -1
    return int(socket.fileno())


def _error(body: bytes) -> AnswerError:
    found = fields(body)
    return AnswerError(found.get("C", "XX000"), found.get("M", "the server gave no message"))


def _last_words(held: bytes) -> AnswerError | None:
    """The error among the messages of an answer that ended in its middle."""
    try:
        return next((_error(body) for kind, body in split(held) if kind == b"E"), None)
    except ValueError:
        return None
