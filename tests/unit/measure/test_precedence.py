"""A worker takes precedence as far as the system lets it."""

from __future__ import annotations

import platform
import subprocess
import sys

SCRIPT = """
import ctypes, os
from harness.measure import precedence
precedence.take_precedence()
number = precedence._CALL_NUMBERS[precedence.platform.machine()] + 1  # sched_getattr follows sched_setattr
found = precedence._Attributes()
assert ctypes.CDLL(None).syscall(number, 0, ctypes.byref(found), ctypes.sizeof(found), 0) == 0
print(found.policy, found.nice, found.runtime_ns)
"""


def test_a_worker_asks_for_the_shortest_turns_and_keeps_its_policy() -> None:
    told = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True)
    policy, nice, turn_ns = map(int, told.stdout.split())
    assert policy == 0
    assert nice <= 0
    kernel = tuple(int(part) for part in platform.release().split(".")[:2])
    assert turn_ns == (100_000 if kernel >= (6, 12) else turn_ns)
