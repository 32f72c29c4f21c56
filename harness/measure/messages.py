"""Messages of PostgreSQL's protocol (version 3) that a client of a load sends and gets: bytes, no connection.

After "Message Formats" of PostgreSQL's documentation.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

_INT16 = struct.Struct("!h")
_INT32 = struct.Struct("!i")
_HEAD = struct.Struct("!ci")

_NULL = _INT32.pack(-1)
_EXECUTE = b"E" + _INT32.pack(9) + b"\0" + _INT32.pack(0)
_SYNC = b"S" + _INT32.pack(4)
_READY_SIZE = 6
"""The size of ReadyForQuery, which ends every answer; its last byte is the transaction's state."""

_READY = b"Z" + _INT32.pack(5)
_COMPLETE = b"C\0\0\0"

_ANSWERS = frozenset(b"12CDEINTZASnst")
"""The messages that an answer to Bind and Execute, or to Query, may hold."""

Parameter = tuple[bytes, bool] | None
"""A value as it is sent, and whether in binary form; None: NULL."""


def execution(statement: str, parameters: Sequence[Parameter], binary_results: Sequence[bool]) -> bytes:
    """Bind, Execute and Sync for a prepared statement; `binary_results` tells the form of each column."""
    formats = b"".join(_INT16.pack(item is not None and item[1]) for item in parameters)
    values = b"".join(_NULL if item is None else _INT32.pack(len(item[0])) + item[0] for item in parameters)
    results = b"".join(map(_INT16.pack, binary_results))
    body = b"\0" + statement.encode() + b"\0"
    body += _INT16.pack(len(parameters)) + formats + _INT16.pack(len(parameters)) + values
    body += _INT16.pack(len(binary_results)) + results
    return b"B" + _INT32.pack(len(body) + 4) + body + _EXECUTE + _SYNC


def simple(sql: str) -> bytes:
    """Query: a statement without parameters, not prepared."""
    body = sql.encode() + b"\0"
    return b"Q" + _INT32.pack(len(body) + 4) + body


def is_ready(end: bytes) -> bool:
    """Whether the bytes end as every whole answer does; a row's may, too."""
    return end[-_READY_SIZE:-1] == _READY


def completed_tag(end: bytes) -> bytes | None:
    """The command's tag where these are the last bytes of an answer that succeeded and is whole; else None.

    None, too, for one that ends in another way than a CommandComplete and a ReadyForQuery: `split` has to tell.
    """
    if not is_ready(end):
        return None
    begins = end.rfind(_COMPLETE, 0, -_READY_SIZE)  # the tag holds no zero byte but its last
    if begins < 0 or _INT32.unpack_from(end, begins + 1)[0] != len(end) - _READY_SIZE - 1 - begins:
        return None
    return end[begins + 5 : -_READY_SIZE - 1]


def split(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, body) of each whole message; what is left over at the end comes last, with an empty kind.

    Raises ValueError where the bytes are no answer to a request.
    """
    place = 0
    while place + _HEAD.size <= len(data):
        kind, length = _HEAD.unpack_from(data, place)
        if kind[0] not in _ANSWERS or length < 4:
            raise ValueError(f"the server sent a message of kind {kind!r}, which is no part of an answer")
        if place + 1 + length > len(data):
            break
        yield kind, data[place + _HEAD.size : place + 1 + length]
        place += 1 + length
    yield b"", data[place:]


def fields(body: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse by their letters: C is the SQLSTATE, M the message."""
    return {chr(part[0]): part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
