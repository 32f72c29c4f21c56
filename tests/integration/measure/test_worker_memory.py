"""A worker's memory: flat, however long it runs, apart from 40 bytes for each sample of its longest slice."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import psutil

from harness.measure.buffer import SAMPLE
from harness.measure.crew import Crew
from harness.measure.orders import ArmWork, OpenOrder, Setup, SliceOrder, Work
from harness.server import Server

ROUNDS = 12
OPERATIONS = 4000
LONG = 80_000
SLACK_BYTES = 2 * 2**20


def test_a_workers_memory_does_not_grow_with_what_it_has_run(arms: dict[str, str], server: Server) -> None:
    work = Work("point", True, (("SELECT name, made_at FROM item WHERE id = $1", ("id",)),), ({"id": 1}, {"id": 2}))
    setup = Setup(server.address, (ArmWork("before", arms["before"], (work,)),), (), ())

    async def run() -> list[int]:
        crew = Crew()
        try:
            await crew.assemble(setup, 3, 1)
            process = psutil.Process(crew.workers[0].pid)
            held = []
            for _ in range(ROUNDS):
                now = time.perf_counter()
                closed = SliceOrder(((0,),), 0, 2, OPERATIONS // 2, 0, (0, 1), now, now + 60)
                (outcome,) = await crew.run(closed, 60, share_cores=False)
                assert len(outcome.samples) == OPERATIONS
                start_at = time.perf_counter() + 0.01
                numbers = np.arange(OPERATIONS, dtype=np.int64)
                order = OpenOrder(
                    arm=0,
                    clients=2,
                    due_s=start_at + numbers.astype(np.float64) * 1e-5,
                    query=np.zeros_like(numbers),
                    number=numbers,
                    writing=np.zeros(OPERATIONS, dtype=bool),
                    start_at=start_at,
                    stop_at=start_at + 60,
                    writes_stop_at=start_at + 60,
                )
                outcome, _ = await crew.run_open({0: order}, 60)
                assert len(outcome.samples) == OPERATIONS
                held.append(process.memory_info().rss)
            now = time.perf_counter()
            await crew.run(SliceOrder(((0,),), 0, 1, LONG, 0, (0, 1), now, now + 60), 60, share_cores=False)
            held.append(process.memory_info().rss)
            return held
        finally:
            await crew.dismiss()

    held = asyncio.run(run())
    *short, long = held
    assert max(short[2:]) - short[1] < SLACK_BYTES, held
    assert long - short[-1] < LONG * SAMPLE.itemsize + SLACK_BYTES / 2, held
    assert SAMPLE.itemsize == 44
