"""`bench serve`: the kept server of a run, started again as it was left."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from harness.errors import ServerError
from harness.progress import Progress
from harness.server.facts import Server
from harness.server.hosting import kept_server
from harness.server.journal import FILE_NAME, Journal, read_journal
from harness.server.options import ServerOptions


@contextlib.asynccontextmanager
async def serve(folder: Path, options: ServerOptions, progress: Progress) -> AsyncIterator[Server]:
    """The embedded server of the run in `folder`, kept by --keep or left by a killed run; kept afterwards.

    `options.pg_bin` replaces programs that are no longer where they were. Raises ServerError where nothing is left to
    serve, or another bench uses it.
    """
    state = read_journal(folder / FILE_NAME)
    if state is not None and state.home is None and state.url is not None:
        raise ServerError(
            f"the run in {folder} used the server {state.url}", "connect there: bench starts no given server"
        )
    journal = Journal.resume(folder)
    try:
        async with kept_server(options, journal, progress) as server:
            yield server
    finally:
        home = journal.state.home
        journal.end(kept=home is not None and home.is_dir())
