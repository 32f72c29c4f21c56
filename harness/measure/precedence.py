"""Precedence: a worker that has something to do gets a core at once, whatever the server's processes do on it.

A worker sleeps nearly all the time, yet where parallel plans keep every core busy, the kernel lets a process that
just woke wait until the running one's turn ends: 1 to 7 ms on Linux 6.18, which made the client late in a third of the
slices at 100k rows on two cores. Short turns of its own, at whose start the kernel lets it in, and where allowed a
higher priority bring that down. Neither takes a core from the server but for the client's own work.

Where the kernel groups processes by session (autogroups, sched(7)), priorities count within a session only, and each
of PostgreSQL's processes begins one of its own. So a worker begins one, too, and asks for the priority of the whole of
it: with three busy sessions on two cores, its probe's p99 was 4.3 ms late without precedence, 2.2 to 2.7 ms with short
turns and a priority of its own, and 0.6 ms with this.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
from pathlib import Path

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


def take_precedence() -> None:
    """For this process, as far as the system lets it; where it does not, workers are late more often and say so."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    with contextlib.suppress(OSError):  # it leads a session already, or the kernel has no such groups
        os.setsid()
    with contextlib.suppress(OSError):
        if os.getsid(0) == os.getpid():  # else others would take precedence, too
            AUTOGROUP.write_text(str(NICENESS), encoding="ascii")
    number = _CALL_NUMBERS.get(platform.machine())
    if sys.platform == "linux" and number is not None:
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        wanted = _Attributes(size=ctypes.sizeof(_Attributes), nice=nice, runtime_ns=TURN_NS)
        ctypes.CDLL(None).syscall(number, 0, ctypes.byref(wanted), 0)  # an older kernel ignores or refuses it
