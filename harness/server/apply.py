"""Applies SQL files statement by statement: each timed, with the locks it held, and every error with file and line."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from harness import sqltext
from harness.errors import HarnessError, MigrationError
from harness.progress import Progress, Silent
from harness.result import LockTaken, MigrationStep
from harness.scenario import SqlFile
from harness.scenario.paths import catalogue_sql
from harness.server.faults import CLIENT_FAULTS, as_harness_error, describe, is_about_server
from harness.sqltext import Statement

_SHOWN_CHARS = 80
_STEP_CHARS = 2000
_COPY_FROM_CLIENT = re.compile(r"^\s*copy\b[^;]*\bfrom\s+stdin\b", re.IGNORECASE | re.MULTILINE)
_NEW_SESSION = (
    "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all();"
    " DISCARD SEQUENCES; DISCARD TEMP"
)
_NEXT_STEPS = {
    "2D000": "it ends transactions itself: give it a file of its own that begins with BEGIN; COMMIT;",
    "55P04": "PostgreSQL wants a new enum value committed first: give ALTER TYPE a file of its own",
}


Between = Callable[[Any, int], Awaitable[None]]
"""Told the connection and how many statements have run; must change nothing, and hold no lock on a table."""


class ApplyError(MigrationError):
    """A statement failed; `steps` are those that ran before it, and the failed one last."""

    def __init__(self, message: str, next_step: str, steps: tuple[MigrationStep, ...]) -> None:
        super().__init__(message, next_step)
        self.steps = steps


@dataclass(frozen=True)
class Script:
    """A file's statements; `in_one` where they form a single transaction."""

    file: SqlFile
    statements: tuple[Statement, ...]
    in_one: bool


def read_scripts(files: Sequence[SqlFile]) -> tuple[Script, ...]:
    """The files, split; a file with its own BEGIN or with a statement that must run alone is not one transaction.

    Raises MigrationError, before anything ran, for what is no SQL or what only psql could execute.
    """
    return tuple(_read(file) for file in files)


def _read(file: SqlFile) -> Script:
    copy = _COPY_FROM_CLIENT.search(file.text)
    try:
        statements = sqltext.split(file.text, str(file.path))
    except MigrationError:
        if copy is None:
            raise
        raise _copy_error(file, file.text.count("\n", 0, copy.end()) + 1) from None
    for statement in statements if copy else ():
        if sqltext.is_copy_from_client(statement.text):
            raise _copy_error(file, statement.line)
    texts = [statement.text for statement in statements]
    own_way = any(sqltext.is_transaction_control(text) or sqltext.must_run_alone(text) for text in texts)
    return Script(file, statements, in_one=not own_way)


def _copy_error(file: SqlFile, line: int) -> MigrationError:
    message = f"{file.path}, line {line}: COPY ... FROM stdin takes its rows from psql"
    return MigrationError(message, "write the rows as INSERT statements")


async def apply_files(
    connection: Any, files: Sequence[SqlFile], progress: Progress | None = None, between: Between | None = None
) -> tuple[MigrationStep, ...]:
    """Applies the files in order, each as a new session would see it; returns a step per statement.

    A file is one transaction, unless it has its own BEGIN and COMMIT or a statement that must run alone: then each
    statement commits by itself. A step's time is the statement's own; its locks are those on relations that its
    transaction held when it ended (none can be seen of a statement that must run alone). Raises ApplyError.
    `between` is called after each statement, and after a file's last one when it is committed; its time is nobody's.
    """
    applier = _Applier(connection, progress or Silent(), between)
    for script in read_scripts(files):
        await applier.apply(script)
    return tuple(applier.steps)


class _Applier:
    """Applies scripts on one connection and gathers their steps."""

    def __init__(self, connection: Any, progress: Progress, between: Between | None) -> None:
        self.steps: list[MigrationStep] = []
        self._between = between
        self._tells_log: bool | None = None
        self._connection = connection
        self._progress = progress

    async def apply(self, script: Script) -> None:
        """Applies one file; afterwards the session is as new."""
        await self._log_position()
        if script.in_one:
            await self._apply_in_one(script)
        else:
            await self._apply_its_own_way(script)
        await self._connection.execute(_NEW_SESSION)

    async def _apply_in_one(self, script: Script) -> None:
        await self._connection.execute("BEGIN")
        try:
            for statement in script.statements:
                await self._run(script.file, statement, shared=len(script.statements) > 1)
                if statement is not script.statements[-1]:
                    await self._pause()
        except BaseException:
            await self._roll_back()
            raise
        try:
            await self._connection.execute("COMMIT", timeout=None)
        except asyncpg.PostgresError as error:
            # A deferred constraint speaks only now.
            raise self._failure(script.file, script.statements[-1], error, "at the file's COMMIT, ") from error
        await self._pause()

    async def _apply_its_own_way(self, script: Script) -> None:
        for statement in script.statements:
            inside = self._connection.is_in_transaction()
            alone = sqltext.is_transaction_control(statement.text) or sqltext.must_run_alone(statement.text)
            if inside or alone:
                await self._run(script.file, statement, shared=inside)
                await self._pause()
            else:
                # A transaction around a single statement changes nothing but lets its locks be seen.
                await self._apply_in_one(Script(script.file, (statement,), in_one=True))
        if self._connection.is_in_transaction():
            await self._connection.execute("ROLLBACK")
            message = f"{script.file.path}: the file ends within a transaction, so its last changes are lost"
            raise ApplyError(message, "end it with COMMIT;", tuple(self.steps))

    async def _pause(self) -> None:
        if self._between is not None:
            await self._between(self._connection, len(self.steps))

    async def _roll_back(self) -> None:
        """The error that led here is the one to tell, whatever the rollback says of a lost connection."""
        with contextlib.suppress(*CLIENT_FAULTS):
            await self._connection.execute("ROLLBACK")

    async def _run(self, file: SqlFile, statement: Statement, shared: bool) -> None:
        began_at = await self._log_position()
        began_s = time.perf_counter()
        try:
            await self._connection.execute(statement.text, timeout=None)
        except CLIENT_FAULTS as error:
            self._add(file, statement, time.perf_counter() - began_s, shared, error=_words(error))
            raise self._failure(file, statement, error) from error
        seconds = time.perf_counter() - began_s
        ended_at = await self._log_position()
        locks = await self._locks() if self._connection.is_in_transaction() else ()
        written = None if began_at is None or ended_at is None else ended_at - began_at
        self._add(file, statement, seconds, shared, locks, wal_bytes=written)

    async def _log_position(self) -> int | None:
        """Where the server's log ends; None where the server does not tell, or in a transaction that failed on purpose.

        Whether it tells is tried once, outside of any transaction, which the question could else spoil.
        """
        if self._tells_log is False:
            return None
        try:
            position = int(await self._connection.fetchval(catalogue_sql("server", "read_log_position")))
        except asyncpg.InFailedSQLTransactionError:
            return None
        except asyncpg.PostgresError:
            self._tells_log = False
            return None
        self._tells_log = True
        return position

    async def _locks(self) -> tuple[LockTaken, ...]:
        rows = await self._connection.fetch(catalogue_sql("server", "read_locks"))
        return tuple(LockTaken(row["relation"], row["mode"]) for row in rows)

    def _add(
        self,
        file: SqlFile,
        statement: Statement,
        seconds: float,
        shared: bool,
        locks: tuple[LockTaken, ...] = (),
        error: str | None = None,
        wal_bytes: int | None = None,
    ) -> None:
        text = statement.text[:_STEP_CHARS]
        self.steps.append(MigrationStep(file.name, statement.line, text, seconds, shared, locks, error, wal_bytes))
        self._progress.update(len(self.steps), file.name)

    def _failure(self, file: SqlFile, statement: Statement, error: Exception, where: str = "") -> HarnessError:
        if not isinstance(error, asyncpg.PostgresError) or is_about_server(error):
            return as_harness_error(error, f"applying {file.name}") or MigrationError(f"{file.path}: {error}")
        line = statement.line + _lines_before(error, statement.text)
        beginning = " ".join(statement.text.split())[:_SHOWN_CHARS]
        message = f"{file.path}, line {line}: {where}{describe(error)} (in {beginning!r})"
        return ApplyError(message, _NEXT_STEPS.get(error.sqlstate or "", "mend the statement there"), tuple(self.steps))


def _lines_before(error: asyncpg.PostgresError, text: str) -> int:
    """Lines of the statement above the place that PostgreSQL points at; 0 where it points at none."""
    position = getattr(error, "position", None)
    return text.count("\n", 0, int(position) - 1) if position else 0


def _words(error: Exception) -> str:
    return describe(error) if isinstance(error, asyncpg.PostgresError) else str(error)
