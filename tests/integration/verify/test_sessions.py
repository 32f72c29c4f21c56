"""The check's connections: lent as they come, and let go of whatever they do at the end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness.errors import ServerError
from harness.server import Server
from harness.server.address import connect
from harness.verify import sessions
from harness.verify.sessions import open_sessions


@pytest.mark.parametrize("one_state", [False, True])
def test_work_that_ends_before_the_others_have_connected_does_not_wait_for_them(
    server: Server, database: str, monkeypatch: pytest.MonkeyPatch, one_state: bool
) -> None:
    begun: list[Any] = []

    async def slow_after_the_first(*arguments: Any) -> Any:
        begun.append(arguments)
        return await (connect(*arguments) if len(begun) == 1 else asyncio.Event().wait())

    async def work() -> Any:
        async with open_sessions(server.address, database, 3, one_state=one_state) as opened, opened.one() as lent:
            answer = await lent.fetchval("SELECT 42")
            assert len(begun) == 3, "the others do connect"
            return answer

    monkeypatch.setattr(sessions, "connect", slow_after_the_first)
    assert asyncio.run(asyncio.wait_for(work(), 20)) == 42


def test_what_ends_another_connection_is_told_unless_the_server_takes_no_more(
    server: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(trouble: Exception) -> int:
        begun: list[Any] = []

        async def only_the_first(*arguments: Any) -> Any:
            begun.append(arguments)
            if len(begun) > 1:
                raise trouble
            return await connect(*arguments)

        monkeypatch.setattr(sessions, "connect", only_the_first)
        async with open_sessions(server.address, database, 2) as opened, opened.one() as lent:
            return int(await lent.fetchval("SELECT 42"))

    assert asyncio.run(work(ServerError("too many clients"))) == 42
    with pytest.raises(ZeroDivisionError):
        asyncio.run(work(ZeroDivisionError()))
