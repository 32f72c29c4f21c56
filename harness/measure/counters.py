"""The server's and the kernel's own account of a slice: its statements' time and pages, and what interfered."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from harness.scenario.paths import catalogue_sql
from harness.server.address import Address, connect
from harness.server.faults import CLIENT_FAULTS

_PLANNING = "pg_stat_statements.track_planning"
_STEAL_SHARE = 0.01
_CHECKPOINTER_VERSION = 17
"""From PostgreSQL 17 on checkpoints are counted in a view of their own."""

_LOOK_S = 0.1
"""How often a running slice is looked at for sessions that wait for a lock: no counter of PostgreSQL's tells."""


@dataclass(frozen=True)
class Reading:
    """The counters at one instant; all but the last two of the statements in the arm's database.

    `pages` are shared ones found in the cache, shared ones not found there, and temporary ones written.
    """

    seconds: float
    calls: int
    temp_bytes: int
    pages: tuple[int, int, int]
    checkpoints: int
    autovacuum: tuple[int, int]
    """Accesses to blocks by autovacuum so far, its workers that run at this instant."""
    steal: tuple[int, int]
    """Ticks stolen by the host, ticks in all."""


@dataclass(frozen=True)
class Account:
    """What the counters say of a slice, per execution (None: unknown), and what interfered."""

    statements_mean_s: float | None
    pages: tuple[float, float, float] | None
    marks: tuple[str, ...]


class Counters:
    """Differences of counters per arm: nothing else runs in an arm's database while a slice does."""

    def __init__(self, connection: Any, databases: Mapping[str, str], statements: bool, plans: bool, note: str) -> None:
        self._connection = connection
        self._databases = databases
        self._statements = statements
        self._last: dict[str, Reading] = {}
        self._interference = (
            catalogue_sql("measure", "read_interference")
            if connection.get_server_version().major >= _CHECKPOINTER_VERSION
            else catalogue_sql("measure", "read_interference_before_17")
        )
        self._watch: asyncio.Task[Counter[str]] | None = None
        self._waited: Counter[str] = Counter()
        self._over = asyncio.Event()
        self.settings: tuple[tuple[str, str], ...] = ((_PLANNING, "on"),) if plans else ()
        self.note = note

    @classmethod
    async def open(cls, address: Address, database: str | None, databases: Mapping[str, str]) -> Counters:
        """The counters of the server; `note` says what it does not give.

        In a `database` that is named, and so is the run's own, pg_stat_statements is created where it is missing.
        `settings` are those that the timed sessions need besides, so that planning is counted, too.
        """
        connection = await connect(address, database)
        try:
            statements = await _can_read_statements(connection, create=database is not None)
        except asyncpg.PostgresError as error:
            note = f"no times of statements, no pages: {error}"
            return cls(connection, databases, statements=False, plans=False, note=note)
        if not statements:
            why = "pg_stat_statements is not there, not this role's to create, or does not track"
            note = f"no times of statements, no pages: {why}"
            return cls(connection, databases, statements=False, plans=False, note=note)
        plans = await _can_track_planning(connection)
        note = "" if plans else f"the statements' times leave out planning: {_PLANNING} is off and cannot be set"
        return cls(connection, databases, statements=True, plans=plans, note=note)

    async def begin(self, arm: str) -> None:
        """Forgets what happened on the arm until now."""
        self._last[arm] = await self._read(arm)

    def watch(self, arms: Sequence[str]) -> None:
        """Looks from time to time, until the first `end`, whether sessions on the arms wait for a lock."""
        self._over.clear()
        self._watch = asyncio.create_task(self._look([self._databases[arm] for arm in arms]))

    async def _look(self, databases: Sequence[str]) -> Counter[str]:
        """The most sessions of each database that were seen to wait at once."""
        most: Counter[str] = Counter()
        while True:
            try:
                await asyncio.wait_for(self._over.wait(), _LOOK_S)
            except TimeoutError:
                rows = await self._connection.fetch(catalogue_sql("measure", "count_lock_waits"), databases)
                most |= Counter({row["database"]: int(row["waiting"]) for row in rows})
            else:
                return most

    async def _waiters(self, arm: str) -> int:
        """How many sessions waited on the arm in what was last watched; ends the watch."""
        await self._end_watch()
        return self._waited[self._databases[arm]]

    async def _end_watch(self) -> None:
        if self._watch is not None:
            watch, self._watch = self._watch, None
            self._over.set()
            self._waited = await watch

    async def end(self, arm: str, executions: int, calls: int) -> Account:
        """What ran on the arm since last asked; no times and pages where the calls are not the slice's own."""
        waiters = await self._waiters(arm)
        before, now = self._last[arm], await self._read(arm)
        self._last[arm] = now
        known = executions > 0 and now.calls - before.calls == calls and now.seconds >= before.seconds
        if not known:
            return Account(None, None, _marks(before, now, waiters))
        hit, read, temp = ((new - old) / executions for old, new in zip(before.pages, now.pages, strict=True))
        return Account((now.seconds - before.seconds) / executions, (hit, read, temp), _marks(before, now, waiters))

    async def _read(self, arm: str) -> Reading:
        found = await self._connection.fetchrow(self._interference)
        autovacuum = found["autovacuum_accesses"], found["autovacuum_workers"]
        if not self._statements:
            return Reading(0.0, 0, 0, (0, 0, 0), found["checkpoints"], autovacuum, _steal())
        row = await self._connection.fetchrow(catalogue_sql("measure", "read_statement_time"), self._databases[arm])
        pages = row["hit"], row["read"], row["temp"]
        times = row["seconds"], row["calls"], row["temp_bytes"]
        return Reading(*times, pages, found["checkpoints"], autovacuum, _steal())

    async def close(self) -> None:
        """Ends the watch and the connection."""
        with contextlib.suppress(*CLIENT_FAULTS):  # the server may be gone
            await self._end_watch()
        await self._connection.close()


def _marks(before: Reading, now: Reading, waiters: int) -> tuple[str, ...]:
    marks = []
    if now.checkpoints > before.checkpoints:
        marks.append("a checkpoint began")
    if now.autovacuum[0] > before.autovacuum[0] or now.autovacuum[1] or before.autovacuum[1]:
        marks.append("autovacuum ran")
    if waiters:
        marks.append(f"{waiters} {'session' if waiters == 1 else 'sessions'} waited for a lock")
    if now.temp_bytes > before.temp_bytes:
        marks.append(f"{(now.temp_bytes - before.temp_bytes) / 2**20:.1f} MiB of temporary files")
    stolen, ticks = now.steal[0] - before.steal[0], now.steal[1] - before.steal[1]
    if ticks > 0 and stolen / ticks > _STEAL_SHARE:
        marks.append(f"the host took {stolen / ticks:.0%} of the processor")
    return tuple(marks)


def _steal() -> tuple[int, int]:
    """Processor ticks that the host gave to others, and all ticks, of this machine; zeros where it does not tell."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0].split()[1:9]
    except OSError:
        return 0, 0
    ticks = [int(value) for value in first]
    return (ticks[7] if len(ticks) > 7 else 0), sum(ticks)


async def _can_read_statements(connection: Any, create: bool) -> bool:
    """Whether pg_stat_statements can be read in this connection's database; the session then finds it by name."""
    if create:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    row = await connection.fetchrow(catalogue_sql("measure", "read_statement_settings"))
    if row["schema_name"] is None or row["track"] in (None, "none"):
        return False
    await connection.execute("SELECT set_config('search_path', quote_ident($1), false)", row["schema_name"])
    return True


async def _can_track_planning(connection: Any) -> bool:
    """Whether this user's sessions have the tracking of planning, or may switch it on."""
    try:
        await connection.execute("SELECT set_config($1, 'on', false)", _PLANNING)
    except asyncpg.PostgresError:
        return False
    return True
