"""A client's connections: what they hold while they wait."""

from __future__ import annotations

import asyncio

from harness.measure.orders import ArmWork, Work
from harness.measure.session import Session
from harness.server import Databases, Server


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
