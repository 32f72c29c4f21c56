"""A client's connections: what they hold while they wait."""

from __future__ import annotations

import asyncio

from harness.measure.clients import started
from harness.measure.orders import ArmWork, Work
from harness.measure.session import Operation, Session
from harness.server import Databases, Server

SHOW = "SELECT current_setting('app.tenant') WHERE $1::int > 0"


def test_a_client_that_waits_holds_no_lock_and_no_transaction(
    arms: dict[str, str], server: Server, databases: Databases
) -> None:
    """Else whoever locks or alters a table waits for it, and vacuum spares the rows it might still see."""
    work = Work("point", True, (("SELECT name FROM item WHERE id = $1", ("id",)),), ({"id": 1},))

    async def look() -> tuple[str, int]:
        session = await Session.open(server.address, ArmWork("before", arms["before"], (work,)), ())
        watching = await databases.connect("before")
        try:
            (pid,) = session.backends
            state = await watching.fetchval("SELECT state FROM pg_stat_activity WHERE pid = $1", pid)
            return state, await watching.fetchval("SELECT count(*) FROM pg_locks WHERE pid = $1", pid)
        finally:
            await watching.close()
            for connection in session.connections:
                await connection.close()

    assert asyncio.run(look()) == ("idle", 0)


def test_askers_that_differ_in_their_claims_use_one_connection_in_turn(arms: dict[str, str], server: Server) -> None:
    claims = ((("app.tenant", "7"),), (("app.tenant", "8"),))
    sets = ({"id": 1}, {"id": 2})
    works = tuple(
        Work(name, True, ((SHOW, ("id",)),), sets, (("role", "pg_monitor"),), claims=claims) for name in ("one", "two")
    )

    async def look() -> tuple[int, list[bool], list[str]]:
        session = await Session.open(server.address, ArmWork("before", arms["before"], works), ())
        one, two = session.operations
        assert isinstance(one, Operation)
        assert isinstance(two, Operation)
        needed, shown = [], []
        try:
            for operation, chosen in ((one, 0), (one, 1), (two, 1), (two, 0)):
                needed.append(operation.needs_change(chosen))
                if needed[-1]:
                    await started(operation.change_asker(chosen))
                assert await started(operation.run(chosen, 0)) == 1
                shown.append(await operation.connection.fetchval("SELECT current_setting('app.tenant')"))
            return len(session.connections), needed, shown
        finally:
            for connection in session.connections:
                await connection.close()

    assert asyncio.run(look()) == (1, [False, True, False, True], ["7", "8", "8", "7"])
