"""The clients' loops: what lies between two requests is no part of either."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

import numpy as np

from harness.measure.buffer import SampleLog, Samples, open_memory, read_samples
from harness.measure.clients import started
from harness.measure.loops import Tally, closed_loop, open_loop, plain
from harness.measure.orders import OpenOrder, SliceOrder, Work
from harness.measure.session import Session
from harness.measure.timer import Pacer

CHANGE_S = 0.05
CLAIMS = tuple((("app.tenant", tenant),) for tenant in "aabb")
WORK = Work("query", True, (), ({},) * 4, claims=CLAIMS)


class SlowToChange:
    """An operation whose connection takes long to change hands."""

    answered_s = 0.0

    def __init__(self) -> None:
        self.asker: object = None
        self.ran: list[tuple[object, object]] = []

    def needs_change(self, chosen: int) -> bool:
        return CLAIMS[chosen] != self.asker

    async def change_asker(self, chosen: int) -> None:
        time.sleep(CHANGE_S)  # noqa: ASYNC251 - as if the answer took so long
        self.asker = CLAIMS[chosen]

    async def run(self, chosen: int, number: int) -> int:
        self.ran.append((self.asker, CLAIMS[chosen]))
        return 1


class Client:
    """A session with that operation alone."""

    def __init__(self) -> None:
        self.operations = [SlowToChange()]
        self.is_broken = False


def logged(loop: Any) -> tuple[Samples, Client, Tally]:
    memory, client, tally = open_memory(), Client(), Tally()
    log = SampleLog(memory)

    async def run() -> None:
        await started(loop(cast("Session", client), log, tally))

    asyncio.run(run())
    return read_samples(memory, log.count), client, tally


def test_a_closed_loops_latencies_leave_out_the_change_of_asker() -> None:
    async def loop(session: Session, log: SampleLog, tally: Tally) -> None:
        now = time.perf_counter()
        await closed_loop(session, WORK, SliceOrder(((0,),), 0, 1, 8, 0, (0, 1, 2, 3), now, now + 60), 0, log, tally)

    samples, client, tally = logged(loop)
    assert len(samples) == 8
    assert max(samples["done_s"] - samples["intended_s"]) < CHANGE_S / 2
    assert all(asker == wanted for asker, wanted in client.operations[0].ran)
    assert (tally.changes, tally.finished) == (2, True)


def test_a_client_of_an_open_load_that_is_early_changes_hands_before_the_instant() -> None:
    async def loop(session: Session, log: SampleLog, tally: Tally) -> None:
        now = time.perf_counter()
        due = np.array([now + 3 * CHANGE_S * place for place in range(1, 5)])
        zeros = np.zeros(4, dtype=np.int64)
        order = OpenOrder(0, 1, due, zeros, np.arange(4), zeros > 0, now, now + 60, now + 60)
        places = iter(plain(np.arange(4)))
        await open_loop(session, [WORK], order, 0, places, now + 60, Pacer(), log, tally)

    samples, client, tally = logged(loop)
    assert len(samples) == 4
    assert max(samples["done_s"] - samples["intended_s"]) < CHANGE_S / 2
    assert all(asker == wanted for asker, wanted in client.operations[0].ran)
    assert tally.changes == 2
