"""Roles, which belong to the whole server: made where that is allowed, and dropped when the last run there ends."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from harness import sqltext
from harness.progress import Progress
from harness.scenario import SqlFile
from harness.scenario.paths import catalogue_sql
from harness.server.address import Address, connect
from harness.server.apply import apply_files
from harness.server.facts import Server
from harness.server.marker import list_databases

_MARK = "made by bench-harness for its runs"
"""The comment on a role that a run has made."""


@dataclass(frozen=True)
class RoleReport:
    """`made` says whether the scenario's role files ran; `existing` and `missing` are the names asked for."""

    made: bool
    existing: tuple[str, ...]
    missing: tuple[str, ...]


async def prepare_roles(
    server: Server, role_files: Sequence[SqlFile], wanted: Sequence[str], progress: Progress
) -> RoleReport:
    """Runs the role files where roles may be created, and tells which of the wanted roles there are.

    Raises MigrationError where a role file fails.
    """
    made = bool(role_files) and server.allow_roles
    if made:
        await _make(server, role_files)
    elif role_files:
        progress.note("no role was created on this server (--allow-roles permits it)")
    existing = await existing_roles(server, wanted)
    return RoleReport(made, existing, tuple(sorted(set(wanted) - set(existing))))


async def _make(server: Server, role_files: Sequence[SqlFile]) -> None:
    """Runs the files and marks the roles that are new, so that they can go again."""
    connection = await connect(server.address)
    try:
        before = await _all_roles(connection)
        await apply_files(connection, role_files)
        for role in sorted(await _all_roles(connection) - before):
            await connection.execute(f"COMMENT ON ROLE {sqltext.quote_ident(role)} IS {sqltext.quote_literal(_MARK)}")
    finally:
        await connection.close()


async def _all_roles(connection: Any) -> set[str]:
    return {row["name"] for row in await connection.fetch(catalogue_sql("server", "list_marked_roles"), None)}


async def drop_made_roles(address: Address) -> tuple[str, ...]:
    """Drops the roles that runs have made, unless a run's database is left, which may need them; returns their names.

    A role that something else has come to depend on stays.
    """
    connection = await connect(address)
    gone = []
    try:
        if any(marker for _, marker, _ in await list_databases(connection)):
            return ()
        for row in await connection.fetch(catalogue_sql("server", "list_marked_roles"), _MARK):
            with contextlib.suppress(asyncpg.DependentObjectsStillExistError):
                await connection.execute(f"DROP ROLE {sqltext.quote_ident(row['name'])}")
                gone.append(row["name"])
    finally:
        await connection.close()
    return tuple(gone)


async def existing_roles(server: Server, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the names that are roles of the server, sorted."""
    connection = await connect(server.address)
    try:
        rows = await connection.fetch(catalogue_sql("server", "list_roles"), sorted(set(names)))
    finally:
        await connection.close()
    return tuple(row["name"] for row in rows)


def roles_wanted(files: Sequence[SqlFile]) -> tuple[str, ...]:
    """Roles that the files name and do not create, sorted."""
    return tuple(sorted(sqltext.roles_named("\n;\n".join(file.text for file in files))))
