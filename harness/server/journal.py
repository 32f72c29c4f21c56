"""What a run made outside its own folder, written down before it is made: `journal.jsonl`, append-only and synced."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import ServerError
from harness.server.process import PATIENCE_S, FileLock, ProcessMark, is_locked, mark_process

FILE_NAME = "journal.jsonl"


@dataclass(frozen=True)
class JournalState:
    """What a journal says so far; `databases` are those created and not dropped since."""

    run_id: str
    owner: ProcessMark | None = None
    home: Path | None = None
    url: str | None = None
    databases: tuple[str, ...] = ()
    ended: bool = False
    kept: bool = False


class Journal:
    """The journal of a live run: holds a lock on its file, so that others know the run lives."""

    def __init__(self, folder: Path, state: JournalState, lock: FileLock) -> None:
        self.folder = folder
        self.state = state
        self._lock = lock

    @classmethod
    def begin(cls, folder: Path) -> Journal:
        """Starts the journal of a new run in its folder, with a random run id."""
        folder.mkdir(parents=True, exist_ok=True)
        journal = cls(folder, JournalState(run_id=secrets.token_hex(6)), _lock(folder))
        journal._record_owner()
        return journal

    @classmethod
    def resume(cls, folder: Path) -> Journal:
        """Goes on with the journal of a run that ended; raises ServerError where there is none or the run lives."""
        path = folder / FILE_NAME
        state = read_journal(path)
        if state is None:
            raise ServerError(f"{folder} holds no {FILE_NAME}", "give the folder of a run that was killed or kept")
        journal = cls(folder, state, _lock(folder))
        journal._record_owner()
        return journal

    @property
    def run_id(self) -> str:
        """The random id in the names of everything that this run makes."""
        return self.state.run_id

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self.folder / FILE_NAME

    def record(self, event: str, **facts: Any) -> None:
        """Appends one event and waits until it is on disk."""
        line = json.dumps({"event": event, **facts}) + "\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.state = _apply(self.state, {"event": event, **facts})

    def end(self, kept: bool) -> None:
        """The run is over: nothing of it is left behind, or all of it is kept on purpose."""
        self.record("end", kept=kept)
        self._lock.release()

    def abandon(self) -> None:
        """Lets go of the journal without an end, as a killed run does."""
        self._lock.release()

    def _record_owner(self) -> None:
        mark = mark_process(os.getpid())
        assert mark is not None
        self.record("begin", run_id=self.run_id, pid=mark.pid, started=mark.started)


def read_journal(path: Path) -> JournalState | None:
    """What the journal says; None where there is none. A last line that was cut short is left out."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    state = JournalState(run_id="")
    for line in lines:
        try:
            state = _apply(state, json.loads(line))
        except (ValueError, KeyError, TypeError):
            continue
    return state if state.run_id else None


def is_live(path: Path) -> bool:
    """Whether the run that writes this journal is still at work."""
    state = read_journal(path)
    return is_locked(path) or bool(state and not state.ended and state.owner and state.owner.is_alive)


def _apply(state: JournalState, event: dict[str, Any]) -> JournalState:
    match event["event"]:
        case "begin":
            owner = ProcessMark(int(event["pid"]), str(event["started"]))
            return replace(state, run_id=str(event["run_id"]), owner=owner, ended=False, kept=False)
        case "embedded":
            return replace(state, home=Path(event["home"]))
        case "given":
            return replace(state, url=str(event["url"]))
        case "create":
            return replace(
                state, databases=(*(n for n in state.databases if n != event["database"]), event["database"])
            )
        case "drop":
            return replace(state, databases=tuple(n for n in state.databases if n != event["database"]))
        case "end":
            return replace(state, ended=True, kept=bool(event["kept"]))
    return state


def _lock(folder: Path) -> FileLock:
    lock = FileLock(folder / FILE_NAME)
    if not lock.acquire(PATIENCE_S):
        lock.release()
        raise ServerError(f"another bench works in {folder}", "wait until it ends, or use another folder")
    return lock
