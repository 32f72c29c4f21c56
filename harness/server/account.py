"""The account that the embedded server runs as: the user's own, or, as root, one without rights."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.errors import UsageError

_DEFAULT = "nobody"
_LAUNCH = str(Path(__file__).with_name("launch.py"))
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

_KEEPS_ITS_HEAP = {"MALLOC_MMAP_THRESHOLD_": str(1 << 25), "MALLOC_TRIM_THRESHOLD_": str(1 << 26)}
"""glibc's allocator as it becomes in a process that once needed much memory: what a statement frees stays for the next.

By default the top of the heap goes back to the system when 128 kB of it are free, and each execution gets it anew, page
by page and zeroed: 15 to 27 page faults and 70 of 450 us for a query on a view with many joins. Whether it happens
depends on what a connection did earlier, so that two equal arms, each with connections of its own, would differ by it.
"""


@dataclass(frozen=True)
class Account:
    """An account of the system; `is_own` where it is the one that runs this process."""

    name: str
    uid: int
    gid: int

    @property
    def is_own(self) -> bool:
        """Whether files made by this process belong to the account already."""
        return self.uid == os.geteuid()

    def give(self, path: Path) -> None:
        """Makes one of our own files or folders the account's."""
        if not self.is_own:
            os.chown(path, self.uid, self.gid)

    def obstacle(self, folder: Path) -> str:
        """Why the account cannot work in the folder; empty where it can."""
        done = self.run([], folder)
        return done.stderr.strip() or f"exit code {done.returncode}" if done.returncode else ""

    def command(self, program: Sequence[str | Path], folder: Path) -> list[str]:
        """The command line that runs the program as the account in the folder, ending with this process."""
        launcher = [sys.executable, "-I", "-S", _LAUNCH, str(os.getpid()), str(self.uid), str(self.gid), str(folder)]
        return launcher + [str(part) for part in program]

    def run(self, program: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
        """Runs the program to its end, its output captured; Ctrl-C in a terminal does not reach it."""
        with out_of_reach():
            process = subprocess.Popen(
                self.command(program, folder),
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        with process:
            out, err = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(self, program: Sequence[str | Path], folder: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Starts the program in a session of its own, so that Ctrl-C in a terminal reaches only this process."""
        with out_of_reach():
            return subprocess.Popen(
                self.command(program, folder),
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@contextlib.contextmanager
def out_of_reach() -> Iterator[None]:
    """A process started within is not ended by Ctrl-C in the instant in which it has no session of its own yet.

    It inherits that SIGINT is blocked, and has to let it through again: the launcher does, and forgets one that came.
    """
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


def choose_account(run_as: str | None) -> Account:
    """The account for the server: as root `run_as` or `nobody`, else the user's own.

    Raises UsageError for an account that does not exist, is root, or that this user cannot become.
    """
    uid = os.geteuid()
    if uid != 0:
        if run_as is not None and _lookup(run_as).uid != uid:
            raise UsageError(f"--run-as {run_as}: only root can run the server as somebody else", "leave --run-as out")
        return Account(name=str(uid), uid=uid, gid=os.getegid())
    account = _lookup(run_as or _DEFAULT)
    if account.uid == 0:
        raise UsageError("PostgreSQL does not run as root", f"give --run-as an ordinary account, such as {_DEFAULT}")
    return account


def _lookup(name: str) -> Account:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise UsageError(f"there is no account {name!r}", "give --run-as the name of an existing account") from None
    return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)


def environment() -> dict[str, str]:
    """The server's environment: given, not inherited, but for the ways to programs and libraries."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, **_KEEPS_ITS_HEAP, "LC_ALL": "C", "TZ": "UTC"}
