"""`bench verify --old --new`: two relations of a database of the user's, compared read-only; a killed one goes on."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import HarnessError, ServerError, UsageError
from harness.interrupt import run_async
from harness.machine import usable_cores
from harness.progress import Progress
from harness.result import Integrity
from harness.result.store import integrity_json, new_run_folder, write_atomically
from harness.server.address import Address
from harness.server.faults import ConnectionLostError, as_harness_error
from harness.server.given import parse_dsn
from harness.server.process import FileLock
from harness.verify import Ledger
from harness.verify.in_place import Two, Wanted, compare_in_place, open_two

COMPARISON_FILE = "comparison.json"
INTEGRITY_FILE = "integrity.json"
LEDGER_FILE = "check.jsonl"


def compare(dsn: str, wanted: Wanted, results: Path, progress: Progress) -> Integrity:
    """Compares two relations; a folder in `results` holds what it takes to go on after a kill, and the outcome.

    Raises UsageError for names that mean nothing, ServerError where the server fails.
    """
    address = parse_dsn(dsn)

    def begin(two: Two) -> Path:
        name = re.sub(r"[^A-Za-z0-9_.-]+", "_", two.old.display)[:60]
        folder = new_run_folder(results, "verify", name, datetime.now(UTC))
        plan = {"url": address.url(two.database), **dataclasses.asdict(wanted)}
        write_atomically(folder / COMPARISON_FILE, json.dumps(plan, indent=2) + "\n")
        return folder

    return _carry_out(_Comparison(address, wanted, begin), progress)


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
    return _carry_out(_Comparison(address, wanted, lambda _two: folder), progress)


class _Comparison:
    """A comparison while it runs: `folder` is there once the names have been found to mean something."""

    def __init__(self, address: Address, wanted: Wanted, begin: Callable[[Two], Path]) -> None:
        self.folder: Path | None = None
        self.doing = f"looking for {wanted.old} and {wanted.new}"
        self._address, self._wanted, self._begin = address, wanted, begin

    async def run(self, progress: Progress) -> Integrity:
        """Looks the two up, then compares them, on the same connections."""
        async with open_two(self._address, self._wanted, usable_cores()) as (two, sessions):
            folder = self._begin(two)
            with _locked(folder):
                self.folder = folder
                self.doing = f"comparing {two.old.display} with {two.new.display}"
                return await compare_in_place(self._address, two, sessions, progress, Ledger(folder / LEDGER_FILE))


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two that went on with one comparison would write into each other's account."""
    lock = FileLock(folder / COMPARISON_FILE)
    try:
        if not lock.acquire():
            raise ServerError(f"another bench compares in {folder}", "wait until it ends")
        yield
    finally:
        lock.release()


def _carry_out(comparison: _Comparison, progress: Progress) -> Integrity:
    try:
        integrity = run_async(comparison.run(progress))
    except KeyboardInterrupt:
        if comparison.folder is not None:
            progress.note(_how_to_go_on(comparison.folder))
        raise
    except Exception as error:
        known = _in_words(error, comparison.doing)
        if isinstance(known, ConnectionLostError) and comparison.folder is not None:
            raise ServerError(known.message, _how_to_go_on(comparison.folder)) from error
        raise known from error
    assert comparison.folder is not None
    write_atomically(comparison.folder / INTEGRITY_FILE, integrity_json(integrity))
    (comparison.folder / LEDGER_FILE).unlink(missing_ok=True)
    return integrity


def _how_to_go_on(folder: Path) -> str:
    return f"bench verify {folder} --resume goes on where it stood"


def _in_words(error: Exception, doing: str) -> Exception:
    """The error as one that a user can mend; itself where it looks like a bug."""
    if isinstance(error, HarnessError):
        return error
    return as_harness_error(error, doing) or error
