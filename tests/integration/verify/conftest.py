"""An older server with ICU collations, which the embedded one lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.progress import Silent
from harness.server import Databases, Journal, ServerOptions, open_server


@pytest.fixture(scope="package")
def databases15(pg15: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes databases on an embedded server of PostgreSQL 15."""
    journal = Journal.begin(tmp_path_factory.mktemp("run15"))
    with asyncio.Runner() as runner:
        opened = open_server(ServerOptions(pg_bin=pg15), journal, Silent())
        server = runner.run(opened.__aenter__())
        try:
            yield Databases(server, journal)
        finally:
            runner.run(opened.__aexit__(None, None, None))
            journal.end(kept=False)
