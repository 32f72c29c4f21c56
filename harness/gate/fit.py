"""Whether two runs can be compared at all, and whether their machine, server, settings and data were the same."""

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

_SEEDED = {"schema": "schema_fingerprint", "seed file": "seed_fingerprint"}
_ASKED = {"roles and row security": "access_fingerprint"}
"""Parts of the question beside the queries' texts, each with its place in the seed manifest: names are for readers."""

_RELEASED = re.compile(r"(.*?\d+\.\d+)\.\d+")
"""A released version: its patches change neither what is seeded nor how it is timed (see docs/nightly.md)."""

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


def differing_data(base: Result, new: Result) -> tuple[Difference, ...]:
    """Where tables or seed file differ: then neither latencies nor sizes are of the same data."""
    return _differing_parts(base, new, _SEEDED)


def differing_conditions(base: Result, new: Result) -> tuple[Difference, ...]:
    """Where data, machine, server, settings or tool differ: then latencies are not comparable beyond doubt."""
    old, fresh = _conditions(base), _conditions(new)
    return (
        *_differing_parts(base, new, _SEEDED | _ASKED),
        *(
            Difference(name, old.get(name, "–"), fresh.get(name, "–"))
            for name in dict.fromkeys((*old, *fresh))
            if not _same(old.get(name, ""), fresh.get(name, ""))
        ),
    )


def unknown_parts(base: Result, new: Result) -> tuple[str, ...]:
    """The parts of the question that one of the runs does not tell: an older version stored it."""
    places = _SEEDED | _ASKED
    told = [_parts(run, places) for run in (base, new)]
    queries = all(item.fingerprint for run in (base, new) for item in run.workload)
    return (*(name for name in places if not all(name in run for run in told)), *(() if queries else ("queries",)))


def _parts(result: Result, places: Mapping[str, str]) -> dict[str, str]:
    told = {name: getattr(result.seed_manifest, place) for name, place in places.items()}
    return {name: value for name, value in told.items() if value}


def _differing_parts(base: Result, new: Result, places: Mapping[str, str]) -> tuple[Difference, ...]:
    """The parts that both tell, and that are others."""
    old, fresh = _parts(base, places), _parts(new, places)
    return tuple(Difference(name, value, fresh[name]) for name, value in old.items() if fresh.get(name, value) != value)


def _conditions(result: Result) -> dict[str, str]:
    environment: Environment = result.environment
    machine = environment.machine
    return {
        "bench": released[1] if (released := _RELEASED.fullmatch(result.tool)) else result.tool,
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
