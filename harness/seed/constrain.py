"""Keys, foreign keys and indexes after the load, and the vacuum: in parallel where PostgreSQL's locks let them."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from harness import sqltext
from harness.errors import SeedError
from harness.scenario import SqlFile
from harness.server.faults import as_harness_error, is_about_server
from harness.sqltext import Statement

_CONSTRAINT = "constraint "
_ANEW = "give the files back what was done and mend what was not, or drop the database and seed it anew"


@dataclass(frozen=True)
class Step:
    """One statement, with what it locks. Neighbours of the same `group` may run in any order and side by side where
    they lock different tables, or the same ones in share mode; a step without a group runs by itself.

    `name` is for messages; by `mark` a resumed seeding knows that the step is done.
    """

    name: str
    mark: str
    sql: str
    group: str = ""
    tables: frozenset[str] = frozenset()
    shared: bool = False
    in_transaction: bool = True

    def disturbs(self, other: Step) -> bool:
        """Whether one would wait for the other's locks."""
        return bool(self.tables & other.tables) and not (self.shared and other.shared)


def constraint_steps(files: Sequence[SqlFile]) -> list[Step]:
    """The statements of the files, in order; each is known by its text, and equal ones by their number."""
    steps = []
    equal: Counter[str] = Counter()
    for file in files:
        for statement in sqltext.split(file.text, str(file.path)):
            equal[statement.text] += 1
            text = hashlib.sha256(statement.text.encode()).hexdigest()[:16]
            mark = f"{_CONSTRAINT}{text} {equal[statement.text]}"
            steps.append(_step(f"{file.name}:{statement.line}", mark, statement))
    return steps


def remaining(steps: Sequence[Step], done: Collection[str]) -> list[Step]:
    """The constraint steps that a resumed seeding still has to run.

    Raises SeedError where the files no longer say what was done: a statement that was done is gone, or stands behind a
    new one, so that the database would not be what a seeding from the start makes it.
    """
    gone = {mark for mark in done if mark.startswith(_CONSTRAINT)} - {step.mark for step in steps}
    if gone:
        raise SeedError(f"constraints: {len(gone)} of the statements that were done are no longer in the files", _ANEW)
    waiting: Step | None = None
    for members in _groups(steps):
        for step in members:
            if waiting is not None and step.mark in done:
                raise SeedError(f"{waiting.name}: this statement is new before {step.name}, which was done", _ANEW)
        waiting = waiting or next((step for step in members if step.mark not in done), None)
    return [step for step in steps if step.mark not in done]


def vacuum_steps(tables: Sequence[str], schema: str) -> list[Step]:
    """VACUUM (FREEZE, ANALYZE) for each table."""
    return [
        Step(
            f"vacuum {table}",
            f"vacuum {table}",
            f"VACUUM (FREEZE, ANALYZE) {sqltext.quote_qualified(schema, table)}",
            "vacuum",
            frozenset({table}),
            in_transaction=False,
        )
        for table in tables
    ]


def _step(name: str, mark: str, statement: Statement) -> Step:
    node = sqltext.parse(statement.text).stmts[0].stmt
    kind = node.WhichOneof("node")
    if kind == "index_stmt" and not node.index_stmt.concurrent:
        return Step(name, mark, statement.text, "index", frozenset({node.index_stmt.relation.relname}), shared=True)
    if kind == "alter_table_stmt":
        table = node.alter_table_stmt.relation.relname
        parents = {parent for command in node.alter_table_stmt.cmds for parent in _referenced(command.alter_table_cmd)}
        return Step(name, mark, statement.text, "foreign" if parents else "key", frozenset({table, *parents}))
    return Step(name, mark, statement.text, in_transaction=not sqltext.must_run_alone(statement.text))


def _referenced(command: Any) -> list[str]:
    """The tables that the foreign keys of an ALTER TABLE refer to."""
    definition = getattr(command, "def")
    if definition.WhichOneof("node") != "constraint" or not definition.constraint.HasField("pktable"):
        return []
    return [definition.constraint.pktable.relname]


Run = Callable[[Any, Step], Awaitable[None]]


async def run_steps(connections: Sequence[Any], steps: Sequence[Step], sizes: Mapping[str, int], run: Run) -> None:
    """Runs the steps over the connections, group by group; within one, those on large tables first."""
    for members in _groups(steps):
        members.sort(key=lambda step: -max((sizes.get(table, 0) for table in step.tables), default=0))
        await _run_group(connections, members, run)


def _groups(steps: Sequence[Step]) -> list[list[Step]]:
    """Neighbours that may run side by side; a step without a group is one by itself."""
    grouped = itertools.groupby(enumerate(steps), key=lambda item: item[1].group or item[0])
    return [[step for _, step in members] for _, members in grouped]


async def _run_group(connections: Sequence[Any], waiting: list[Step], run: Run) -> None:
    changed = asyncio.Condition()
    running: list[Step] = []

    async def drive(connection: Any) -> None:
        while True:
            async with changed:
                while (step := _next(waiting, running)) is None and waiting:
                    await changed.wait()
                if step is None:
                    return
                waiting.remove(step)
                running.append(step)
            try:
                await run(connection, step)
            except asyncpg.PostgresError as error:
                if is_about_server(error):
                    raise as_harness_error(error, f"seeding ({step.name})") or error from error
                words = " ".join(str(error).split())
                raise SeedError(
                    f"{step.name}: {words}", "mend the constraint, or the seed that does not fit it"
                ) from error
            finally:
                async with changed:
                    running.remove(step)
                    changed.notify_all()

    try:
        async with asyncio.TaskGroup() as tasks:
            for connection in connections:
                tasks.create_task(drive(connection))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors.exceptions[0].__cause__


def _next(waiting: Sequence[Step], running: Sequence[Step]) -> Step | None:
    """The first step that nothing that runs disturbs, and none that waits before it for the same table."""
    for at, step in enumerate(waiting):
        if not any(step.disturbs(other) for other in (*running, *waiting[:at])):
            return step
    return None
