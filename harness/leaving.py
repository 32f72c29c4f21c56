"""What a run does as it ends, however it ends: for an exit stack, which hands on the error that ended it, if any."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from harness.errors import HarnessError
from harness.progress import Progress
from harness.seed import discard_parts
from harness.server import Databases, Journal
from harness.server.faults import ResumableError
from harness.server.roles import drop_made_roles


def log_keeper(log: Path, kept: Path) -> Callable[..., None]:
    """Where an error ends the run, what the server said is kept, for its folder goes."""

    def keep(_kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, Exception):
            with contextlib.suppress(OSError):
                shutil.copyfile(log, kept)

    return keep


def ending(journal: Journal, folder: Path, *, keep: bool) -> Callable[..., None]:
    """The run is over, and what it leaves, if anything, is left on purpose."""

    def end(_kind: object, error: BaseException | None, _traceback: object) -> None:
        kept = keep or isinstance(error, ResumableError)
        try:
            if not kept:
                discard_parts(folder)
        finally:
            journal.end(kept=kept)

    return end


def leaving(databases: Databases, progress: Progress) -> Callable[..., Awaitable[None]]:
    """Leaves a given server as it was; where that fails, it must not hide what ended the run."""

    async def leave(_kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, ResumableError):
            return
        try:
            await databases.drop_all()
            await drop_made_roles(databases.server.address)
        except (HarnessError, asyncpg.PostgresError, OSError) as failure:
            url = databases.server.address.url()
            progress.note(f"not all could be removed from {url} ({failure}): bench clean --dsn {url} removes the rest")

    return leave
