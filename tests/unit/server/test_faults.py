"""What goes wrong is told by kind, in one line, with a next step."""

from __future__ import annotations

import errno

import asyncpg
import pytest

from harness.errors import DiskError, HarnessError, MigrationError, ServerError
from harness.server.faults import ConnectionLostError, as_harness_error, connect_fault


def postgres_error(sqlstate: str, message: str, **fields: str) -> asyncpg.PostgresError:
    parts = {"C": sqlstate, "M": message, "S": "ERROR", **fields}
    return asyncpg.PostgresError.new(parts)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (postgres_error("53100", "could not extend file"), DiskError, "the server's disk is full"),
        (postgres_error("53100", "could not resize shared memory segment"), ServerError, "/dev/shm"),
        (postgres_error("53200", "out of memory"), ServerError, "out of memory"),
        (postgres_error("53300", "too many clients already"), ServerError, "--clients"),
        (postgres_error("57P01", "terminating connection"), ServerError, "connection to the server was lost"),
        (postgres_error("42501", "permission denied for table t"), ServerError, "grant that right"),
        (postgres_error("22012", "division by zero", D="why", H="how"), ServerError, "DETAIL: why HINT: how"),
        (ConnectionResetError("reset"), ServerError, "connection to the server was lost"),
        (asyncpg.InterfaceError("connection is closed"), ServerError, "connection to the server was lost"),
        (OSError(errno.ENOSPC, "No space left on device", "/results/x"), DiskError, "/results/x"),
        (MemoryError(), ServerError, "--scale"),
    ],
)
def test_what_a_user_can_mend_is_told_by_kind(error: BaseException, kind: type[HarnessError], words: str) -> None:
    found = as_harness_error(error, "seeding sales")
    assert type(found) is kind or isinstance(found, kind)
    assert str(found).startswith("seeding sales: ")
    assert words in str(found)
    assert "\n" not in str(found)


@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"),
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        OSError(2, "x"),
    ],
)
def test_a_bug_stays_a_bug(error: BaseException) -> None:
    assert as_harness_error(error, "seeding") is None


def test_an_error_of_ours_passes_unchanged() -> None:
    error = MigrationError("x")
    assert as_harness_error(error, "migrating") is error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (postgres_error("28P01", "password authentication failed"), "refuses the login"),
        (postgres_error("3D000", 'database "x" does not exist'), "has no database 'x'"),
        (postgres_error("53300", "too many clients"), "takes no more connections"),
        (TimeoutError(), "does not answer in time"),
        (OSError(111, "Connection refused"), "no server answers at host:1"),
        (ValueError("invalid port"), "cannot connect to host:1: invalid port"),
    ],
)
def test_a_connection_that_fails_says_why(error: BaseException, words: str) -> None:
    found = connect_fault(error, "host:1", "x")
    assert words in str(found)
    assert found.next_step


@pytest.mark.parametrize(
    "error",
    [
        postgres_error("57P03", "the database system is shutting down"),
        postgres_error("08006", "connection failure"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    ],
)
def test_a_server_that_ends_while_it_is_connected_to_says_why_in_its_log(error: asyncpg.PostgresError) -> None:
    found = connect_fault(error, "host:1", "x")
    assert isinstance(found, ConnectionLostError)
    assert "server's log" in (found.next_step or "")


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied", "/runs/report.html"),
        OSError(errno.EROFS, "Read-only file system", "/runs/report.html"),
        IsADirectoryError(errno.EISDIR, "Is a directory", "/runs/.report.html.new", None, "/runs/report.html"),
    ],
)
def test_a_file_that_cannot_be_written_is_named(error: OSError) -> None:
    found = as_harness_error(error, "writing")
    assert isinstance(found, DiskError)
    assert found.message == f"writing: /runs/report.html: {error.strerror}"
    assert found.next_step
