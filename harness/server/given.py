"""A server of the user's: looked at, refused where it cannot serve, and otherwise left as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from harness.errors import ServerError, UsageError
from harness.scenario.paths import catalogue_sql
from harness.server.address import NO_LIMITS, Address, connect
from harness.server.facts import Server, read_facts
from harness.server.faults import as_harness_error
from harness.server.marker import NAME_PREFIX, read_marker

OLDEST_VERSION = 15
OLDEST_VERSION_NUM = OLDEST_VERSION * 10_000
_SCHEMES = ("postgresql", "postgres")


async def open_given(dsn: str, allow_roles: bool) -> Server:
    """The server behind the URL.

    Raises UsageError for what is no URL, or one that names a bench_* database that this tool did not make; ServerError
    for a server that cannot be reached, is too old, is a standby or read-only, is a transaction pooler, or does not
    let the role create databases.
    """
    address = parse_dsn(dsn)
    # Named prepared statements would fail on a pooler before it could be told what it is.
    connection = await connect(address, settings=NO_LIMITS, statement_cache_size=0)
    try:
        return await _examine(connection, address, allow_roles)
    except asyncpg.PostgresError as error:
        raise as_harness_error(error, f"looking at the server at {address.place}") or error from error
    finally:
        await connection.close()


async def _examine(connection: Any, address: Address, allow_roles: bool) -> Server:
    facts = await connection.fetchrow(catalogue_sql("server", "read_facts"))
    check_state(address, facts)
    if await _is_pooler(connection, address):
        hint = "give the server's own address, or a session pooler's (Supabase: port 5432, not 6543)"
        raise ServerError(f"{address.place} is a transaction pooler, which mixes the sessions of a measurement", hint)
    server = await read_facts(connection, address, "given", None, allow_roles)
    _check_right(server)
    database = await connection.fetchval("SELECT current_database()::text")
    if database.startswith(NAME_PREFIX) and await read_marker(connection, database) is None:
        hint = "name another database in the URL, such as postgres"
        raise UsageError(f"the database {database} in --dsn looks like this tool's, but is not marked as such", hint)
    return server


@dataclass(frozen=True)
class PairMember:
    """A database to measure on: its name, and when its server started, which tells servers apart."""

    database: str
    started_at: datetime


async def open_pair_member(dsn: str, option: str) -> PairMember:
    """Looks at one database of a pair; raises UsageError and ServerError, which name the option."""
    address = parse_dsn(dsn, option)
    connection = await connect(address, settings=NO_LIMITS, statement_cache_size=0)
    try:
        found = await connection.fetchrow(catalogue_sql("server", "read_identity"))
        if found["version_num"] < OLDEST_VERSION_NUM:
            raise ServerError(
                f"{option} runs PostgreSQL {found['version']}", f"use PostgreSQL {OLDEST_VERSION} or newer"
            )
        if await _is_pooler(connection, address):
            raise ServerError(f"{option} leads to a transaction pooler", "give the server's own address")
        return PairMember(found["database"], found["started_at"])
    finally:
        await connection.close()


def parse_dsn(dsn: str, option: str = "--dsn") -> Address:
    """The address; raises UsageError for what is no PostgreSQL URL."""
    try:
        parts = urlsplit(dsn)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"{option} is no URL: {error}", "write postgresql://user@host:port/database") from None
    if parts.scheme not in _SCHEMES:
        raise UsageError(f"{option} is no PostgreSQL URL", "write postgresql://user@host:port/database")
    return Address(dsn)


def check_state(address: Address, facts: Mapping[str, Any]) -> None:
    """Raises ServerError for a server that is too old or takes no changes."""
    if facts["version_num"] < OLDEST_VERSION_NUM:
        raise ServerError(
            f"{address.place} runs PostgreSQL {facts['version']}", f"use PostgreSQL {OLDEST_VERSION} or newer"
        )
    if facts["is_standby"]:
        raise ServerError(f"{address.place} is a standby, which takes no changes", "give the primary's address")
    if facts["is_read_only"]:
        raise ServerError(
            f"{address.place} makes transactions read-only", "use a role without default_transaction_read_only"
        )


def _check_right(server: Server) -> None:
    if "create_database" not in server.rights:
        hint = f'ALTER ROLE "{server.user}" CREATEDB, or use another role'
        raise ServerError(f"the role {server.user} may not create databases on {server.address.place}", hint)


async def _is_pooler(first: Any, address: Address) -> bool:
    second = await connect(address, statement_cache_size=0)
    try:
        return await share_backends(first, second)
    finally:
        await second.close()


async def share_backends(first: Any, second: Any) -> bool:
    """Whether two sessions take turns on the same backends, as only a transaction pooler lets them.

    The first one asks twice, in case a pool hands out its backends in turn. Then the second keeps one by a transaction:
    where that was the first one's, or the first one now asks another, both came from a pool.
    """
    for _ in range(3):
        before = await _backend(first)
        if await _backend(first) != before:
            return True
        async with second.transaction():
            if await _backend(second) == before or await _backend(first) != before:
                return True
    return False


async def _backend(connection: Any) -> int:
    return int(await connection.fetchval("SELECT pg_backend_pid()"))
