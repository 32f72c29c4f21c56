"""Holds every dropped column against its counterpart in the views."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from harness import arms, machine
from harness.job import Run
from harness.phases.asking import ask_as_role
from harness.phases.planted import score_planted
from harness.result.going_on import how_to_go_on
from harness.result.store import write_atomically
from harness.server.faults import ConnectionLostError, ResumableError
from harness.snapshot import Snapshot, take_snapshot
from harness.verify import Ledger, verify
from harness.workload import BoundQuery, bind_workload

LEDGER_FILE = "check.jsonl"
COPIES_FILE = "copies.json"


async def verify_views(run: Run) -> tuple[BoundQuery, ...]:
    """Holds every dropped column against its counterpart; returns the queries that may be timed.

    A lost connection costs nothing of what is finished: ResumableError says how to go on.
    """
    try:
        return await _verify(run)
    except ConnectionLostError as error:
        raise ResumableError(error.message, _how_to_go_on(run)) from error


def _how_to_go_on(run: Run) -> str:
    options, url = run.job.options, run.databases.server.address.url()
    given = ["--dsn", url] if options.dsn else []
    words = how_to_go_on(run.recorder.folder, options.goal, given)
    clean = ["bench", "clean", "--kept", *given]
    again = f"{shlex.join(words)} goes on where it stood" if words else f"begin bench {options.goal} anew"
    return f"{again}; {shlex.join(clean)} drops what is kept for that"


async def _verify(run: Run) -> tuple[BoundQuery, ...]:
    databases, scenario = run.databases, run.job.scenario
    address = databases.server.address
    with run.recorder.phase("verify"):
        connection = await databases.connect("before")
        try:
            queries = await bind_workload(connection, scenario.queries)
        finally:
            await connection.close()
        snapshot = await _snapshot(run)
        names = (databases.name("before"), databases.name("after"), databases.name(arms.VERIFICATION))
        ledger = Ledger(run.recorder.folder / LEDGER_FILE)
        checked = await verify(
            scenario,
            address,
            *names,
            snapshot,
            queries,
            run.progress,
            at_once=machine.usable_cores(),
            ledger=ledger,
            statement_timeout_s=run.job.options.statement_timeout_s,
        )
        run.recorder.set(integrity=checked.integrity)
        connection = await databases.connect(arms.VERIFICATION)
        try:
            run.recorder.set(planted=await score_planted(connection, checked.integrity, run.recorder.folder))
        finally:
            await connection.close()
        forget_check(run)
        timed = await ask_as_role(run, [item for item in queries if item.name not in checked.untimed], names[-1])
        if not run.job.options.keep:
            await databases.drop(arms.VERIFICATION)
    return timed


def forget_check(run: Run) -> None:
    """Removes what an unfinished check keeps in the run's folder to go on with."""
    for name in (LEDGER_FILE, COPIES_FILE):
        (run.recorder.folder / name).unlink(missing_ok=True)


async def _snapshot(run: Run) -> Snapshot:
    """The old columns beside the new state: as an earlier session of this run left them, or copied anew."""
    databases = run.databases
    file = run.recorder.folder / COPIES_FILE
    before, clone = databases.name("before"), databases.name(arms.VERIFICATION)
    kept = _read_copies(file) if await databases.exists(arms.VERIFICATION) else None
    if kept is None:
        (run.recorder.folder / LEDGER_FILE).unlink(missing_ok=True)
        await databases.drop(arms.VERIFICATION)
        await databases.create(arms.VERIFICATION, template="after")
    snapshot = await take_snapshot(databases.server.address, before, clone, run.progress, kept=kept)
    copies = {table.copy.sql: table.copy.rows for table in snapshot.tables}
    write_atomically(file, json.dumps(copies, indent=2) + "\n")
    return snapshot


def _read_copies(file: Path) -> dict[str, int] | None:
    """The copies that an earlier session finished, with their rows."""
    try:
        return {str(name): int(rows) for name, rows in json.loads(file.read_text(encoding="utf-8")).items()}
    except (FileNotFoundError, ValueError):
        return None
