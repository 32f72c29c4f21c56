"""What killed runs left behind: found, told, and removed only when asked; what lives is never touched."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError, ServerError
from harness.progress import Progress
from harness.result.going_on import how_to_go_on
from harness.result.store import HALF_WRITTEN, read_result
from harness.server.embedded import end_strays
from harness.server.home import Home, find_homes
from harness.server.journal import FILE_NAME, Journal, is_live, read_journal
from harness.server.marker import NAME_PREFIX

_UNCLAIMED_S = 60.0


@dataclass(frozen=True)
class DeadRun:
    """A run that ended without saying so, or (`kept`) one whose server or databases were kept on purpose.

    `folder` holds its results and journal, None where they are gone; `home` its embedded server; `databases` lie on
    the given server `url`.
    """

    run_id: str
    folder: Path | None
    home: Path | None = None
    url: str | None = None
    databases: tuple[str, ...] = ()
    kept: bool = False

    @property
    def resume_command(self) -> str:
        """How to go on with it; empty where its results are gone, or where its kind of run cannot be gone on with."""
        return shlex.join(how_to_go_on(self.folder, self.goal, self._server)) if self.folder else ""

    @property
    def goal(self) -> str:
        """The name of the command that began it, as far as its result says."""
        try:
            return str(read_result(self.folder).options.get("goal", "run")) if self.folder else "run"
        except HarnessError:
            return "run"

    @property
    def clean_command(self) -> str:
        """How to remove what it left."""
        return shlex.join(["bench", "clean", *self._server, *(["--kept"] if self.kept else [])])

    @property
    def _server(self) -> list[str]:
        return ["--dsn", self.url] if self.url else []


def find_dead_runs(results: Path) -> tuple[DeadRun, ...]:
    """Runs that left something: those with a folder in `results`, and those with a home of this user's."""
    journals = {path.resolve() for path in results.glob(f"*/{FILE_NAME}")}
    found = {}
    for journal in sorted(journals):
        run = _of_journal(journal)
        if run is not None:
            found[run.run_id] = run
    for home in find_homes():
        with contextlib.suppress(FileNotFoundError):  # its run has just tidied it away
            run = _of_home(home)
            if run is not None:
                found.setdefault(run.run_id, run)
    return tuple(found.values())


def stop_dead_servers(results: Path, progress: Progress) -> tuple[DeadRun, ...]:
    """Stops the embedded servers of killed runs, keeps their folders, and tells how to go on with or remove each."""
    killed = tuple(run for run in find_dead_runs(results) if not run.kept)
    for run in killed:
        _with_home(run, lambda _: None)
        what = f"the run in {run.folder}" if run.folder else f"a run whose results are gone ({run.home or run.run_id})"
        progress.note(f"{what} was killed; nothing of it is deleted")
        if run.resume_command:
            progress.note(f"    to go on with it:  {run.resume_command}")
        elif run.folder:
            progress.note(f"    bench {run.goal} cannot be gone on with: begin it anew")
        progress.note(f"    to remove it:      {run.clean_command}")
    return killed


def remove_home(run: DeadRun) -> bool:
    """Stops the dead run's embedded server and deletes its folder; False where it lives after all, or has none."""
    return _with_home(run, lambda home: home.remove())


def close_journal(run: DeadRun) -> None:
    """Writes into the dead run's journal that nothing of it is left, and removes what was half done."""
    if run.folder is not None:
        for half in run.folder.glob(HALF_WRITTEN):
            if half.is_dir():
                shutil.rmtree(half, ignore_errors=True)
            else:
                half.unlink(missing_ok=True)
        journal = Journal.resume(run.folder)
        for name in run.databases:
            journal.record("drop", database=name)
        journal.end(kept=False)


def _with_home(run: DeadRun, then: Callable[[Home], object]) -> bool:
    """Takes the dead run's home, so that nobody resumes it meanwhile, and ends its server; False where it lives."""
    if run.home is None:
        return False
    home = Home(run.home)
    try:
        lock = home.lock()
    except (ServerError, FileNotFoundError):
        return False
    try:
        end_strays(home.data)
        then(home)
    finally:
        lock.release()
    return True


def _of_journal(path: Path) -> DeadRun | None:
    """The dead run of a journal; None where it lives or left nothing."""
    state = read_journal(path)
    if state is None or is_live(path):
        return None
    owner = Home(state.home).owner_of(state.run_id) if state.home else None
    home = state.home if owner else None
    if home and Home(home).is_live:
        return None
    prefix = f"{NAME_PREFIX}{state.run_id}_"
    databases = tuple(name for name in state.databases if state.url and name.startswith(prefix))
    kept = (state.ended and state.kept) or (owner is not None and owner.kept)
    return DeadRun(state.run_id, path.parent, home, state.url, databases, kept) if home or databases else None


def _of_home(home: Home) -> DeadRun | None:
    """The dead run of a home; its journal, if it is still there, was known under another results folder."""
    if home.is_live:
        return None
    owner = home.read_owner()
    if owner is None:
        is_new = time.time() - home.path.stat().st_mtime < _UNCLAIMED_S
        return None if is_new else DeadRun(home.path.name, None, home.path)
    if owner.journal.is_file():
        return _of_journal(owner.journal) if not is_live(owner.journal) else None
    return DeadRun(owner.run_id, None, home.path, kept=owner.kept)
