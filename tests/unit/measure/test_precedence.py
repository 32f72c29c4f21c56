"""A worker takes precedence as far as the system lets it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys

import pytest

from harness.measure.precedence import AUTOGROUP, NICENESS

SCRIPT = """
import ctypes, os, sys
from harness.measure import precedence

def forbidden(*_):
    raise PermissionError(1, "Operation not permitted")

if sys.argv[1] == "refused":
    os.sched_setscheduler = forbidden
print(precedence.take_precedence())
number = precedence._CALL_NUMBERS[precedence.platform.machine()] + 1  # sched_getattr follows sched_setattr
found = precedence._Attributes()
assert ctypes.CDLL(None).syscall(number, 0, ctypes.byref(found), ctypes.sizeof(found), 0) == 0
print(found.policy, found.nice, found.runtime_ns, found.priority)
print(os.getsid(0) == os.getpid())
try:
    print(precedence.AUTOGROUP.read_text().split()[-1])
except OSError:
    print("ungrouped")
"""


def _told(way: str) -> list[str]:
    told = subprocess.run([sys.executable, "-c", SCRIPT, way], check=True, capture_output=True, text=True)
    return told.stdout.split()


def _is_granted() -> bool:
    """Whether this system lets a process of ours have real-time turns, asked without our own code."""
    told = subprocess.run(["chrt", "--rr", "1", "true"], capture_output=True)
    return told.returncode == 0


@pytest.mark.skipif(shutil.which("chrt") is None, reason="needs chrt to ask the system")
def test_a_worker_is_let_in_at_once_where_the_system_grants_real_time_turns_and_tells_whether() -> None:
    granted, policy, _, _, priority = _told("as it is")[:5]
    assert granted == str(_is_granted())
    assert (int(policy), int(priority)) == ((os.SCHED_RR, 1) if _is_granted() else (0, 0))


def test_a_worker_asks_for_the_shortest_turns_and_keeps_its_policy_where_it_is_refused() -> None:
    granted, policy, nice, turn_ns = _told("refused")[:4]
    assert granted == "False"
    assert int(policy) == 0
    assert int(nice) <= 0
    kernel = tuple(int(part) for part in platform.release().split(".")[:2])
    assert turn_ns == ("100000" if kernel >= (6, 12) else turn_ns)


def test_its_whole_session_takes_precedence_for_priorities_count_within_one_only() -> None:
    own_session, niceness = _told("refused")[5:]
    assert own_session == "True"
    allowed = os.geteuid() == 0 and AUTOGROUP.exists()
    assert niceness in (str(NICENESS) if allowed else "0", "ungrouped")


def test_others_in_the_session_of_the_caller_keep_theirs() -> None:
    before = AUTOGROUP.read_text() if AUTOGROUP.exists() else ""
    _told("refused")
    assert (AUTOGROUP.read_text() if AUTOGROUP.exists() else "") == before
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
