"""Progress as people see it: rich bars on a terminal, plain lines elsewhere; always on stderr, always in the log."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from harness import progress

_PLAIN_EVERY_S = 5.0


class _Share(ProgressColumn):
    """The share done, where it is known how much there is to do."""

    def render(self, task: Task) -> Text:
        return Text("" if task.total is None else f"{task.percentage:>3.0f}%", style="progress.percentage")


class RichProgress:
    """A line for the running phase with share done, rate and time left; finished phases stay as a list."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=24),
            _Share(),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("[dim]{task.fields[detail]}"),
            console=console,
        )
        self._bars.start()
        self._task: TaskID | None = None

    def start(self, phase: str, total: float | None = None, unit: str = "") -> None:
        """Closes the running phase's bar as full and opens one for the new phase."""
        self._finish()
        self._task = self._bars.add_task(phase, total=total, detail=f"{total:,.0f} {unit}" if total and unit else "")

    def update(self, done: float, detail: str = "") -> None:
        """Moves the running phase's bar."""
        if self._task is not None:
            self._bars.update(self._task, completed=done, detail=detail)

    def note(self, message: str) -> None:
        """Prints the note above the bars."""
        self._bars.console.print(message, highlight=False, markup=False)

    def _finish(self) -> None:
        if self._task is not None:
            task = self._bars.tasks[-1]
            total = task.total if task.total is not None else 1.0
            self._bars.update(self._task, total=total, completed=total)

    def close(self) -> None:
        """Leaves the bars as they are: a phase that failed keeps the share it reached."""
        self._bars.stop()


class PlainProgress:
    """One line a phase, and one every few seconds within a phase that knows how much it has to do."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._phase = ""
        self._total: float | None = None
        self._unit = ""
        self._began_s = self._told_s = time.monotonic()

    def start(self, phase: str, total: float | None = None, unit: str = "") -> None:
        """Prints the phase's name."""
        self._phase, self._total, self._unit = phase, total, unit
        self._began_s = self._told_s = time.monotonic()
        self._say(phase)

    def update(self, done: float, detail: str = "") -> None:
        """Prints share and time left, at most every five seconds."""
        now = time.monotonic()
        if now - self._told_s < _PLAIN_EVERY_S:
            return
        self._told_s = now
        share = ""
        if self._total and done > 0:
            left_s = (now - self._began_s) * max(self._total / done - 1, 0)
            share = f"{done / self._total:4.0%}, {left_s:.0f} s left"
        self._say(f"{self._phase}: {', '.join(part for part in (share, detail) if part)}")

    def note(self, message: str) -> None:
        """Prints the note."""
        self._say(message)

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class LoggedProgress:
    """Passes everything on, and keeps phases and notes with their times in the run's log.txt."""

    def __init__(self, inner: progress.Progress, path: Path) -> None:
        self._inner = inner
        self._path = path

    def start(self, phase: str, total: float | None = None, unit: str = "") -> None:
        """Logs and passes on."""
        self._log(f"phase {phase}")
        self._inner.start(phase, total, unit)

    def update(self, done: float, detail: str = "") -> None:
        """Passes on; a log of every step would hide what matters."""
        self._inner.update(done, detail)

    def note(self, message: str) -> None:
        """Logs and passes on."""
        self._log(message)
        self._inner.note(message)

    def _log(self, line: str) -> None:
        # A disk that is full is told by result.json, which matters more.
        with contextlib.suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ} {line}\n")


@contextlib.contextmanager
def shown_progress(quiet: bool) -> Iterator[progress.Progress]:
    """The progress that suits stderr: rich on a terminal, plain lines elsewhere, nothing when quiet."""
    console = Console(stderr=True)
    if quiet:
        yield progress.Silent()
    elif console.is_terminal:
        bars = RichProgress(console)
        try:
            yield bars
        finally:
            bars.close()
    else:
        yield PlainProgress()
