"""Opens the server of a run, embedded or given; says beforehand what is wrong with the wish."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from harness.errors import UsageError
from harness.progress import Progress
from harness.server.account import choose_account
from harness.server.binaries import check_programs
from harness.server.facts import Server
from harness.server.given import open_given, parse_dsn
from harness.server.hosting import embedded_server
from harness.server.journal import Journal
from harness.server.options import ServerOptions


def check_options(options: ServerOptions) -> None:
    """Raises UsageError for what can be told wrong before anything is made: no URL, no such programs, no such account.

    Where a server is given, options of the embedded one are wrong, too: they would do nothing.
    """
    if options.dsn is not None:
        parse_dsn(options.dsn)
        idle = [name for name, value in (("--pg-bin", options.pg_bin), ("--run-as", options.run_as)) if value]
        if idle:
            raise UsageError(f"{idle[0]} is for the embedded server, and --dsn names another", "leave one of them out")
        return
    choose_account(options.run_as)
    if options.pg_bin is not None:
        check_programs(options.pg_bin)


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
