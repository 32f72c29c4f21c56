"""The battery: every defect planted in a clone of its own, the clone checked, and what the check says judged."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import asyncpg

from harness.catalogue import changed_tables, read_catalogue
from harness.copying import SESSION
from harness.progress import Progress, Silent
from harness.prove.clean import unfounded
from harness.prove.ground import Ground
from harness.prove.harmless import harmless_edits
from harness.prove.judge import accusations, judge, new_findings
from harness.prove.model import Defect, Fault, Planted, Verdict
from harness.result import Integrity
from harness.scenario import Scenario
from harness.server import Databases
from harness.server.address import connect
from harness.snapshot import OldTable, Snapshot, take_snapshot
from harness.together import together
from harness.verify import verify
from harness.workload import BoundQuery

_TRIES = 12
_AT_ONCE = 3
"""One more than the usual cores: each of them waits for the disk a good part of its time."""
_DROPPED_AT_ONCE = 12
"""Each DROP DATABASE waits for a checkpoint of the whole server; those that wait at the same time share one."""
_SCAN_TIMEOUT = "20s"
_SCRATCH = "prove_scratch"


@dataclass(frozen=True)
class Bench:
    """The checked, undamaged migration: the arm `base` is the clone of `after` that holds the old columns."""

    databases: Databases
    scenario: Scenario
    profile: str
    before: str
    base: str
    snapshot: Snapshot
    queries: Sequence[BoundQuery]
    clean: Integrity

    @property
    def ground(self) -> Ground:
        """What defects are derived from."""
        copies = {table.change.old.oid: table.copy.sql for table in self.snapshot.tables}
        return Ground(self.scenario, self.snapshot.before, self.snapshot.after, self.clean, copies)


Beside = Callable[[Bench, Planted, str], Awaitable[None]]
"""Looks at a clone, given by its database's name, in which a defect is planted; it is dropped then."""


async def find_places(bench: Bench, faults: Iterable[Fault]) -> tuple[list[Planted], list[str]]:
    """For each fault the first place where it can be planted and changes a result; names of faults that have none."""
    await bench.databases.create(_SCRATCH, bench.base, is_small=True)
    connection = await connect(bench.databases.server.address, bench.databases.name(_SCRATCH), SESSION)
    known = {(item.kind, item.object, item.cause) for item in bench.clean.findings}
    found: list[Planted] = []
    without: list[str] = []
    try:
        await connection.execute(f"SET statement_timeout = '{_SCAN_TIMEOUT}'")
        for fault in faults:
            for defect in islice(fault, _TRIES):
                planted = await _try(connection, defect)
                if planted and (defect.kind, defect.object, planted.cause) not in known:
                    found.append(planted)
                    break
            else:
                without.append(fault.name)
    finally:
        await connection.close()
        await bench.databases.drop(_SCRATCH)
    return found, without


async def _try(connection: Any, defect: Defect) -> Planted | None:
    """The first script that PostgreSQL takes and that changes the witness's answer; all is rolled back."""
    held = await _answer(connection, defect.witness)
    for script in defect.edits:
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute(script)
            if await _answer(connection, defect.witness) == held:
                return None
            cause = await connection.fetchval(defect.cause_query) if defect.cause_query else defect.cause
            return Planted(defect, script, cause)
        except asyncpg.PostgresError:
            continue
        finally:
            await transaction.rollback()
    return None


async def _answer(connection: Any, witness: str) -> str:
    """The witness's answer; an error of the object's own is an answer, too."""
    try:
        async with connection.transaction():
            return str(await connection.fetchval(witness))
    except asyncpg.PostgresError as error:
        if isinstance(error, asyncpg.QueryCanceledError):
            raise
        return f"error {error.sqlstate}"


async def check_defects(
    bench: Bench, planted: Sequence[Planted], progress: Progress, beside: Beside | None = None
) -> list[Verdict]:
    """Plants each in a clone of its own and judges what the check says of it; `beside` sees the clone after it."""
    progress.start("prove", len(planted), "defects")
    done = 0

    async def one(arm: str, item: Planted) -> Verdict:
        nonlocal done
        read = [query for query in bench.queries if query.name in item.defect.touches]
        damaged = await _checked(bench, arm, (item.script,), read, item.defect.limit_s)
        if beside is not None:
            await beside(bench, item, bench.databases.name(arm))
        done += 1
        progress.update(done, item.defect.name)
        return judge(item, bench.profile, bench.clean, damaged)

    return await _each(bench, planted, one)


async def check_clean(bench: Bench) -> list[str]:
    """Accusations of the undamaged migration that nothing bears out."""
    connection = await connect(bench.databases.server.address, bench.databases.name(bench.base), SESSION)
    try:
        return await unfounded(connection, bench.ground)
    finally:
        await connection.close()


async def check_harmless(bench: Bench) -> list[str]:
    """Accusations of views that were only written otherwise."""

    async def one(arm: str, item: tuple[str, tuple[str, ...]]) -> list[str]:
        name, scripts = item
        damaged = await _checked(bench, arm, scripts, bench.queries)
        return [f"{text} ({name})" for text in accusations(new_findings(bench.clean, damaged), ())]

    return [text for texts in await _each(bench, list(harmless_edits(bench.ground)), one) for text in texts]


async def _each(bench: Bench, items: Sequence[Any], work: Callable[[str, Any], Any]) -> list[Any]:
    """The answers in order; a few at once, each with the name of a database that no other has, and that is dropped."""
    answers: dict[int, Any] = {}
    waiting = list(enumerate(items))[::-1]
    spent: list[str] = []

    async def worker() -> None:
        while waiting:
            place, item = waiting.pop()
            answers[place] = await work(f"prove_{place}", item)
            spent.append(f"prove_{place}")
            if len(spent) >= _DROPPED_AT_ONCE:
                await drop_spent()

    async def drop_spent() -> None:
        arms, spent[:] = spent[:], []
        await together(*map(bench.databases.drop, arms))

    await together(*(worker() for _ in range(_AT_ONCE)))
    await drop_spent()
    return [answers[place] for place in range(len(items))]


async def _checked(
    bench: Bench, arm: str, scripts: Sequence[str], queries: Sequence[BoundQuery], limit_s: float | None = None
) -> Integrity:
    """The check of a fresh clone in which the first script that PostgreSQL takes has been run.

    `queries` are those of the workload that can tell: the others read nothing that the script changes.
    """
    databases, address = bench.databases, bench.databases.server.address
    before, name = databases.name(bench.before), databases.name(arm)
    await databases.create(arm, bench.base, is_small=True)
    connection = await connect(address, name, SESSION)
    try:
        await _run_one(connection, scripts)
    finally:
        await connection.close()
    snapshot = await _renewed(bench, name)
    checked = await verify(
        bench.scenario, address, before, name, name, snapshot, queries, Silent(), at_once=1, statement_timeout_s=limit_s
    )
    return checked.integrity


async def _run_one(connection: Any, scripts: Sequence[str]) -> None:
    for script in scripts[:-1]:
        with contextlib.suppress(asyncpg.PostgresError):
            await connection.execute(script)
            return
    await connection.execute(scripts[-1])


async def _renewed(bench: Bench, database: str) -> Snapshot:
    """The snapshot with the clone's own catalogue; the copies serve again unless the tables themselves differ."""
    address = bench.databases.server.address
    connection = await connect(address, database, SESSION)
    try:
        after = await read_catalogue(connection)
    finally:
        await connection.close()
    before = bench.snapshot.before
    changes = changed_tables(before, after)
    kept = {table.change.old.oid: table for table in bench.snapshot.tables}
    same = [change for change in changes if (old := kept.get(change.old.oid)) and _same_columns(old, change)]
    if len(same) != len(changes) or len(changes) != len(kept):
        return await take_snapshot(address, bench.databases.name(bench.before), database, Silent())
    return Snapshot(before, after, tuple(OldTable(change, kept[change.old.oid].copy) for change in changes))


def _same_columns(old: OldTable, change: Any) -> bool:
    return bool(old.change.old_columns == change.old_columns and old.change.key == change.key)
