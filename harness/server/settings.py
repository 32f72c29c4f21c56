"""Settings of the embedded server, from the machine's memory and disk."""

from __future__ import annotations

from pathlib import Path

import psutil

MIB = 1024 * 1024
GIB = 1024 * MIB
_SMALL_SHM_BYTES = GIB
_NO_LIMIT_BYTES = 1 << 50
_GROUPS = Path("/sys/fs/cgroup")
_GROUPS_OF_THIS_PROCESS = Path("/proc/self/cgroup")


def tuned_settings(memory_bytes: int, shm_bytes: int, free_disk_bytes: int, preload: bool) -> dict[str, str]:
    """Settings of postgresql.conf: what is not here keeps PostgreSQL's own default.

    Durability stays on (fsync, full_page_writes, synchronous_commit), so that writes cost what they cost; autovacuum
    is off, because it would strike one arm and not the other while they are timed: `settle` vacuums all alike.
    """
    return {
        "shared_buffers": _megabytes(memory_bytes // 4, 128 * MIB, 8 * GIB),
        "effective_cache_size": _megabytes(memory_bytes * 5 // 8, 256 * MIB, 64 * GIB),
        "work_mem": _megabytes(memory_bytes // 256, 8 * MIB, 64 * MIB),
        "maintenance_work_mem": _megabytes(memory_bytes // 16, 64 * MIB, GIB),
        "max_wal_size": _megabytes(free_disk_bytes // 10, 128 * MIB, 8 * GIB),
        "checkpoint_timeout": "30min",
        "max_connections": "200",
        "autovacuum": "off",
        "fsync": "on",
        "wal_level": "replica",
        "track_io_timing": "on",
        "dynamic_shared_memory_type": "mmap" if shm_bytes < _SMALL_SHM_BYTES else "posix",
        "shared_preload_libraries": "pg_stat_statements" if preload else "",
        "log_line_prefix": "%m [%p] %d ",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "datestyle": "ISO, MDY",
    }


def _megabytes(wanted: int, least: int, most: int) -> str:
    return f"{max(least, min(wanted, most)) // MIB}MB"


def memory_bytes() -> int:
    """Memory that this process may use: the machine's, or less where a control group sets a limit."""
    return min(int(psutil.virtual_memory().total), *_group_limits(), _NO_LIMIT_BYTES)


def shared_memory_bytes() -> int:
    """Size of /dev/shm, which many containers keep at 64 MB; plenty where the system has no such folder."""
    folder = Path("/dev/shm")  # noqa: S108 -- only measured
    return int(psutil.disk_usage(str(folder)).total) if folder.is_dir() else _NO_LIMIT_BYTES


def _group_limits() -> list[int]:
    """Limits of this process's control groups and of all above them, in both versions of the kernel's interface."""
    try:
        lines = _GROUPS_OF_THIS_PROCESS.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    limits = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            limits += _limits_along(_GROUPS, path, "memory.max")
        elif "memory" in controllers.split(","):
            limits += _limits_along(_GROUPS / "memory", path, "memory.limit_in_bytes")
    return limits


def _limits_along(root: Path, path: str, name: str) -> list[int]:
    """The limits in every folder from the group's own up to the root (which is the group's own inside a container)."""
    own = root / path.strip("/")
    found = []
    for folder in (own, *own.parents):
        if not folder.is_relative_to(root):
            break
        try:
            text = (folder / name).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdecimal():
            found.append(int(text))
    return found


def as_config(settings: dict[str, str]) -> str:
    """The settings as lines of postgresql.conf."""
    return "".join(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items())
