"""Who is alive: processes told apart from later ones of the same number, and locks that end with their holder."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

PATIENCE_S = 1.0
_POLL_S = 0.02
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class ProcessMark:
    """A process and when it started: the number alone is given to another one later."""

    pid: int
    started: str

    @property
    def is_alive(self) -> bool:
        """Whether this very process runs; a zombie, which nobody has buried yet, does not."""
        return mark_process(self.pid) == self


def mark_process(pid: int) -> ProcessMark | None:
    """The mark of a running process; None where there is none, or only its zombie."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return ProcessMark(pid, _start_time(process))
    except psutil.NoSuchProcess:
        return None


def _start_time(process: psutil.Process) -> str:
    """On Linux boot and clock ticks since then, which no change of the clock moves; elsewhere the time."""
    try:
        after_name = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2]
        return f"{_BOOT_ID.read_text(encoding='ascii').strip()}/{after_name.split()[19]}"
    except (OSError, IndexError):
        return str(process.create_time())


def processes_in(folder: Path) -> list[psutil.Process]:
    """Running processes whose working folder is `folder`: of a data folder, its postmaster and all of its backends."""
    target = str(folder.resolve())
    return [process for process in psutil.process_iter() if _works_in(process, target)]


def _works_in(process: psutil.Process, target: str) -> bool:
    try:
        return process.cwd() == target and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False


class FileLock:
    """A lock on a file that the kernel releases when its holder ends, however that ends."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def acquire(self, patience_s: float = 0.0) -> bool:
        """Takes the lock if nobody else holds it, or gives it up in time (a look at it holds it for a moment)."""
        deadline_s = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline_s:
                    return False
                time.sleep(_POLL_S)
            else:
                return True

    def release(self) -> None:
        """Gives the lock back; may be called again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock on the file."""
    if not path.exists():
        return False
    try:
        lock = FileLock(path)
    except PermissionError:
        return True  # somebody else's: not ours to judge
    try:
        return not lock.acquire()
    finally:
        lock.release()
