"""The doctor on real servers: it sees settings that spoil, what others do, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

from harness.doctor import Check
from harness.doctor.server import check_server
from harness.progress import Silent
from harness.server import Databases, Journal, Server, ServerOptions, open_server


def by_name(checks: list[Check]) -> dict[str, Check]:
    assert len({check.name for check in checks}) == len(checks)
    return {check.name: check for check in checks}


async def look(server: Server, databases: Databases, *settings: str) -> dict[str, Check]:
    await databases.create("looked_at")
    connection = await databases.connect("looked_at")
    try:
        for setting in settings:
            await connection.execute(f"SET {setting}")
        return by_name(await check_server(server, connection))
    finally:
        await connection.close()
        await databases.drop("looked_at")


def test_our_own_server_has_nothing_that_spoils(server: Server, databases: Databases) -> None:
    found = asyncio.run(look(server, databases))
    settings = ("shared_buffers", "JIT", "autovacuum", "durability", "checkpoints", "connections")
    assert {name: found[name].spoils for name in settings} == dict.fromkeys(settings, False)
    assert "a write is safe after" in found["disk"].saw
    assert "on this machine" in found["way to the server"].saw


def test_settings_and_sessions_that_spoil_are_seen(server: Server, databases: Databases) -> None:
    async def run() -> dict[str, Check]:
        await databases.create("busy")
        other = await databases.connect("busy")
        try:
            async with other.transaction():
                return await look(server, databases, "synchronous_commit = off")
        finally:
            await other.close()
            await databases.drop("busy")

    found = asyncio.run(run())
    assert found["durability"].spoils is True
    assert "synchronous_commit off" in found["durability"].saw
    assert found["other sessions"].spoils is True


def test_the_oldest_server_can_be_examined_too(pg15: Path, tmp_path: Path) -> None:
    async def run() -> dict[str, Check]:
        journal = Journal.begin(tmp_path)
        async with open_server(ServerOptions(pg_bin=pg15), journal, Silent()) as server:
            return await look(server, Databases(server, journal))

    found = asyncio.run(run())
    assert "PostgreSQL 15" in found["server"].saw
    assert found["shared_buffers"].spoils is False
