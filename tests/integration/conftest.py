"""Real servers for the tests: one for the session, and a fresh database for each test that asks for one."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.progress import Silent
from harness.server import Databases, Journal, Server, ServerOptions, open_server


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes databases on the session's embedded server: PostgreSQL 18, or the programs in BENCH_TEST_PG_BIN."""
    pg_bin = os.environ.get("BENCH_TEST_PG_BIN")
    journal = Journal.begin(tmp_path_factory.mktemp("run"))
    with asyncio.Runner() as runner:
        opened = open_server(ServerOptions(pg_bin=Path(pg_bin) if pg_bin else None), journal, Silent())
        server = runner.run(opened.__aenter__())
        try:
            yield Databases(server, journal)
        finally:
            runner.run(opened.__aexit__(None, None, None))
            journal.end(kept=False)


@pytest.fixture(scope="session")
def server(databases: Databases) -> Server:
    """The session's embedded server."""
    return databases.server


@pytest.fixture
def database(databases: Databases) -> Iterator[str]:
    """The name of a fresh, empty database."""
    arm = f"test{next(_NUMBERS)}"
    yield asyncio.run(databases.create(arm))
    asyncio.run(databases.drop(arm))


_NUMBERS = itertools.count(1)
