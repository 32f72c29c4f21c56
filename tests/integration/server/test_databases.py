"""Databases of a run: journalled before, marked after, cloned, and dropped only when ours."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from harness.errors import ServerError
from harness.server import Databases, Journal, connect
from harness.server.journal import read_journal
from harness.server.marker import read_marker


@pytest.fixture
def run(databases: Databases, tmp_path: Path) -> Databases:
    """Databases of another run on the session's server."""
    return Databases(databases.server, Journal.begin(tmp_path))


def journalled(run: Databases) -> tuple[str, ...]:
    state = read_journal(run.journal.path)
    assert state is not None
    return state.databases


def test_a_database_is_named_after_its_run_and_marked(run: Databases) -> None:
    async def go() -> None:
        name = await run.create("before")
        assert name == f"bench_{run.journal.run_id}_before"
        connection = await run.connect("before")
        marker = await read_marker(connection, name)
        await connection.close()
        assert marker is not None
        assert (marker.run_id, marker.arm) == (run.journal.run_id, "before")
        assert await run.exists("before")
        assert journalled(run) == (name,)
        await run.drop("before")
        assert not await run.exists("before")
        assert journalled(run) == ()

    asyncio.run(go())


def test_a_clone_holds_the_templates_rows_and_a_mark_of_its_own(run: Databases) -> None:
    async def go() -> None:
        await run.create("template")
        connection = await run.connect("template")
        await connection.execute("CREATE TABLE t AS SELECT generate_series(1, 1000) AS id")
        # An idle session of our own in the template does not stand in the way.
        name = await run.create("before", template="template")
        clone = await run.connect("before")
        assert await clone.fetchval("SELECT count(*) FROM t") == 1000
        marker = await read_marker(clone, name)
        assert marker is not None
        assert marker.arm == "before"
        await clone.close()
        connection.terminate()
        await run.drop_all()
        assert journalled(run) == ()

    asyncio.run(go())


def test_a_template_in_use_is_told_and_its_clone_not_left_in_doubt(run: Databases) -> None:
    async def go() -> None:
        await run.create("template")
        busy = await run.connect("template")
        await busy.execute("BEGIN")
        with pytest.raises(ServerError, match="is being accessed by other users"):
            await run.create("before", template="template")
        assert not await run.exists("before")
        await busy.close()
        await run.drop_all()

    asyncio.run(go())


def test_dropping_what_never_came_to_be_is_no_error(run: Databases) -> None:
    async def go() -> None:
        run.journal.record("create", database=run.name("before"), arm="before")
        await run.drop_all()

    asyncio.run(go())
    assert journalled(run) == ()


def test_a_database_that_exists_already_is_not_taken_over(run: Databases) -> None:
    async def go() -> None:
        connection = await connect(run.server.address)
        await connection.execute(f"CREATE DATABASE {run.name('before')}")
        try:
            with pytest.raises(ServerError, match="already exists"):
                await run.create("before")
        finally:
            await connection.execute(f"DROP DATABASE {run.name('before')}")
            await connection.close()

    asyncio.run(go())


@pytest.mark.parametrize("arm", ["", "Before", "a-b", 'x"; DROP', "b" * 60])
def test_an_arms_name_is_a_plain_word(run: Databases, arm: str) -> None:
    with pytest.raises(ValueError, match="no arm's name"):
        run.name(arm)
