"""Coroutines run at once, so that the error of one ends and awaits all others before it is raised."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def together(*work: Coroutine[Any, Any, Answer]) -> list[Answer]:
    """The answers, in the order given; of several errors the first.

    asyncio.gather lets the others run on after an error, on connections that are about to be closed.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(item) for item in work]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
