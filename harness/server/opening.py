"""Opens the server of a run, embedded or given."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from harness.progress import Progress
from harness.server.facts import Server
from harness.server.given import open_given
from harness.server.hosting import embedded_server
from harness.server.journal import Journal
from harness.server.options import ServerOptions


@contextlib.asynccontextmanager
async def open_server(options: ServerOptions, journal: Journal, progress: Progress) -> AsyncIterator[Server]:
    """The run's server; a resumed run's embedded server goes on where it stopped.

    Afterwards an embedded server is stopped and its folder deleted, unless `options.keep`; a given server is left
    alone (its databases are dropped by `Databases.drop_all`). Raises UsageError and ServerError.
    """
    if options.dsn is None:
        async with embedded_server(options, journal, progress) as server:
            yield server
    else:
        server = await open_given(options.dsn, options.allow_roles)
        journal.record("given", url=server.address.url())
        for reason in server.degraded:
            progress.note(f"on this server: {reason}")
        yield server
