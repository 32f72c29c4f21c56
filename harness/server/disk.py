"""Room on the server's disk, held against an estimate before it is needed."""

from __future__ import annotations

import re
import shutil

from harness.errors import DiskError
from harness.progress import Progress
from harness.server.facts import Server
from harness.server.home import FOLDER_VARIABLE

_SIZE = re.compile(r"(\d+)(kB|MB|GB|TB)")
_FACTORS = {"kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
_UNITS = ("B", "kB", "MB", "GB", "TB")


def free_bytes(server: Server) -> int | None:
    """Free bytes where the server keeps its data; None where that is not on this machine or not to be seen."""
    place = server.home or server.data_directory
    try:
        return shutil.disk_usage(place).free if place else None
    except OSError:
        return None


def with_log(server: Server, written_bytes: int) -> int:
    """Bytes on disk of so much written data with its write-ahead log, which grows up to max_wal_size beside it."""
    found = _SIZE.fullmatch(server.settings.get("max_wal_size", "1GB"))
    limit = int(found[1]) * _FACTORS[found[2]] if found else 1024**3
    return written_bytes + min(written_bytes, limit)


def check_space(server: Server, needed_bytes: int, doing: str, progress: Progress) -> None:
    """Raises DiskError where there is less room than `doing` is estimated to need."""
    free = free_bytes(server)
    if free is None:
        progress.note(
            f"{doing} takes about {human_bytes(needed_bytes)} on the server's disk, whose room cannot be seen"
        )
    elif free < needed_bytes:
        place = server.home.parent if server.home else server.data_directory
        elsewhere = f", or name a folder on another disk in {FOLDER_VARIABLE}" if server.kind == "embedded" else ""
        raise DiskError(
            f"{doing} needs about {human_bytes(needed_bytes)}, but {place} has {human_bytes(free)} left",
            f"use a smaller --scale, free some space{elsewhere}",
        )


def human_bytes(count: float) -> str:
    """1234567 as `1.2 MB`."""
    for unit in _UNITS[:-1]:
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} {_UNITS[-1]}"
