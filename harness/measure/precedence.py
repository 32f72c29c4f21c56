"""Precedence: a worker that has something to do gets a core at once, whatever the server's processes do on it.

A worker sleeps nearly all the time, yet where parallel plans keep every core busy, the kernel lets a process that
just woke wait: for the end of the running one's turn, or where that is within the kernel (a parallel worker that exits,
say) for the next tick. On Linux 6.18 with two cores, at 100k rows, 5 to 6 % of the answers to queries of 7 and 11 ms
then lay for more than a millisecond (5.3 at the most) before the client could take them, ordinary priority -10 and the
shortest turns granted. A process with real-time turns is let in at once: of 47,758 answers 7 lay for more than 0.05 ms,
the longest for 0.36, and equal arms scattered by 0.7 to 1.3 % instead of 2 to 5 %. It takes no core from the server but
for the client's own work.

Real-time turns need CAP_SYS_NICE, or a limit of real-time priority (`ulimit -r`) of 1. Without, a worker asks for what
any process may have. Where the kernel groups processes by session (autogroups, sched(7)), ordinary priorities count
within a session only, and each of PostgreSQL's processes begins one of its own. So a worker begins one, too, and asks
for the priority of the whole of it: with three busy sessions on two cores, its probe's p99 was 4.3 ms late without
precedence, 2.2 to 2.7 ms with short turns and a priority of its own, and 0.6 ms with this.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
from pathlib import Path

REAL_TIME_PRIORITY = 1
"""The lowest: what else runs in real time goes first."""

NICENESS = -10
TURN_NS = 100_000
"""The shortest turn that the kernel grants (sched(7), SCHED_OTHER with sched_runtime, from Linux 6.12 on)."""

AUTOGROUP = Path("/proc/self/autogroup")

_CALL_NUMBERS = {"x86_64": 314, "aarch64": 274, "riscv64": 274, "ppc64le": 355, "s390x": 345}
"""The system call sched_setattr, which the C library has no name for."""


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime_ns", ctypes.c_uint64),
        ("deadline_ns", ctypes.c_uint64),
        ("period_ns", ctypes.c_uint64),
    )


def take_precedence() -> bool:
    """For this process, as far as the system lets it; False where it grants no real-time turns."""
    with contextlib.suppress(OSError):  # it leads a session already
        os.setsid()
    if _take_real_time():
        return True
    _take_short_turns()
    return False


def _take_real_time() -> bool:
    if not hasattr(os, "sched_setscheduler"):
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(REAL_TIME_PRIORITY))
    except OSError:
        return False
    return True


def _take_short_turns() -> None:
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    with contextlib.suppress(OSError):
        if os.getsid(0) == os.getpid():  # else others would take precedence, too
            AUTOGROUP.write_text(str(NICENESS), encoding="ascii")
    number = _CALL_NUMBERS.get(platform.machine())
    if sys.platform == "linux" and number is not None:
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        wanted = _Attributes(size=ctypes.sizeof(_Attributes), nice=nice, runtime_ns=TURN_NS)
        ctypes.CDLL(None).syscall(number, 0, ctypes.byref(wanted), 0)  # an older kernel ignores or refuses it
