"""Keeps the result of a running run: times each phase, saves after each, and marks the phase that failed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.progress import Progress
from harness.result import PhaseRecord, Result
from harness.result.store import write_result
from harness.server import Server
from harness.server.diagnosis import explain_failure


class Recorder:
    """The one place where a run's result grows; what is saved is always whole up to the last finished phase."""

    def __init__(self, folder: Path, result: Result, progress: Progress) -> None:
        self.folder = folder
        self.result = result
        self.server: Server | None = None
        self._progress = progress
        self.save()

    def save(self) -> None:
        """Writes result.json as it stands."""
        write_result(self.folder, self.result)

    def set(self, **fields: Any) -> None:
        """Takes the outcome of a phase into the result and saves it."""
        self.result = replace(self.result, **fields)
        self.save()

    def note(self, message: str) -> None:
        """A fact that the reader of the result must know; shown at once, too."""
        self._progress.note(message)
        if message not in self.result.notes:
            self.set(notes=(*self.result.notes, message))

    def is_done(self, name: str) -> bool:
        """Whether an earlier session of this run finished the phase."""
        return any(phase.name == name and phase.status == "done" for phase in self.result.phases)

    def begin_again(self, fresh: Result) -> None:
        """For a resumed run: what an earlier session found is found anew, but for the data that it seeded.

        Where it ended within the check, which changes nothing, what it migrated is good, too.
        """
        old = self.result
        in_check = self.is_done("migrate") and not self.is_done("verify")
        good = ("server", "seed", "arms", "migrate") if in_check else ("server", "seed")
        phases = tuple(phase for phase in old.phases if phase.name in good and phase.status == "done")
        self.result = replace(
            fresh,
            phases=phases,
            migrations=old.migrations if in_check else (),
            storage=old.storage if in_check else (),
            started_at=old.started_at,
            environment=old.environment,
            seed_manifest=old.seed_manifest,
        )
        self.save()

    def skip(self, name: str, reason: str) -> None:
        """A phase that what was found before makes pointless."""
        self.note(f"{name} is left out: {reason}")
        record = PhaseRecord(name=name, seconds=0.0, peak_mb=0.0, status="skipped", error=reason)
        self.set(phases=_with(self.result.phases, record))

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times the phase; an exception is recorded as its failure, put into words while the server is at hand.

        Where even that cannot be saved (a full disk, say), the exception tells more than the attempt's own failure.
        """
        _reset_peak()
        began_s = time.perf_counter()
        error: str | None = "interrupted"
        try:
            yield
            error = None
        except Exception as problem:
            known = explain_failure(problem, name, self.server)
            error = str(known) if known else f"{type(problem).__name__}: {problem}"
            if known is None or known is problem:
                raise
            raise known from problem
        finally:
            record = PhaseRecord(
                name=name,
                seconds=round(time.perf_counter() - began_s, 3),
                peak_mb=round(_peak_mb(), 1),
                status="done" if error is None else "failed",
                error=error,
            )
            with contextlib.nullcontext() if error is None else contextlib.suppress(OSError):
                self.set(phases=_with(self.result.phases, record))


def _with(phases: tuple[PhaseRecord, ...], record: PhaseRecord) -> tuple[PhaseRecord, ...]:
    """The phases with this one: in the place of its namesake, which an earlier session left, or at the end."""
    if any(phase.name == record.name for phase in phases):
        return tuple(record if phase.name == record.name else phase for phase in phases)
    return (*phases, record)


def _reset_peak() -> None:
    """Linux forgets the process's peak memory on request; elsewhere the peak is that of the whole run."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_mb() -> float:
    """Peak resident memory of this process since the last reset, in MB (10^6 bytes); 0 where it cannot be told."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:")), 0.0)
