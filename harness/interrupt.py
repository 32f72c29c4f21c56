"""Runs async work so that Ctrl-C and SIGTERM end it tidily, and a second one at once, as a kill would."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import Any, NoReturn, TypeVar

import uvloop

from harness.errors import EXIT_INTERRUPTED

T = TypeVar("T")
_SHOW_CURSOR = "\x1b[?25h"
"""Progress bars hide it."""


class _Stop:
    """What a signal does: the first one cancels the work, which then tidies up behind itself; the second leaves.

    Half a tidying up would be worse than none: what a killed run leaves is known, and taken care of by the next one.
    """

    def __init__(self, tell: Callable[[], object]) -> None:
        self._tell = tell
        self._asked = False
        self._cancel: Callable[[], object] | None = None

    def watch(self) -> None:
        """From now on the running task is what is stopped."""
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None

        def cancel() -> None:
            self._tell()
            task.cancel()

        self._cancel = lambda: loop.call_soon_threadsafe(cancel)

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self._cancel is None:
            raise KeyboardInterrupt
        if self._asked:
            _leave()
        self._asked = True
        self._cancel()


def _leave() -> NoReturn:
    if sys.stderr.isatty():
        sys.stderr.write(_SHOW_CURSOR)
    sys.stderr.write("\nbench: left at once, nothing tidied up — bench clean removes what is left behind\n")
    sys.stderr.flush()
    os._exit(EXIT_INTERRUPTED)


def run_async(work: Coroutine[Any, Any, T], tell: Callable[[], object] = lambda: None) -> T:
    """Runs the coroutine on uvloop; `tell` is called when it is first asked to stop. Raises KeyboardInterrupt then."""
    stop = _Stop(tell)

    async def main() -> T:
        stop.watch()
        return await work

    with _handled(stop), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(main())
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


@contextlib.contextmanager
def _handled(stop: _Stop) -> Iterator[None]:
    """Handles both signals meanwhile; one that is ignored, as a shell has it for background jobs, stays so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heeded = [number for number, handler in former.items() if handler is not signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, former[number])


def raise_on_sigterm() -> None:
    """SIGTERM raises KeyboardInterrupt, as Ctrl-C does, also where no async work runs."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
