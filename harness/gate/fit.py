"""Whether two runs can be compared at all, and whether their machine, server and settings were the same."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.errors import UsageError
from harness.result import Difference, Environment, Result

GIB = 1024**3

_SUBJECT = ("scenario", "scale", "profile", "seed")
_OWN = frozenset(
    {
        "cluster_name",
        "listen_addresses",
        "max_wal_size",  # the embedded server's follows the free space of the disk, which changes from day to day
        "num_os_semaphores",
        "port",
        "unix_socket_directories",
        "unix_socket_permissions",
    }
)
"""Settings that name the server or follow its disk, and make no query faster or slower."""

_NEARLY = 0.02
"""Memory, and the settings made from it, differ by a little from one start of a machine to the next."""

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([A-Za-z]*)")


def check_fit(base: Result, wanted: Mapping[str, object], path: object) -> None:
    """Raises UsageError where the stored run is of another scenario, scale, profile or seed than the new one."""
    for name in _SUBJECT:
        old, new = getattr(base, name), wanted[name]
        if old != new:
            raise UsageError(
                f"the baseline {path} has the {name} {old}, the new run {new}",
                f"compare runs of one {name}, or measure a new baseline",
            )


def subject(result: Result) -> dict[str, object]:
    """What a run is about: runs that differ in it cannot be compared."""
    return {name: getattr(result, name) for name in _SUBJECT}


def differing_conditions(base: Result, new: Result) -> tuple[Difference, ...]:
    """Where machine, server, settings or tool differ: then latencies are not comparable beyond doubt."""
    old, fresh = _conditions(base), _conditions(new)
    names = [*old, *(name for name in fresh if name not in old)]
    return tuple(
        Difference(name, old.get(name, "–"), fresh.get(name, "–"))
        for name in names
        if not _same(old.get(name, ""), fresh.get(name, ""))
    )


def _conditions(result: Result) -> dict[str, str]:
    environment: Environment = result.environment
    machine = environment.machine
    return {
        "bench": result.tool,
        "processor": str(machine.get("processor", "")),
        "cores": str(machine.get("cores", "")),
        "architecture": str(machine.get("architecture", "")),
        "memory": f"{machine.get('memory_bytes', 0) / GIB:.2f}GiB",
        "system": str(machine.get("system", "")),
        "server": environment.server_kind,
        "PostgreSQL": environment.server_version,
        **{f"setting {name}": value for name, value in environment.settings.items() if name not in _OWN},
    }


def _same(first: str, second: str) -> bool:
    """Equal texts, or the same amount in the same unit, nearly."""
    one, other = _NUMBER.fullmatch(first), _NUMBER.fullmatch(second)
    if first == second or not one or not other or not one[2] or one[2] != other[2]:
        return first == second
    low, high = sorted((float(one[1]), float(other[1])))
    return high <= low * (1 + _NEARLY)
