"""The private folder of an embedded server: data, socket, password, and the note that says whose it is."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ServerError, UsageError
from harness.server.account import Account
from harness.server.process import PATIENCE_S, FileLock, is_locked

PREFIX = "bench-"
FOLDER_VARIABLE = "BENCH_TMPDIR"
PORT = 5432
USER = "postgres"
_SOCKET_PATH_BYTES = 107


@dataclass(frozen=True)
class Home:
    """`path` is for its owner alone; `server`, inside, belongs to the account that the server runs as."""

    path: Path

    @property
    def server(self) -> Path:
        """The server's own part: data, log, socket."""
        return self.path / "server"

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.server / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.path / "log"

    @property
    def passfile(self) -> Path:
        """The password, in libpq's format."""
        return self.path / "pgpass"

    @property
    def copied(self) -> Path:
        """Copied programs, where the account cannot reach the installed ones."""
        return self.path / "programs"

    @property
    def owner_file(self) -> Path:
        """Which run the folder belongs to."""
        return self.path / "owner.json"

    @property
    def lock_file(self) -> Path:
        """Locked while that run lives."""
        return self.path / "lock"

    @property
    def is_live(self) -> bool:
        """Whether a living process holds the folder."""
        return is_locked(self.lock_file)

    def lock(self) -> FileLock:
        """Takes the folder; raises ServerError where a living process holds it."""
        lock = FileLock(self.lock_file)
        if not lock.acquire(PATIENCE_S):
            lock.release()
            raise ServerError(f"the server in {self.path} is in use by another bench", "wait until that one ends")
        return lock

    def owner_of(self, run_id: str) -> Owner | None:
        """The owner, where this is that run's home indeed: named after it, noted as its, and this user's folder.

        A journal is a file that anybody may have written: what it names is believed only so far.
        """
        owner = self.read_owner() if _is_own_folder(self.path) else None
        return owner if owner and owner.run_id == run_id and self.path.name == f"{PREFIX}{run_id}" else None

    def write_owner(self, owner: Owner) -> None:
        """Notes whose folder this is, in one step."""
        draft = self.owner_file.with_suffix(".new")
        draft.write_text(json.dumps(owner.as_dict()), encoding="utf-8")
        draft.replace(self.owner_file)

    def read_owner(self) -> Owner | None:
        """Whose folder this is; None where nothing readable says so."""
        try:
            return Owner.of_dict(json.loads(self.owner_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_password(self) -> str:
        """Makes up the server's password and keeps it in the folder."""
        password = secrets.token_hex(24)
        descriptor = os.open(self.passfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"*:*:*:{USER}:{password}\n")
        return password

    def remove(self) -> None:
        """Deletes the folder and all that is in it."""
        shutil.rmtree(self.path)


@dataclass(frozen=True)
class Owner:
    """The run that a home belongs to, where its journal lies, and with which programs its server runs."""

    run_id: str
    journal: Path
    programs: Path
    run_as: str | None
    kept: bool = False

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "run_id": self.run_id,
            "journal": str(self.journal),
            "programs": str(self.programs),
            "run_as": self.run_as,
            "kept": self.kept,
        }

    @classmethod
    def of_dict(cls, data: dict[str, object]) -> Owner:
        """From JSON; raises KeyError or TypeError where something is missing."""
        run_as = data["run_as"]
        return cls(
            run_id=str(data["run_id"]),
            journal=Path(str(data["journal"])),
            programs=Path(str(data["programs"])),
            run_as=None if run_as is None else str(run_as),
            kept=bool(data["kept"]),
        )


def make_home(run_id: str, account: Account) -> Home:
    """A new private folder on a short path of a disk for temporary files.

    Raises UsageError where BENCH_TMPDIR is no usable folder, ServerError where none of the usual ones is.
    """
    reasons = []
    for base in base_folders():
        home = Home(base / f"{PREFIX}{run_id}")
        try:
            _make(home, account)
        except OSError as error:
            reasons.append(f"{base}: {error.strerror}")
        else:
            return home
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        message = f"{FOLDER_VARIABLE}={chosen} cannot hold the server: {'; '.join(reasons)}"
        raise UsageError(message, "name another folder")
    raise ServerError(f"no folder for the server: {'; '.join(reasons)}", f"name one in the variable {FOLDER_VARIABLE}")


def _make(home: Home, account: Account) -> None:
    """Makes the folders and lets the account, and nobody else, through to its own; raises OSError with the reason."""
    if len(os.fsencode(home.server / f".s.PGSQL.{PORT}")) > _SOCKET_PATH_BYTES:
        raise OSError(errno.ENAMETOOLONG, "the path is too long for a socket")
    home.path.mkdir(mode=0o700)
    try:
        home.server.mkdir(mode=0o700)
        if not account.is_own:
            account.give(home.server)
            os.chown(home.path, -1, account.gid)
            home.path.chmod(0o710)
        obstacle = account.obstacle(home.server)
        if obstacle:
            raise PermissionError(errno.EACCES, f"the account {account.name} cannot work there ({obstacle})")
    except OSError:
        shutil.rmtree(home.path)
        raise


def base_folders() -> list[Path]:
    """Folders that may hold homes, the best first; only the user's choice where BENCH_TMPDIR names one."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    names = [chosen] if chosen else ["/var/tmp", tempfile.gettempdir(), "/tmp"]  # noqa: S108 -- a 0700 folder in it
    return list(dict.fromkeys(Path(name).absolute() for name in names))


def find_homes() -> Iterator[Home]:
    """Every home of this user; a folder or link that somebody else put there is not ours to look into."""
    for base in base_folders():
        for path in sorted(base.glob(f"{PREFIX}*")):
            if _is_own_folder(path):
                yield Home(path)


def _is_own_folder(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
