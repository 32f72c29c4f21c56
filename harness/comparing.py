"""`bench verify --old --new`: two relations of a database of the user's, compared read-only; a killed one goes on."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import HarnessError, ServerError, UsageError
from harness.interrupt import run_async
from harness.machine import usable_cores
from harness.progress import Progress
from harness.result import Integrity
from harness.result.store import integrity_json, new_run_folder, write_atomically
from harness.server.address import Address, connect
from harness.server.faults import ConnectionLostError, as_harness_error
from harness.server.given import OLDEST_VERSION_NUM, parse_dsn
from harness.verify import Ledger
from harness.verify.in_place import Two, Wanted, compare_in_place, find_two

COMPARISON_FILE = "comparison.json"
INTEGRITY_FILE = "integrity.json"
LEDGER_FILE = "check.jsonl"


def compare(dsn: str, wanted: Wanted, results: Path, progress: Progress) -> Integrity:
    """Compares two relations; a folder in `results` holds what it takes to go on after a kill, and the outcome.

    Raises UsageError for names that mean nothing, ServerError where the server fails.
    """
    address = parse_dsn(dsn)
    two = _look_up(address, wanted)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", two.old.display)[:60]
    folder = new_run_folder(results, "verify", name, datetime.now(UTC))
    plan = {"url": address.url(two.database), **dataclasses.asdict(wanted)}
    write_atomically(folder / COMPARISON_FILE, json.dumps(plan, indent=2) + "\n")
    return _carry_out(address, two, folder, progress)


def is_comparison(folder: Path) -> bool:
    """Whether the folder is that of a comparison of two relations."""
    return (folder / COMPARISON_FILE).is_file()


def go_on(folder: Path, dsn: str | None, progress: Progress) -> Integrity:
    """Goes on with a comparison that was killed or lost its connection; `dsn` is needed where it had a password."""
    if (folder / INTEGRITY_FILE).exists():
        raise UsageError(f"the comparison in {folder} is complete", f"its outcome is {folder / INTEGRITY_FILE}")
    try:
        plan = json.loads((folder / COMPARISON_FILE).read_text(encoding="utf-8"))
        renamed = tuple((old, new) for old, new in plan["renamed"])
        wanted = Wanted(plan["old"], plan["new"], tuple(plan["key"]), renamed)
        address = parse_dsn(dsn or plan["url"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder / COMPARISON_FILE} is no comparison: {error}", "start it anew") from None
    return _carry_out(address, _look_up(address, wanted), folder, progress)


def _look_up(address: Address, wanted: Wanted) -> Two:
    async def work() -> Two:
        await _check_version(address)
        return await find_two(address, wanted)

    try:
        return run_async(work())
    except Exception as error:
        raise _in_words(error, f"looking for {wanted.old} and {wanted.new}") from error


def _carry_out(address: Address, two: Two, folder: Path, progress: Progress) -> Integrity:
    ledger = Ledger(folder / LEDGER_FILE)
    try:
        integrity = run_async(compare_in_place(address, two, progress, at_once=usable_cores(), ledger=ledger))
    except KeyboardInterrupt:
        progress.note(_how_to_go_on(folder))
        raise
    except Exception as error:
        known = _in_words(error, f"comparing {two.old.display} with {two.new.display}")
        if isinstance(known, ConnectionLostError):
            raise ServerError(known.message, _how_to_go_on(folder)) from error
        raise known from error
    write_atomically(folder / INTEGRITY_FILE, integrity_json(integrity))
    (folder / LEDGER_FILE).unlink(missing_ok=True)
    return integrity


def _how_to_go_on(folder: Path) -> str:
    return f"bench verify {folder} --resume goes on where it stood"


def _in_words(error: Exception, doing: str) -> Exception:
    """The error as one that a user can mend; itself where it looks like a bug."""
    if isinstance(error, HarnessError):
        return error
    return as_harness_error(error, doing) or error


async def _check_version(address: Address) -> None:
    connection = await connect(address)
    try:
        version_num, version = await connection.fetchrow(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version')"
        )
    finally:
        await connection.close()
    if version_num < OLDEST_VERSION_NUM:
        raise ServerError(f"{address.place} runs PostgreSQL {version}", "use PostgreSQL 15 or newer")
