"""Cores: shared by workers and server processes where those are PostgreSQL's on this machine, else left free."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from harness.measure.affinity import Cores
from harness.server import Databases

ALL = os.sched_getaffinity(0)
pytestmark = pytest.mark.skipif(len(ALL) < 2, reason="one core cannot be divided")


@pytest.fixture
def worker() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process.pid
        process.kill()


def test_a_worker_shares_a_core_with_its_server_process_and_is_set_free_again(
    databases: Databases, database: str, worker: int
) -> None:
    async def run() -> None:
        connection = await databases.connect(database.rpartition("_")[2])
        backend = connection.get_server_pid()
        cores = Cores()
        cores.share([(worker, [backend])], [database], shared=True)
        assert os.sched_getaffinity(worker) == os.sched_getaffinity(backend) == {max(ALL)}
        cores.share([(worker, [backend])], [database], shared=False)
        assert os.sched_getaffinity(worker) == os.sched_getaffinity(backend) == ALL
        assert cores.usable
        await connection.close()

    asyncio.run(run())


def test_a_process_that_is_not_postgresqls_is_never_moved(worker: int) -> None:
    cores = Cores()
    cores.share([(worker, [os.getpid()])], ["some_database"], shared=True)
    assert not cores.usable
    assert os.sched_getaffinity(0) == os.sched_getaffinity(worker) == ALL


def test_a_server_process_of_another_database_is_never_moved(databases: Databases, database: str, worker: int) -> None:
    async def run() -> set[int]:
        connection = await databases.connect(database.rpartition("_")[2])
        backend = connection.get_server_pid()
        Cores().share([(worker, [backend])], ["other_database"], shared=True)
        found = os.sched_getaffinity(backend)
        await connection.close()
        return found

    assert asyncio.run(run()) == ALL
