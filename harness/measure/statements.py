"""Prepared statements executed with the least work of the client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Execute = Callable[[Sequence[Any]], Awaitable[tuple[list[Any], bytes, bool]]]


def executor(statement: Any) -> Execute:
    """Executes a prepared statement with given arguments: rows, command tag, whether all rows came.

    It is what `PreparedStatement.fetch` does, without the checks around it that cost a fifth of the client's time for
    a point query. asyncpg gives no public way to it; where its insides have changed, the public one has to do.
    """
    try:
        protocol, state = statement._connection._protocol, statement._state
        bind_execute = protocol.bind_execute
    except AttributeError:
        return _public_executor(statement)
    return lambda arguments: bind_execute(state, arguments, "", 0, True, None)


def _public_executor(statement: Any) -> Execute:
    async def execute(arguments: Sequence[Any]) -> tuple[list[Any], bytes, bool]:
        rows = await statement.fetch(*arguments)
        return rows, statement.get_statusmsg().encode(), True

    return execute
