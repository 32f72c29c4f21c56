"""A probe of the event loop: how late a loop that is busy, or has no core, runs what was due."""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections.abc import Sequence
from math import ceil

from harness.measure.timer import arm_timer, open_timer

INTERVAL_S = 0.002
"""How often the probe is due; a loop that is late by several intervals is charged for each of them."""

_MOST_DELAY_SHARE = 0.2
_ROUNDING_S = 1e-6


class LagProbe:
    """Measures the lag of the running loop between `start` and `stop`.

    Where the loop serves a single connection, its own work is no lag: it takes up that connection's own response, and
    delays nobody else's. What is left then is the time in which the loop had something to do and no core to do it on.

    On Linux a kernel timer makes a descriptor readable at exact instants: the loop's own timers are rounded to
    milliseconds, which is the very size of the lag that matters. Elsewhere the loop's timers have to do.
    """

    def __init__(self) -> None:
        self._lags: list[float] = []
        self._due = 0.0
        self._rest_s = INTERVAL_S
        """What was left until it was next due when it last stopped: a slice in short turns has its probes, too."""
        self._alone = False
        self._worked_s = 0.0
        self._descriptor = open_timer()
        self._handle: asyncio.TimerHandle | None = None

    def start(self, alone: bool = False) -> None:
        """Begins to measure; `alone`: the loop serves a single connection."""
        self._lags = []
        self._alone = alone
        self._worked_s = time.thread_time()
        self._due = time.perf_counter() + self._rest_s
        loop = asyncio.get_running_loop()
        if self._descriptor >= 0:
            arm_timer(self._descriptor, self._due, INTERVAL_S)
            loop.add_reader(self._descriptor, self._read)
        else:
            self._handle = loop.call_later(self._rest_s, self._again)

    def stop(self) -> list[float]:
        """Ends measuring and gives the lags in seconds, one for each time that the probe was due."""
        if self._descriptor >= 0:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            arm_timer(self._descriptor, 0.0)
        elif self._handle is not None:
            self._handle.cancel()
        now = time.perf_counter()
        self._charge(now)
        self._rest_s = max(self._due - now, 0.0)
        return self._lags

    def _read(self) -> None:
        try:
            (times,) = struct.unpack("=Q", os.read(self._descriptor, 8))
        except BlockingIOError:
            return
        self._charge(time.perf_counter(), times)

    def _again(self) -> None:
        self._charge(time.perf_counter())
        self._handle = asyncio.get_running_loop().call_later(max(0.0, self._due - time.perf_counter()), self._again)

    def _charge(self, now: float, times: int | None = None) -> None:
        missed = ceil((now - self._due) / INTERVAL_S) if times is None else times
        worked_s = time.thread_time()
        own_s = worked_s - self._worked_s if self._alone else 0.0
        self._worked_s = worked_s
        for _ in range(missed):
            self._lags.append(max(0.0, now - self._due - own_s))
            self._due += INTERVAL_S


def percentile_99(lags_s: Sequence[float]) -> float:
    """The 99th percentile (the value that at most 1 % exceed), 0 without any.

    A slice of 100 ms has 50 lags: the largest one alone is no evidence of what 1 % of the time looked like, so that at
    least two have to be that late.
    """
    if len(lags_s) < 2:
        return 0.0
    return sorted(lags_s)[min(ceil(0.99 * len(lags_s)) - 1, len(lags_s) - 2)]


def closed_percentile_99(lags_s: Sequence[float]) -> float:
    """The same for a closed loop, without its longest delay unless that took more than a fifth of the time.

    However long it is, one delay is in one operation of each client that waits just then: no quantile of a slice rests
    on it. A second one is evidence of a client that is late again and again.
    """
    rest = _without_longest_delay(lags_s)
    return sorted(rest)[ceil(0.99 * len(rest)) - 1] if rest else 0.0


def _without_longest_delay(lags_s: Sequence[float]) -> list[float]:
    """The lags of one delay follow each other, each an interval less."""
    if not lags_s:
        return []
    first = max(range(len(lags_s)), key=lags_s.__getitem__)
    last = first + 1
    while last < len(lags_s) and abs(lags_s[last - 1] - lags_s[last] - INTERVAL_S) < _ROUNDING_S:
        last += 1
    too_long = last - first > max(1, _MOST_DELAY_SHARE * len(lags_s))
    return list(lags_s) if too_long else [*lags_s[:first], *lags_s[last:]]
