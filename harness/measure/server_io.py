"""The server's own account of what its processes read and wrote, from PostgreSQL 16 on."""

from __future__ import annotations

from typing import Any

from harness.result import ServerIo
from harness.scenario.paths import catalogue_sql

FIRST_VERSION = 16
_WITH_BYTES = 18
_COUNTERS = ("hits", "reads", "read_bytes", "writes", "written_bytes", "extends", "evictions")


async def read_server_io(connection: Any) -> tuple[ServerIo, ...] | None:
    """The counters since the statistics began; None where the server is too old to keep them."""
    version = connection.get_server_version().major
    if version < FIRST_VERSION:
        return None
    if version >= _WITH_BYTES:
        rows = await connection.fetch(catalogue_sql("measure", "server_io"))
    else:
        rows = await connection.fetch(catalogue_sql("measure", "server_io_before_18"))
    return tuple(ServerIo(**dict(row)) for row in rows)


def io_between(earlier: tuple[ServerIo, ...], later: tuple[ServerIo, ...]) -> tuple[ServerIo, ...]:
    """What happened between two readings; what did nothing is left out. Pure."""
    known = {(item.backend, item.object, item.context): item for item in earlier}
    found = []
    for item in later:
        key = item.backend, item.object, item.context
        old = known.get(key)
        counts = {name: getattr(item, name) - (getattr(old, name) if old else 0) for name in _COUNTERS}
        if any(counts.values()):
            found.append(ServerIo(*key, **counts))
    return tuple(sorted(found, key=lambda item: (-item.read_bytes - item.written_bytes, item.backend, item.context)))
