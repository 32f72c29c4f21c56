"""The databases of a run: named after it, journalled before they are made, marked after; only such are ever dropped."""

from __future__ import annotations

import re
from typing import Any

import asyncpg

from harness import sqltext
from harness.errors import ServerError
from harness.scenario.paths import catalogue_sql
from harness.server.address import connect
from harness.server.facts import Server
from harness.server.faults import as_harness_error, describe
from harness.server.journal import Journal
from harness.server.marker import NAME_PREFIX, Marker, read_marker, this_host, write_marker

_ARM = re.compile(r"[a-z][a-z0-9_]{0,40}")


class Databases:
    """Makes, clones and drops the databases of one run on one server; holds no connection between calls."""

    def __init__(self, server: Server, journal: Journal) -> None:
        self.server = server
        self.journal = journal

    def name(self, arm: str) -> str:
        """The name of an arm's database."""
        if not _ARM.fullmatch(arm):
            raise ValueError(f"{arm!r} is no arm's name")
        return f"{NAME_PREFIX}{self.journal.run_id}_{arm}"

    def url(self, arm: str) -> str:
        """How to connect to an arm's database by hand."""
        return self.server.address.url(self.name(arm))

    async def connect(self, arm: str, **options: Any) -> Any:
        """An asyncpg connection to an arm's database."""
        return await connect(self.server.address, self.name(arm), **options)

    async def exists(self, arm: str) -> bool:
        """Whether the arm's database is there, whole: its marker is written last."""
        connection = await connect(self.server.address)
        try:
            marker = await read_marker(connection, self.name(arm))
            return marker is not None and marker.run_id == self.journal.run_id
        finally:
            await connection.close()

    async def create(self, arm: str, template: str | None = None, *, is_small: bool = False) -> str:
        """Makes the arm's database, empty or as a clone of the arm `template`, and returns its name.

        `is_small`: a clone of little data is made through the log, which spares two checkpoints of the whole server.
        Raises ServerError where PostgreSQL refuses (another session in the template, say), DiskError where the disk
        is full.
        """
        name = self.name(arm)
        connection = await connect(self.server.address)
        try:
            if template is not None:
                await _empty(connection, self.name(template))
            self.journal.record("create", database=name, arm=arm)
            await connection.execute(self._create_statement(name, template, is_small), timeout=None)
            await write_marker(connection, name, self._marker(arm))
        except asyncpg.PostgresError as error:
            raise _cannot_create(error, name) from error
        finally:
            await connection.close()
        return name

    async def drop(self, arm: str) -> None:
        """Drops the arm's database, if it is there and ours."""
        await self._drop(self.name(arm))

    async def drop_all(self, keep: str | None = None) -> None:
        """Drops every database that the run's journal still lists, but the arm's to keep."""
        for name in self.journal.state.databases:
            if keep is None or name != self.name(keep):
                await self._drop(name)

    async def _drop(self, name: str) -> None:
        connection = await connect(self.server.address)
        try:
            await drop_database(connection, name)
        finally:
            await connection.close()
        self.journal.record("drop", database=name)

    def _create_statement(self, name: str, template: str | None, is_small: bool) -> str:
        if template is None:
            return f"CREATE DATABASE {sqltext.quote_ident(name)} TEMPLATE template0 ENCODING 'UTF8'"
        source = sqltext.quote_ident(self.name(template))
        strategy = "WAL_LOG" if is_small else "FILE_COPY"
        return f"CREATE DATABASE {sqltext.quote_ident(name)} TEMPLATE {source} STRATEGY {strategy}"

    def _marker(self, arm: str) -> Marker:
        return Marker(self.journal.run_id, arm, this_host(), str(self.journal.path.resolve()))


async def drop_database(connection: Any, name: str) -> None:
    """Drops a database that is known to be ours, with whoever is connected to it."""
    await connection.execute(f"DROP DATABASE IF EXISTS {sqltext.quote_ident(name)} WITH (FORCE)", timeout=None)


async def _empty(connection: Any, database: str) -> None:
    """Ends the idle sessions of our own role in a database that is to be cloned, and waits until they are gone."""
    await connection.fetch(catalogue_sql("server", "end_idle_sessions"), database)


def _cannot_create(error: asyncpg.PostgresError, name: str) -> Exception:
    if isinstance(error, asyncpg.ObjectInUseError):
        return ServerError(f"cannot clone into {name}: {describe(error)}", "close the other session, then run again")
    return as_harness_error(error, f"creating the database {name}") or error
