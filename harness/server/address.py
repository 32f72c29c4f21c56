"""Where a server is and how to connect to it: travels to worker processes, and never prints a password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import asyncpg

from harness.errors import HarnessError
from harness.server.faults import CONNECT_FAULTS, connect_fault

# Limits that a server sets for its sessions are meant for requests, not for migrations and checks.
NO_LIMITS = {"statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0"}
_CONNECT_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Address:
    """A server as a connection URL (`postgresql://user@host:port/database?...`), as libpq and asyncpg both read it.

    An embedded server's URL names a socket folder and a password file, so it holds no secret; a given one may.
    """

    dsn: str = field(repr=False)

    @classmethod
    def of_socket(cls, folder: Path, port: int, user: str, passfile: Path) -> Address:
        """The address of a server that listens on a Unix socket only."""
        query = urlencode({"host": str(folder), "port": port, "passfile": str(passfile)}, quote_via=quote, safe="/")
        return cls(f"postgresql://{quote(user)}@/postgres?{query}")

    @property
    def database(self) -> str:
        """The database that the URL itself names; empty where it names none."""
        path = unquote(urlsplit(self.dsn).path.removeprefix("/"))
        named = dict(parse_qsl(urlsplit(self.dsn).query))
        return path or named.get("dbname") or named.get("database") or ""

    @property
    def access(self) -> dict[str, str]:
        """All that the URL says but the database and the password: user, host, port, and every parameter."""
        parts = urlsplit(self.dsn)
        authority, _, hosts = parts.netloc.rpartition("@")
        host, _, port = hosts.rpartition(":") if re.search(r":\d*\Z", hosts) else (hosts, "", "")
        named = {"user": unquote(authority.partition(":")[0]), "host": unquote(host), "port": port}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        told = query | {name: value for name, value in named.items() if value}
        told.setdefault("port", "5432")
        return {name: value for name, value in told.items() if name not in ("password", "dbname", "database")}

    @property
    def place(self) -> str:
        """Host and port, or the socket's folder, for messages."""
        parts = urlsplit(self.dsn)
        host = parts.netloc.rpartition("@")[2]
        return host or dict(parse_qsl(parts.query)).get("host", "the default socket")

    @property
    def is_local(self) -> bool:
        """Whether the server surely runs on this machine: a socket, or the loopback."""
        parts = urlsplit(self.dsn)
        host = parts.hostname or dict(parse_qsl(parts.query)).get("host", "")
        return host == "" or host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")

    def url(self, database: str | None = None) -> str:
        """How to connect by hand (`psql "<url>"`), without a password."""
        parts = urlsplit(self.dsn)
        user, at, host = parts.netloc.rpartition("@")
        kept = [
            (name, value) for name, value in parse_qsl(parts.query) if name not in ("password", "dbname", "database")
        ]
        path = "/" + quote(database if database is not None else self.database)
        query = urlencode(kept, quote_via=quote, safe="/")
        return urlunsplit((parts.scheme, user.partition(":")[0] + at + host, path, query, ""))

    def environment(self) -> dict[str, str]:
        """What a libpq program started with `url()` needs besides: the password, where the URL was given with one."""
        parts = urlsplit(self.dsn)
        password = dict(parse_qsl(parts.query)).get("password") or unquote(parts.password or "")
        return {"PGPASSWORD": password} if password else {}

    def __repr__(self) -> str:
        return f"Address({self.url()!r})"


async def connect(
    address: Address,
    database: str | None = None,
    settings: Mapping[str, str] | None = None,
    **options: Any,
) -> Any:
    """An asyncpg connection to a database of the server (the URL's own where `database` is None).

    `settings` are the session's server settings; `options` go to asyncpg. Raises ServerError where the server cannot
    be reached or refuses.
    """
    options.setdefault("timeout", _CONNECT_TIMEOUT_S)
    given = {"application_name": "bench", **(settings or {})}
    try:
        return await asyncpg.connect(address.dsn, database=database, server_settings=given, **options)
    except HarnessError:
        raise
    except CONNECT_FAULTS as error:
        raise connect_fault(error, address.place, database or address.database) from error
