"""A stored run as the gate reads it: its result, and the table of blocks from its samples."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError
from harness.measure.model import BlockTable
from harness.measure.samples import read_table
from harness.result import Result
from harness.result.going_on import how_to_go_on
from harness.result.store import read_result

SAMPLES_FILE = "samples.parquet"


@dataclass(frozen=True)
class StoredRun:
    """A finished run; the table is empty where nothing was timed."""

    folder: Path
    result: Result
    table: BlockTable


def resolve_run(path: Path) -> Path:
    """The run's own folder, whatever link or file of it was named: `results/latest` may mean another run later."""
    whole = path.resolve()
    return whole.parent if whole.is_file() else whole


def read_run(path: Path) -> StoredRun:
    """Reads a finished run from its folder.

    Raises UsageError where it is none or did not finish, and SamplesError where its samples are missing or of another
    schema version.
    """
    folder = resolve_run(path)
    result = read_result(folder)
    if not result.complete:
        words = how_to_go_on(folder, str(result.options.get("goal", "run")))
        hint = f"name a finished one, or go on with it: {shlex.join(words)}" if words else "name a finished one"
        raise UsageError(f"the run in {folder} did not finish", hint)
    if result.seed_only:
        raise UsageError(f"the run in {folder} only seeded a database", "name one that bench run has made")
    timed = bool(result.latency)
    return StoredRun(folder, result, read_table(folder / SAMPLES_FILE) if timed else BlockTable())
