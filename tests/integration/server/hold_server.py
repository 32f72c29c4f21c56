"""A run of its own, as a program: opens a server, makes a database, and waits to be told to end, or to be killed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from harness.progress import Silent
from harness.server import Databases, Journal, ServerOptions, open_server


async def hold(folder: Path, pg_bin: Path | None, keep: bool, dsn: str | None) -> None:
    """Says in one line of JSON what there is, then waits for a line on stdin."""
    journal = Journal.begin(folder)
    options = ServerOptions(pg_bin=pg_bin, keep=keep, dsn=dsn)
    async with open_server(options, journal, Silent()) as server:
        databases = Databases(server, journal)
        name = await databases.create("before")
        connection = await databases.connect("before")
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        await connection.close()
        said = {
            "pid": os.getpid(),
            "home": str(server.home),
            "database": name,
            "url": server.address.url(name),
            "version": server.version_num,
        }
        print(json.dumps(said), flush=True)
        sys.stdin.readline()
    journal.end(kept=keep)


if __name__ == "__main__":
    arguments = json.loads(sys.argv[1])
    pg_bin = arguments.get("pg_bin")
    asyncio.run(
        hold(
            Path(arguments["folder"]),
            Path(pg_bin) if pg_bin else None,
            bool(arguments.get("keep")),
            arguments.get("dsn"),
        )
    )
