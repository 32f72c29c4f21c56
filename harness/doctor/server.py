"""Checks of a server: its settings, what runs on it, room on its disk, and how steady the way to it is."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from harness.doctor.model import Check
from harness.scenario.paths import catalogue_sql
from harness.server import Server
from harness.server.disk import free_bytes, human_bytes

LEAST_BUFFERS_BYTES = 128 * 2**20
LEAST_DISK_BYTES = 5 * 10**9
LEAST_CONNECTIONS = 25
MOST_JITTER_S = 0.0005
SHORT_CHECKPOINT_S = 900.0
"""With a shorter checkpoint_timeout one falls into nearly every measurement."""

_ROUND_TRIPS = 400
_SYNCS = 40
_SLOW_SYNC_S = 0.02


async def check_server(server: Server, connection: Any) -> list[Check]:
    """Every check of the server; reads, and writes nothing to it."""
    state = dict(await connection.fetchrow(catalogue_sql("doctor", "read_state")))
    return [
        Check("server", f"PostgreSQL {server.version}, {server.kind}, as {server.user}"),
        check_buffers(state["shared_buffers"]),
        check_jit(state["jit"]),
        check_autovacuum(state["autovacuum"]),
        check_durability(state),
        check_checkpoints(state["checkpoint_timeout_s"]),
        check_sessions(state["busy_sessions"]),
        check_connections(state["free_connections"]),
        check_statements(server.rights),
        check_rights(server),
        check_disk(free_bytes(server), _sync_times_s(server)),
        check_way(await round_trips_s(connection), server.address.is_local),
    ]


def check_buffers(size: int) -> Check:
    """Buffers too small to hold a table make the arms push each other out."""
    spoils = size < LEAST_BUFFERS_BYTES
    fix = "set shared_buffers to a quarter of the memory and restart the server" if spoils else ""
    return Check("shared_buffers", human_bytes(size), spoils, fix)


def check_jit(on: bool) -> Check:
    """Compiling takes longer than most queries, and comes and goes with the planner's estimates."""
    fix = "ALTER SYSTEM SET jit = off; SELECT pg_reload_conf(), unless production has it on" if on else ""
    return Check("JIT", "on" if on else "off, or the server has none", on, fix)


def check_autovacuum(on: bool) -> Check:
    """It strikes one arm and not the other."""
    fix = "ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf(), and on again afterwards" if on else ""
    return Check("autovacuum", "on" if on else "off", on, fix)


def check_durability(state: Mapping[str, Any]) -> Check:
    """Writes cost what they cost only with the settings of production."""
    off = [name for name in ("fsync", "full_page_writes") if not state[name]]
    commit = state["synchronous_commit"]
    saw = [f"{name} off" for name in off] or ["fsync and full_page_writes on"]
    saw.append(f"synchronous_commit {commit}")
    if state["standbys"]:
        saw.append("every commit waits for a standby")
    spoils = bool(off) or commit == "off"
    fix = "switch them on: writes look cheaper than they are" if spoils else ""
    return Check("durability", ", ".join(saw), spoils, fix)


def check_checkpoints(timeout_s: float) -> Check:
    """They slow whatever slice they meet; those are marked."""
    spoils = timeout_s < SHORT_CHECKPOINT_S
    fix = "ALTER SYSTEM SET checkpoint_timeout = '30min'; SELECT pg_reload_conf()" if spoils else ""
    return Check("checkpoints", f"at least every {timeout_s / 60:.0f} min", spoils, fix)


def check_sessions(busy: int) -> Check:
    """What others do on the server now."""
    fix = "measure when nobody else works on this server" if busy else ""
    return Check("other sessions", f"{busy} at work", busy > 0, fix)


def check_connections(free: int) -> Check:
    """A run opens one per client and arm, and some of its own."""
    spoils = free < LEAST_CONNECTIONS
    fix = "raise max_connections, or end other sessions" if spoils else ""
    return Check("connections", f"{free} free", spoils, fix)


def check_statements(rights: frozenset[str]) -> Check:
    """Without it there are no pages per execution and no times of statements: less to see, nothing spoilt."""
    there = "pg_stat_statements" in rights
    fix = "" if there else "add it to shared_preload_libraries for the pages that each query reads"
    return Check("pg_stat_statements", "there" if there else "not there", False, fix)


def check_rights(server: Server) -> Check:
    """What this user may not do, and what follows; nothing of it is silent in a result."""
    lacks = [reason for reason in server.degraded if not reason.startswith(("autovacuum", "fsync", "no pg_stat"))]
    return Check("rights", "all that a run uses" if not lacks else "; ".join(lacks))


def check_disk(free: int | None, syncs_s: Sequence[float]) -> Check:
    """Room for the arms, and how steadily a write reaches the disk."""
    if free is None:
        return Check("disk", "not on this machine, or not to be seen", None, "make sure of a few GB for the arms")
    saw, fixes = f"{human_bytes(free)} free", []
    if free < LEAST_DISK_BYTES:
        fixes.append("free some space: a run at 100k takes a few GB")
    if syncs_s:
        usual, worst = median(syncs_s), max(syncs_s)
        saw += f", a write is safe after {usual * 1e3:.1f} ms ({worst * 1e3:.1f} ms at worst)"
        if usual > _SLOW_SYNC_S:
            fixes.append("use a faster disk: writes would measure little else")
    return Check("disk", saw, bool(fixes), "; ".join(fixes))


def check_way(trips_s: Sequence[float], local: bool) -> Check:
    """Round trips of the smallest query: their scatter is part of every latency."""
    ordered = sorted(trips_s)
    usual, late = median(ordered), ordered[int(0.95 * (len(ordered) - 1))]
    place = "on this machine" if local else "over the network"
    saw = f"{place}, a round trip takes {usual * 1e6:.0f} us, 95 of 100 at most {late * 1e6:.0f} us"
    spoils = late - usual > max(MOST_JITTER_S, usual)
    fix = "free the cores" if local else "measure from a machine beside the server"
    return Check("way to the server", saw, spoils, fix if spoils else "")


async def round_trips_s(connection: Any) -> list[float]:
    """Seconds of each of some hundred round trips."""
    statement = await connection.prepare("SELECT 1")
    trips = []
    for _ in range(_ROUND_TRIPS):
        began = time.perf_counter()
        await statement.fetch()
        trips.append(time.perf_counter() - began)
    return trips[_ROUND_TRIPS // 10 :]


def _sync_times_s(server: Server) -> list[float]:
    """Seconds until 8 kB are safe on the disk of the embedded server; nothing for a server of the user's."""
    if server.home is None:
        return []
    folder = Path(tempfile.mkdtemp(dir=server.home.parent, prefix="bench-disk-"))
    try:
        with (folder / "written").open("wb", buffering=0) as file:
            times = []
            for _ in range(_SYNCS):
                began = time.perf_counter()
                file.write(bytes(8192))
                os.fsync(file.fileno())
                times.append(time.perf_counter() - began)
            return times
    except OSError:
        return []
    finally:
        shutil.rmtree(folder, ignore_errors=True)
