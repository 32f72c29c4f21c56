"""calibration.jsonl: one line per run, appended as soon as it ends, so that whatever stops it loses nothing."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from harness.calibrate.model import Calibration, CalibrationRun
from harness.errors import UsageError
from harness.result.going_on import LINES_FILE

_LINE: TypeAdapter[CalibrationRun] = TypeAdapter(CalibrationRun)
_SUM: TypeAdapter[Calibration] = TypeAdapter(Calibration)


class Lines:
    """The records of a running calibration, in memory and on the disk."""

    def __init__(self) -> None:
        self.runs: list[CalibrationRun] = []

    def add(self, folder: Path, run: CalibrationRun) -> None:
        """Keeps one more record."""
        self.runs.append(run)
        with (folder / LINES_FILE).open("ab") as file:
            file.write(_LINE.dump_json(run) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def read_lines(*paths: Path) -> tuple[CalibrationRun, ...]:
    """The records of earlier calibrations, from their folders or files (`.gz`: compressed), summed up as one; a line
    cut off is left out.

    Raises UsageError where there are none, or where they are not of the same measurement.
    """
    runs = [run for path in paths for run in _read(path)]
    kinds = sorted(
        {f"{run.kind} of {run.scenario} at {run.scale}, {run.budget_s:g} s, {run.conditions}" for run in runs}
    )
    if len(kinds) > 1:
        raise UsageError(f"these are different measurements: {'; '.join(kinds)}", "sum up those that are alike")
    if twice := [source for source, times in Counter(run.source for run in runs).items() if times > 1]:
        raise UsageError(f"the run {twice[0]} is named twice", "every run counts once")
    return tuple(runs)


def _read(path: Path) -> tuple[CalibrationRun, ...]:
    file = path / LINES_FILE if path.is_dir() else path
    try:
        kept = file.read_bytes()
        lines = (gzip.decompress(kept) if file.suffix == ".gz" else kept).split(b"\n")
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{file} cannot be read: {reason}", "name a calibration's folder") from None
    try:
        runs = tuple(_LINE.validate_json(line) for line in lines[:-1])
    except ValidationError as error:
        raise UsageError(f"{file} holds no calibration: {error.errors()[0]['msg']}", "name another file") from None
    if not runs:
        raise UsageError(f"{file} holds no run of a calibration", "name a calibration's folder")
    return runs


def calibration_json(found: Calibration) -> str:
    """The sum as JSON text, in the documented shape."""
    return _SUM.dump_json(found, indent=2).decode() + "\n"
