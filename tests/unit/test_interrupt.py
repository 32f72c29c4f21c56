"""Ctrl-C and SIGTERM: the first one lets the work tidy up, the second leaves at once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from harness.interrupt import run_async

TWICE = """
import asyncio, os, signal, sys
from harness.interrupt import run_async

async def stubborn():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)
    finally:
        print("tidying", flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(60)

run_async(stubborn())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_work_tidy_up_and_is_told(number: signal.Signals) -> None:
    seen = []

    async def work() -> None:
        os.kill(os.getpid(), number)
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            seen.append("tidied up")

    with pytest.raises(KeyboardInterrupt):
        run_async(work(), lambda: seen.append("told"))
    assert seen == ["told", "tidied up"]


def test_what_handled_the_signals_before_does_so_again() -> None:
    async def work() -> int:
        return 42

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert run_async(work()) == 42
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_an_ignored_ctrl_c_stays_ignored() -> None:
    async def work() -> str:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.05)
        return "undisturbed"

    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert run_async(work()) == "undisturbed"
    finally:
        signal.signal(signal.SIGINT, former)


def test_work_that_catches_its_cancellation_can_be_left_by_a_second_signal() -> None:
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (130, "tidying\n")
    assert "bench clean" in done.stderr
