"""Small migrations checked on a real server: an old state, a migration, and what the check says about them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.progress import Silent
from harness.result import ColumnCheck, Finding, Integrity
from harness.scenario import Query, Scenario, SqlFile
from harness.server import Databases
from harness.snapshot import take_snapshot
from harness.verify import verify
from harness.workload import bind_workload

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Outcome:
    """What the check said, and where its queries can be run."""

    databases: Databases
    arms: tuple[str, str, str]
    integrity: Integrity
    untimed: frozenset[str]

    def column(self, name: str) -> ColumnCheck:
        """The account of `table.column`."""
        return next(item for item in self.integrity.columns if f"{item.table}.{item.column}" == name)

    def found(self, kind: str = "", name: str = "") -> list[Finding]:
        """Findings of that kind about that object; of any where left out."""
        return [item for item in self.integrity.findings if kind in ("", item.kind) and name in ("", item.object)]

    def one(self, kind: str, name: str = "") -> Finding:
        """The only such finding."""
        (finding,) = self.found(kind, name)
        return finding

    def rerun(self, finding: Finding) -> list[Any]:
        """The rows of the query that reproduces the finding."""
        arm = next(arm for arm in self.arms if self.databases.name(arm) == finding.database)

        async def fetch() -> list[Any]:
            connection = await self.databases.connect(arm)
            try:
                rows: list[Any] = await connection.fetch(finding.query)
                return rows
            finally:
                await connection.close()

        return asyncio.run(fetch())

    def drop(self) -> None:
        """Drops the three databases."""
        drop(self.databases, self.arms)


def sql_file(text: str, name: str = "migration.sql") -> SqlFile:
    """A SQL file that exists only here."""
    return SqlFile(Path(name), text)


def query(name: str, before: str, after: str, **changed: Any) -> Query:
    """A workload query without parameters."""
    fields: dict[str, Any] = {
        "name": name,
        "title": name,
        "kind": "read",
        "before": sql_file(before),
        "after": sql_file(after),
        "params": None,
        "weight": 1.0,
        "max_slowdown": 0.05,
        "gated": True,
        "ordered": False,
    }
    return Query(**(fields | changed))


def scenario(migration: str, **changed: Any) -> Scenario:
    """A scenario that has only what the check needs."""
    fields: dict[str, Any] = {
        "name": "small",
        "title": "small",
        "description": "",
        "origin": "made for a test",
        "folder": Path(),
        "main_tables": (),
        "roles": (),
        "schema": (),
        "constraints": (),
        "access": (),
        "migrations": (sql_file(migration),),
        "index_migrations": (),
        "seed": Path(),
        "column_map": (),
        "accept": (),
        "access_roles": (),
        "queries": (),
        "claims": None,
    }
    return Scenario(**(fields | changed))


def check(
    databases: Databases,
    old_state: str,
    migration: str,
    *,
    queries: Sequence[Query] = (),
    limit_s: float | None = None,
    **changed: Any,
) -> Outcome:
    """Builds the old state, migrates a clone of it, and checks."""
    number = next(_NUMBERS)
    arms = (f"v{number}_before", f"v{number}_after", f"v{number}_clone")
    try:
        return asyncio.run(_check(databases, arms, old_state, migration, queries, changed, limit_s))
    except BaseException:
        drop(databases, arms)
        raise


def drop(databases: Databases, arms: Sequence[str]) -> None:
    """Drops the databases, where they are there."""
    for arm in arms:
        asyncio.run(databases.drop(arm))


def run_apart(databases: Databases, statement: str) -> None:
    """Runs a statement that concerns the whole server, in a database of its own."""
    arm = f"v{next(_NUMBERS)}_apart"

    async def run() -> None:
        await databases.create(arm)
        await execute(databases, arm, statement)

    try:
        asyncio.run(run())
    finally:
        drop(databases, [arm])


async def _check(
    databases: Databases,
    arms: tuple[str, str, str],
    old_state: str,
    migration: str,
    queries: Sequence[Query],
    changed: dict[str, Any],
    limit_s: float | None,
) -> Outcome:
    before, after, clone = arms
    await databases.create(before)
    await execute(databases, before, old_state)
    await databases.create(after, before)
    await execute(databases, after, migration)
    await databases.create(clone, after)
    connection = await databases.connect(before)
    try:
        bound = await bind_workload(connection, queries)
    finally:
        await connection.close()
    address = databases.server.address
    names = (databases.name(before), databases.name(after), databases.name(clone))
    snapshot = await take_snapshot(address, names[0], names[2], Silent())
    made = scenario(migration, **changed)
    checked = await verify(made, address, *names, snapshot, bound, Silent(), statement_timeout_s=limit_s)
    return Outcome(databases, arms, checked.integrity, checked.untimed)


async def execute(databases: Databases, arm: str, text: str) -> None:
    """Runs statements in one of the databases."""
    connection = await databases.connect(arm)
    try:
        await connection.execute(text)
    finally:
        await connection.close()
