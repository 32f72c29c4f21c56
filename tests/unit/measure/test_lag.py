"""The probe of the event loop: quiet on an idle loop, exact about a blocked one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from harness.measure.lag import INTERVAL_S, LagProbe, closed_percentile_99, percentile_99


def lags_while(work_s: float, blocked_s: float) -> list[float]:
    async def run() -> list[float]:
        probe = LagProbe()
        probe.start()
        await asyncio.sleep(work_s)
        time.sleep(blocked_s)  # noqa: ASYNC251 - blocking the loop is what is measured
        await asyncio.sleep(0)
        return probe.stop()

    return asyncio.run(run())


def test_a_blocked_loop_is_charged_once_for_every_time_that_was_due() -> None:
    lags = lags_while(0.0, 0.1)
    assert 0.1 / INTERVAL_S * 0.9 <= len(lags) <= 0.1 / INTERVAL_S * 2
    assert max(lags) >= 0.095
    assert sorted(lags)[len(lags) // 2] == pytest.approx(0.05, abs=0.03)


def test_the_probe_looks_as_often_as_it_says() -> None:
    lags = lags_while(0.2, 0.0)
    assert len(lags) == pytest.approx(0.2 / INTERVAL_S, rel=0.25)


def test_a_probe_can_be_used_again() -> None:
    async def run() -> tuple[int, int]:
        probe = LagProbe()
        counts = []
        for _ in range(2):
            probe.start()
            await asyncio.sleep(0.02)
            counts.append(len(probe.stop()))
            await asyncio.sleep(0.05)
        return counts[0], counts[1]

    first, second = asyncio.run(run())
    assert second < 2 * first + 10


def test_turns_shorter_than_its_interval_have_their_probes_all_together() -> None:
    async def run() -> int:
        probe, count = LagProbe(), 0
        for _ in range(40):
            probe.start()
            await asyncio.sleep(INTERVAL_S / 4)
            count += len(probe.stop())
        return count

    assert asyncio.run(run()) >= 10


def test_the_percentile_is_the_value_that_one_percent_exceed_and_never_rests_on_one_lag() -> None:
    assert percentile_99([float(value) for value in range(1, 101)]) == 99.0
    assert percentile_99([float(value) for value in range(1, 1001)]) == 990.0
    assert percentile_99([3.0, 1.0, 2.0]) == 2.0
    assert percentile_99([3.0]) == 0.0
    assert percentile_99([]) == 0.0


def delay(lag_s: float) -> list[float]:
    """The lags of one delay."""
    return [lag_s - INTERVAL_S * place for place in range(1 + int(lag_s / INTERVAL_S))]


QUIET = [0.0001] * 30


@pytest.mark.parametrize(
    ("lags_s", "expected_s"),
    [
        ([], 0.0),
        ([0.009], 0.0),
        (QUIET, 0.0001),
        ([*QUIET, *delay(0.013), *QUIET], 0.0001),
        ([*QUIET, *delay(0.013), *QUIET, *delay(0.005)], 0.005),
        ([*QUIET, *delay(0.003), *QUIET, *delay(0.0015)], 0.0015),
        ([*QUIET, *delay(0.1)], 0.1),
        ([0.0001] * 18 + [0.004, 0.004], 0.004),
    ],
)
def test_one_delay_makes_no_client_of_a_closed_loop_late_but_two_do_and_a_long_one(
    lags_s: list[float], expected_s: float
) -> None:
    assert closed_percentile_99(lags_s) == pytest.approx(expected_s)


def test_a_delay_that_was_measured_is_one_delay() -> None:
    assert closed_percentile_99([*QUIET, *lags_while(0.0, 0.02), *QUIET]) < 0.004
    assert closed_percentile_99([*QUIET, *lags_while(0.0, 0.02), *lags_while(0.0, 0.02), *QUIET]) > 0.015


@pytest.mark.parametrize("alone", [True, False])
def test_a_single_connections_own_work_is_no_lag_but_standing_still_is(alone: bool) -> None:
    async def largest(block: Callable[[], None]) -> float:
        probe = LagProbe()
        probe.start(alone)
        await asyncio.sleep(0.01)
        block()
        await asyncio.sleep(0)
        return percentile_99(probe.stop())

    starved_s = 0.0  # the time in which a busy machine kept the work off its core is lag, and must be

    def work() -> None:
        nonlocal starved_s
        began_s, until_s = time.perf_counter(), time.thread_time() + 0.05
        while time.thread_time() < until_s:
            pass
        starved_s = time.perf_counter() - began_s - 0.05

    worked = asyncio.run(largest(work))
    assert worked < starved_s + 0.02 if alone else worked > 0.03
    assert asyncio.run(largest(lambda: time.sleep(0.05))) > 0.03
