"""Clients as coroutines that go on in the very callback that brings what they wait for.

A task of asyncio's waits one more turn of the event loop between the arrival of an answer and its taking up, and every
request costs a future besides: time of the client's that a latency would hold.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

Found = TypeVar("Found")


class Awaited:
    """Something that one client at a time waits for; whoever brings it calls `bring` or `fail`, from a callback."""

    _waiting: Client | None = None

    def __await__(self) -> Generator[Awaited, Any, Any]:
        """Waits; gives what is brought."""
        return (yield self)

    def bring(self, value: object = None) -> None:
        """The client goes on, until it waits again, before this returns."""
        client, self._waiting = self._waiting, None
        if client is not None:
            client.go_on(value)

    def fail(self, error: Exception) -> None:
        """The error is raised where the client waits."""
        client, self._waiting = self._waiting, None
        if client is not None:
            client.throw(error)


class Client:
    """A coroutine under way; it may await Awaited things alone, none of asyncio's."""

    def __init__(self, course: Coroutine[Awaited, Any, Any], ended: asyncio.Future[Any]) -> None:
        self._course = course
        self._ended = ended

    def go_on(self, value: object) -> None:
        """Runs it until it waits again or ends."""
        self._run(self._course.send, value)

    def throw(self, error: Exception) -> None:
        """The same, with an error where it waits."""
        self._run(self._course.throw, error)

    def _run(self, resume: Callable[[Any], Awaited], value: object) -> None:
        try:
            resume(value)._waiting = self
        except StopIteration as stop:
            self._ended.set_result(stop.value)
        except Exception as error:  # noqa: BLE001 - it is handed on to whoever awaits the end
            self._ended.set_exception(error)


def started(course: Coroutine[Any, Any, Found]) -> asyncio.Future[Found]:
    """Runs the coroutine until it first waits; the future is for its end, and is one that asyncio's own can await."""
    ended: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
    Client(course, ended).go_on(None)
    return ended
