"""`bench serve`: the kept server of a run, up until somebody stops it."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections.abc import Callable
from pathlib import Path

from harness.interrupt import run_async
from harness.progress import Progress
from harness.server import ServerOptions
from harness.server.journal import FILE_NAME, read_journal
from harness.server.serve import serve


def serve_until_stopped(folder: Path, options: ServerOptions, progress: Progress, say: Callable[[str], object]) -> None:
    """Runs the kept server of a run until Ctrl-C or SIGTERM, and says how to connect to each of its databases."""

    async def wait() -> None:
        state = read_journal(folder / FILE_NAME)
        async with serve(folder, options, progress) as server:
            for name in state.databases if state else ():
                say(shlex.join(["psql", server.address.url(name)]))
            say("stop it with Ctrl-C")
            await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        run_async(wait())
