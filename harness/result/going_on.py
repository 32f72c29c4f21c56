"""How to go on with a run that was killed: the next step that its kind of run allows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

LINES_FILE = "calibration.jsonl"
"""What a calibration has measured so far, a line a run."""


def how_to_go_on(folder: Path, goal: str, server: Sequence[str] = ()) -> tuple[str, ...]:
    """The words of the command for a run with this goal; empty where it can only be begun anew.

    `server` holds the options that name its server (`--dsn URL`), for the commands that need one.
    """
    if goal in ("prove", "calibrate"):
        has_lines = goal == "calibrate" and (folder / LINES_FILE).is_file()
        return ("bench", "calibrate", "--lines", str(folder)) if has_lines else ()
    if goal == "verify":
        return ("bench", "verify", str(folder), "--resume", *server)
    return ("bench", "run", "--resume", str(folder), *server)
