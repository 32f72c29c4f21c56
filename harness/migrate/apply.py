"""Applies a migration's files to one arm."""

from __future__ import annotations

from collections.abc import Sequence

from harness.progress import Progress
from harness.result import MigrationStep
from harness.scenario import SqlFile
from harness.server import Address, connect
from harness.server.address import NO_LIMITS
from harness.server.apply import Between, apply_files, read_scripts


async def migrate(
    address: Address, database: str, files: Sequence[SqlFile], progress: Progress, between: Between | None = None
) -> tuple[MigrationStep, ...]:
    """Applies the files to the database, one step per statement.

    Raises MigrationError (an ApplyError, whose `steps` are those that ran), naming file, line and PostgreSQL's words.
    """
    total = sum(len(script.statements) for script in read_scripts(files))
    progress.start("migrate", total=total, unit="statements")
    connection = await connect(address, database, settings=NO_LIMITS)
    try:
        return await apply_files(connection, files, progress, between)
    finally:
        await connection.close()
