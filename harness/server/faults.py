"""Turns what asyncpg and the operating system raise into errors that name the thing and the next step."""

from __future__ import annotations

import errno
import ssl

import asyncpg

from harness.errors import DiskError, HarnessError, ServerError

_DISK_FULL = "53100"
_OUT_OF_MEMORY = ("53200", "53000")
_TOO_MANY_CONNECTIONS = "53300"
_LOST = ("57P01", "57P02", "57P03", "08000", "08003", "08006")
_NO_RIGHT = "42501"
_NO_ACCESS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR)

LOOK_INTO_LOG = "look into the server's log (a run keeps its own server's as server.log), then run again"
CLIENT_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What asyncpg raises for a statement or a connection that failed.

InternalClientError is how it calls a request on a connection whose server has said that it ends but has not hung up."""

CONNECT_FAULTS = (OSError, TimeoutError, ValueError, ssl.SSLError, asyncpg.PostgresError, asyncpg.InterfaceError)


def connect_fault(error: BaseException, place: str, database: str) -> ServerError:
    """Why a connection could not be made, with the next step."""
    words = _first_line(error)
    if isinstance(error, asyncpg.InvalidPasswordError | asyncpg.InvalidAuthorizationSpecificationError):
        return ServerError(f"the server at {place} refuses the login: {words}", "check user, password and pg_hba.conf")
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return ServerError(f"the server at {place} has no database {database!r}", "name one that exists in the URL")
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return ServerError(
            f"the server at {place} takes no more connections: {words}", "close some, or raise max_connections"
        )
    if isinstance(error, TimeoutError):
        return ConnectionLostError(f"the server at {place} does not answer in time", "check host, port and firewall")
    if isinstance(error, ssl.SSLError):
        return ServerError(f"no encrypted connection to {place}: {words}", "check sslmode and the certificates")
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate in _LOST:  # it starts, ends, or died meanwhile
        return ConnectionLostError(f"the server at {place} takes no connection: {words}", LOOK_INTO_LOG)
    if isinstance(error, asyncpg.PostgresError):
        return ServerError(
            f"the server at {place} refuses the connection: {words}", "mend that on the server or in the URL"
        )
    if isinstance(error, OSError):
        return ConnectionLostError(f"no server answers at {place}: {words}", "start it, or check host and port")
    return ServerError(
        f"cannot connect to {place}: {words}", "check the URL: postgresql://user:password@host:port/database"
    )


def as_harness_error(error: BaseException, doing: str) -> HarnessError | None:
    """The error as one that a user can mend, or None where it looks like a bug of ours.

    `doing` says what was going on ("seeding sales"); it opens the message.
    """
    if isinstance(error, HarnessError):
        return error
    if isinstance(error, asyncpg.PostgresError):
        return _from_postgres(error, doing)
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError | ConnectionError | EOFError):
        return _connection_lost(error, doing) if _is_lost(error) else None
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskError(f"{doing}: the disk is full ({error.filename or _first_line(error)})", "free some space")
    if isinstance(error, OSError) and error.errno in _NO_ACCESS:
        path = error.filename2 or error.filename or _first_line(error)
        return DiskError(f"{doing}: {path}: {error.strerror}", "mend that, or name another folder")
    if isinstance(error, MemoryError):
        return ServerError(f"{doing}: out of memory", "use a smaller --scale, or a machine with more memory")
    return None


def _from_postgres(error: asyncpg.PostgresError, doing: str) -> HarnessError:
    state = error.sqlstate or ""
    words = describe(error)
    if state == _DISK_FULL:
        if "shared memory" in words:
            hint = "give /dev/shm more room, or set dynamic_shared_memory_type = mmap"
            return ServerError(f"{doing}: the server's shared memory is full: {words}", hint)
        return DiskError(
            f"{doing}: the server's disk is full: {words}", "free some space there, or use a smaller --scale"
        )
    if state in _OUT_OF_MEMORY:
        return ServerError(f"{doing}: the server is out of memory: {words}", "lower work_mem, --clients or --scale")
    if state == _TOO_MANY_CONNECTIONS:
        return ServerError(f"{doing}: {words}", "use fewer --clients, or raise max_connections")
    if state in _LOST:
        return _connection_lost(error, doing)
    if state == _NO_RIGHT:
        return ServerError(f"{doing}: {words}", "grant that right to the role in --dsn, or use another role")
    return ServerError(f"{doing}: {words} (SQLSTATE {state})")


class ConnectionLostError(ServerError):
    """The server went away, ended the session, or takes no connection for now."""


class ResumableError(ConnectionLostError):
    """A lost connection that cost nothing of what was finished: server and databases are kept, to go on with."""


def _connection_lost(error: BaseException, doing: str) -> ServerError:
    return ConnectionLostError(f"{doing}: the connection to the server was lost: {_first_line(error)}", LOOK_INTO_LOG)


def _is_lost(error: BaseException) -> bool:
    return not isinstance(error, asyncpg.InterfaceError) or "closed" in str(error)


def is_about_server(error: asyncpg.PostgresError) -> bool:
    """Resources, shutdowns and lost connections are no fault of the statement that meets them."""
    return (error.sqlstate or "")[:2] in ("08", "53", "57", "58", "XX")


def describe(error: asyncpg.PostgresError) -> str:
    """PostgreSQL's message with its detail and hint, on one line."""
    parts = [error.args[0] if error.args else type(error).__name__]
    for name in ("detail", "hint"):
        value = getattr(error, name, None)
        if value:
            parts.append(f"{name.upper()}: {value}")
    return " ".join(" ".join(part.split()) for part in parts)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
