"""Exact instants: a kernel timer to wait on, for the event loop's own timers are rounded to milliseconds."""

from __future__ import annotations

import asyncio
import ctypes
import heapq
import itertools
import os
import sys
import time

from harness.measure.clients import Awaited

_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1
_NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC


class _TimerSpec(ctypes.Structure):
    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


def open_timer() -> int:
    """The descriptor of a kernel timer on the performance counter's clock; -1 where the system has none."""
    if sys.platform != "linux":
        return -1
    library = ctypes.CDLL(None, use_errno=True)
    return max(int(library.timerfd_create(_CLOCK_MONOTONIC, _NONBLOCK_CLOEXEC)), -1)


def arm_timer(descriptor: int, first_s: float, interval_s: float = 0.0) -> None:
    """Makes the timer fire at `first_s` on the performance counter's clock and every interval after; 0 disarms it."""
    first, interval = round(first_s * 1e9), round(interval_s * 1e9)
    spec = _TimerSpec(*divmod(interval, 1_000_000_000), *divmod(first, 1_000_000_000))
    _settime(descriptor, _ABSOLUTE, ctypes.byref(spec), None)


_settime = getattr(ctypes.CDLL(None), "timerfd_settime", None) or (lambda *_: -1)


class Pacer:
    """Lets clients sleep until exact instants of the performance counter."""

    def __init__(self) -> None:
        self._descriptor = open_timer()
        self._waiting: list[tuple[float, int, Awaited]] = []
        self._numbers = itertools.count()
        self._watched = False

    def until(self, due_s: float) -> Awaited:
        """What a client awaits to go on at the instant or right after it."""
        instant = Awaited()
        loop = asyncio.get_running_loop()
        if self._descriptor < 0:
            loop.call_later(max(0.0, due_s - time.perf_counter()), instant.bring)
            return instant
        if not self._watched:
            loop.add_reader(self._descriptor, self._wake)
            self._watched = True
        entry = (due_s, next(self._numbers), instant)
        heapq.heappush(self._waiting, entry)
        if self._waiting[0] is entry:
            arm_timer(self._descriptor, due_s)
        return instant

    def _wake(self) -> None:
        try:
            os.read(self._descriptor, 8)
        except BlockingIOError:
            return
        while self._waiting and self._waiting[0][0] <= time.perf_counter():
            heapq.heappop(self._waiting)[2].bring()
        if self._waiting:
            arm_timer(self._descriptor, self._waiting[0][0])


async def wait_until(start_at: float) -> None:
    """Sleeps until shortly before the instant, then spins: all workers begin together."""
    ahead = start_at - time.perf_counter() - 0.0015
    if ahead > 0:
        await asyncio.sleep(ahead)
    while time.perf_counter() < start_at:
        pass
