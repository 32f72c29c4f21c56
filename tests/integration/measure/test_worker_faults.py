"""What goes wrong around a measurement: workers that die, a server that goes away."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from harness.errors import ServerError
from harness.measure.model import Measurement, MeasureOptions
from harness.measure.samples import read_table
from harness.progress import Silent
from harness.server import Address, Databases, Journal, Server, ServerOptions, open_server
from tests.integration.measure.measuring import SCHEMA, Recording, measured, options, query

POINT = query("point", "SELECT id, name FROM item WHERE id = $1::int")
SUM = query("sum", "SELECT sum(price) FROM item WHERE id < $1::int + 5000")


def worker_pids() -> list[int]:
    children = psutil.Process().children()
    return [child.pid for child in children if "harness.measure.worker" in child.cmdline()]


async def interrupt(
    arms: dict[str, str], address: Address, samples: Path, chosen: MeasureOptions, act: Callable[[], object]
) -> Measurement:
    """Measures, and does `act` in the middle of a slice of the third block or a later one."""
    progress = Recording()
    measuring = asyncio.create_task(measured([POINT, SUM], arms, address, samples, chosen, progress))
    warm = asyncio.create_task(progress.warm.wait())
    await asyncio.wait({warm, measuring}, return_when=asyncio.FIRST_COMPLETED)
    warm.cancel()
    await asyncio.sleep(0.03)
    if act() == CANCEL:
        measuring.cancel()
    return await measuring


CANCEL = "cancel"


def kill_a_worker() -> None:
    os.kill(worker_pids()[0], signal.SIGKILL)


def test_a_worker_killed_in_the_middle_voids_a_slice_and_the_run_goes_on(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    chosen = options(clients=(2,), looks=(6,))
    measurement = asyncio.run(interrupt(arms, server.address, tmp_path / "s", chosen, kill_a_worker))
    killed = [void for void in measurement.void_slices if "a worker was ended by SIGKILL" in void.reason]
    assert len(killed) == 1
    assert max(item.block for item in measurement.table.slices) > killed[0].block
    assert any("1 slices failed: a worker was ended by SIGKILL" in note for note in measurement.notes)
    assert read_table(tmp_path / "s") == measurement.table
    assert worker_pids() == []


def test_a_server_that_goes_away_ends_the_run_and_the_samples_so_far_are_kept(tmp_path: Path) -> None:
    async def run() -> None:
        journal = Journal.begin(tmp_path)
        async with open_server(ServerOptions(), journal, Silent()) as server:
            databases = Databases(server, journal)
            await databases.create("base")
            connection = await databases.connect("base")
            await connection.execute(SCHEMA)
            await connection.close()
            arms = {arm: await databases.create(arm, "base") for arm in ("before", "after")}
            assert server.data_directory is not None
            postmaster = int((server.data_directory / "postmaster.pid").read_text().splitlines()[0])
            stop = lambda: os.kill(postmaster, signal.SIGQUIT)  # noqa: E731
            await interrupt(arms, server.address, tmp_path / "samples.parquet", options(looks=(200,)), stop)

    with pytest.raises(ServerError, match="server"):
        asyncio.run(run())
    assert len(read_table(tmp_path / "samples.parquet").slices) >= 8
    assert worker_pids() == []


def test_cancelling_leaves_no_worker_and_keeps_the_samples(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupt(arms, server.address, tmp_path / "s", options(looks=(200,)), lambda: CANCEL))
    assert len(read_table(tmp_path / "s").slices) >= 8
    assert worker_pids() == []


def test_workers_end_when_their_coordinator_is_killed(databases: Databases) -> None:
    async def orphan() -> int:
        from harness.measure.process import WorkerProcess

        worker = await WorkerProcess.start()
        worker._channel.close()  # what the kernel does for a process that is killed
        await asyncio.wait_for(worker._process.wait(), 10)
        code = worker._process.returncode
        await worker.end()
        return -1 if code is None else code

    assert asyncio.run(orphan()) == 0
