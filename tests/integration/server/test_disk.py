"""Room on the server's disk, and what a full one looks like."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import DiskError, ServerError
from harness.progress import Silent
from harness.server import Server, connect
from harness.server.diagnosis import explain_failure
from harness.server.disk import check_space, free_bytes


class Notes(Silent):
    """Keeps what a phase notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def test_too_little_room_is_told_with_what_is_needed_and_there(server: Server) -> None:
    assert server.home is not None
    free = free_bytes(server)
    assert free is not None
    check_space(server, free // 2, "seeding", Silent())
    with pytest.raises(DiskError) as caught:
        check_space(server, 10**18, "seeding 10m", Silent())
    assert "seeding 10m needs about 1e+06 TB" in str(caught.value)
    assert str(server.home.parent) in str(caught.value)
    assert "--scale" in str(caught.value)


def test_the_disk_of_a_server_elsewhere_is_unknown_and_that_is_noted(server: Server) -> None:
    notes = Notes()
    check_space(replace(server, kind="given", home=None, data_directory=None), 10**18, "seeding", notes)
    assert "whose room cannot be seen" in notes.notes[0]


def test_a_server_that_went_away_is_told_with_its_last_words(server: Server, database: str, tmp_path: Path) -> None:
    async def lose() -> Exception:
        connection = await connect(server.address, database)
        try:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is what is looked at
            return error
        raise AssertionError("the session went on")

    found = explain_failure(asyncio.run(lose()), "seeding", server)
    assert isinstance(found, ServerError)
    assert "seeding: the connection to the server was lost" in str(found)
    assert "terminating connection due to administrator command" in str(found)

    (tmp_path / "log").write_text("PANIC:  could not write to file: No space left on device\n")
    full = explain_failure(asyncio.run(lose()), "seeding", replace(server, home=tmp_path))
    assert isinstance(full, DiskError)


def test_a_bug_of_ours_is_not_explained_away(server: Server) -> None:
    assert explain_failure(KeyError("x"), "seeding", server) is None
