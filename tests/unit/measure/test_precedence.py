"""A worker takes precedence as far as the system lets it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

from harness.measure.precedence import AUTOGROUP, NICENESS

SCRIPT = """
import ctypes, os
from harness.measure import precedence
precedence.take_precedence()
number = precedence._CALL_NUMBERS[precedence.platform.machine()] + 1  # sched_getattr follows sched_setattr
found = precedence._Attributes()
assert ctypes.CDLL(None).syscall(number, 0, ctypes.byref(found), ctypes.sizeof(found), 0) == 0
print(found.policy, found.nice, found.runtime_ns)
print(os.getsid(0) == os.getpid())
try:
    print(precedence.AUTOGROUP.read_text().split()[-1])
except OSError:
    print("ungrouped")
"""


def _told() -> list[str]:
    told = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True)
    return told.stdout.split()


def test_a_worker_asks_for_the_shortest_turns_and_keeps_its_policy() -> None:
    policy, nice, turn_ns = map(int, _told()[:3])
    assert policy == 0
    assert nice <= 0
    kernel = tuple(int(part) for part in platform.release().split(".")[:2])
    assert turn_ns == (100_000 if kernel >= (6, 12) else turn_ns)


def test_its_whole_session_takes_precedence_for_priorities_count_within_one_only() -> None:
    own_session, niceness = _told()[3:]
    assert own_session == "True"
    allowed = os.geteuid() == 0 and AUTOGROUP.exists()
    assert niceness in (str(NICENESS) if allowed else "0", "ungrouped")


def test_others_in_the_session_of_the_caller_keep_theirs() -> None:
    before = AUTOGROUP.read_text() if AUTOGROUP.exists() else ""
    _told()
    assert (AUTOGROUP.read_text() if AUTOGROUP.exists() else "") == before
