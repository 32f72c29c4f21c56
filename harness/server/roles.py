"""Roles, which belong to the whole server: those a scenario wants, made once where that is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness import sqltext
from harness.progress import Progress
from harness.scenario import SqlFile
from harness.scenario.paths import catalogue_sql
from harness.server.address import connect
from harness.server.apply import apply_files
from harness.server.facts import Server


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
        connection = await connect(server.address)
        try:
            await apply_files(connection, role_files)
        finally:
            await connection.close()
    elif role_files:
        progress.note("no role was created on this server (--allow-roles permits it)")
    existing = await existing_roles(server, wanted)
    return RoleReport(made, existing, tuple(sorted(set(wanted) - set(existing))))


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
