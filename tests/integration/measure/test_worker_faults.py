"""What goes wrong around a measurement: workers that die, a server that goes away."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from harness.errors import ServerError
from harness.measure.buffer import Samples
from harness.measure.crew import Crew, SliceOutcome
from harness.measure.model import MIX, Measurement, MeasureOptions, OpenLoad
from harness.measure.orders import OpenOrder
from harness.measure.samples import read_open_table, read_table
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


@asynccontextmanager
async def doomed_server(folder: Path) -> AsyncIterator[tuple[Address, dict[str, str], int]]:
    """A server of the test's own: its address, two arms, the process id of its postmaster."""
    journal = Journal.begin(folder)
    async with open_server(ServerOptions(), journal, Silent()) as server:
        databases = Databases(server, journal)
        await databases.create("base")
        connection = await databases.connect("base")
        await connection.execute(SCHEMA)
        await connection.close()
        arms = {arm: await databases.create(arm, "base") for arm in ("before", "after")}
        assert server.data_directory is not None
        yield server.address, arms, int((server.data_directory / "postmaster.pid").read_text().splitlines()[0])


def test_a_server_that_goes_away_ends_the_run_and_the_samples_so_far_are_kept(tmp_path: Path) -> None:
    async def run() -> None:
        async with doomed_server(tmp_path) as (address, arms, postmaster):
            stop = lambda: os.kill(postmaster, signal.SIGQUIT)  # noqa: E731
            await interrupt(arms, address, tmp_path / "samples.parquet", options(looks=(200,)), stop)

    with pytest.raises(ServerError, match="server"):
        asyncio.run(run())
    assert len(read_table(tmp_path / "samples.parquet").slices) >= 8
    assert worker_pids() == []


def in_an_open_slice(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], object]) -> None:
    """Does `act` in the middle of the open slice with this number."""
    run_open, begun = Crew.run_open, []

    async def interrupted(
        crew: Crew, orders: Mapping[int, OpenOrder], timeout_s: float
    ) -> tuple[SliceOutcome, list[Samples]]:
        begun.append(orders)
        if len(begun) == number:
            asyncio.get_running_loop().call_later(0.2, act)
        return await run_open(crew, orders, timeout_s)

    monkeypatch.setattr(Crew, "run_open", interrupted)


OPEN = OpenLoad(rate_per_s=100, connections=2, budget_share=0.8)
"""Slices of half a second at least."""


def test_a_worker_killed_in_an_open_slice_voids_it_and_the_run_goes_on(
    arms: dict[str, str], server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_an_open_slice(monkeypatch, 2 * len(arms) + 1, kill_a_worker)
    chosen = options(budget_s=20, looks=(3,), open_load=OPEN)
    measurement = asyncio.run(measured([POINT], arms, server.address, tmp_path / "s", chosen))
    slices = [item for item in measurement.open_table.slices if item.query == MIX]
    (killed,) = [item for item in slices if "SIGKILL" in item.invalid]
    assert killed.block == 2
    assert killed.intended > 0
    assert slices.index(killed) < len(slices) - 1
    assert any("1 slices failed: a worker was ended by SIGKILL" in note for note in measurement.notes)
    assert [(item.query, item.block) for item in measurement.void_slices if "SIGKILL" in item.reason] == [(MIX, 2)]
    assert read_open_table(tmp_path / "s") == measurement.open_table
    assert worker_pids() == []


def test_a_server_that_goes_away_in_an_open_slice_ends_the_run_and_the_samples_so_far_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with doomed_server(tmp_path) as (address, arms, postmaster):
            in_an_open_slice(monkeypatch, 2 * len(arms) + 2, lambda: os.kill(postmaster, signal.SIGQUIT))
            chosen = options(budget_s=30, looks=(200,), open_load=OPEN)
            await measured([POINT], arms, address, tmp_path / "samples.parquet", chosen)

    with pytest.raises(ServerError, match="server") as caught:
        asyncio.run(run())
    assert caught.value.exit_code == 5
    closed, mixed = read_table(tmp_path / "samples.parquet"), read_open_table(tmp_path / "samples.parquet")
    assert {item.block for item in closed.slices} == {0, 1, 2}
    assert {item.block for item in mixed.slices} == {0, 1, 2}
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
