"""Any two relations of one database, compared where they are: nothing is written, one state of the database is read."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.catalogue import Catalogue, ChangedTable, Column, Relation, read_catalogue_at_once
from harness.copying import Copy
from harness.errors import ServerError, UsageError
from harness.progress import Progress
from harness.result import Finding, Integrity, ViewCheck
from harness.server.address import Address
from harness.server.given import OLDEST_VERSION
from harness.snapshot import OldTable, Snapshot
from harness.verify.accept import ordered, verdict
from harness.verify.carriers import Carriers
from harness.verify.context import Context
from harness.verify.keys import KeyCheck, Keyed, check_key
from harness.verify.kinds import make_finding
from harness.verify.ledger import Ledger
from harness.verify.lineage import Counterpart
from harness.verify.named import find_column, find_relation
from harness.verify.paths import Paths
from harness.verify.plan import TablePlan
from harness.verify.sessions import Sessions, open_sessions
from harness.verify.tables import TablesOutcome, check_plans
from harness.verify.values import make_pass
from harness.verify.views import read_view, unreadable


@dataclass(frozen=True)
class Wanted:
    """What is to be compared, as the user wrote it; `renamed` are columns (old, new), an empty `key` is looked up."""

    old: str
    new: str
    key: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Two:
    """Two relations of one catalogue, which columns of them belong together, and the old key's columns."""

    database: str
    catalogue: Catalogue
    old: Relation
    new: Relation
    key: tuple[str, ...]
    pairs: tuple[tuple[Column, Column], ...]
    mapped: frozenset[str]

    @property
    def new_key(self) -> tuple[str, ...]:
        """The key's columns in the new relation."""
        now = {old.name: new.name for old, new in self.pairs}
        return tuple(now[name] for name in self.key)

    @property
    def alone(self) -> tuple[Column, ...]:
        """Old columns without one that belongs to them."""
        paired = {old.name for old, _ in self.pairs}
        return tuple(column for column in self.old.columns if column.name not in paired)


@contextlib.asynccontextmanager
async def open_two(address: Address, wanted: Wanted, at_once: int) -> AsyncIterator[tuple[Two, Sessions]]:
    """What the names mean, and connections to its database that all see one state of it; raises as `find_two` does."""
    async with open_sessions(address, None, at_once, one_state=True) as sessions:
        async with sessions.one() as connection:
            version = connection.get_server_version()
        if version.major < OLDEST_VERSION:
            text = f"{version.major}.{version.minor}"
            raise ServerError(f"{address.place} runs PostgreSQL {text}", f"use PostgreSQL {OLDEST_VERSION} or newer")
        catalogue = await read_catalogue_at_once(sessions.one, sessions.number)
        async with sessions.one() as connection:
            two = await find_two(connection, catalogue, wanted)
        yield two, sessions


async def find_two(connection: Any, catalogue: Catalogue, wanted: Wanted) -> Two:
    """Looks the names up; raises UsageError, with the near miss, where one does not exist or nothing is in common."""
    old = await find_relation(connection, catalogue, wanted.old)
    new = await find_relation(connection, catalogue, wanted.new)
    database = await connection.fetchval("SELECT current_database()::text")
    if old.oid == new.oid:
        raise UsageError(f"{old.display} compared with itself proves nothing", "name another relation with --new")
    renamed = {find_column(old, a).name: find_column(new, b) for a, b in wanted.renamed}
    found = [(column, renamed.get(column.name) or new.column(column.name)) for column in old.columns]
    pairs = tuple((column, other) for column, other in found if other is not None)
    if not pairs:
        raise UsageError(f"{old.display} and {new.display} have no column in common", "pair them: --map old=new")
    key = _key(catalogue, old, new, wanted, {column.name for column, _ in pairs})
    if len(key) == len(pairs) < len(old.columns):
        raise UsageError(
            f"{old.display} and {new.display} have no column in common besides the key", "pair them: --map old=new"
        )
    return Two(database, catalogue, old, new, key, pairs, frozenset(renamed))


def _key(catalogue: Catalogue, old: Relation, new: Relation, wanted: Wanted, paired: set[str]) -> tuple[str, ...]:
    """The key that was asked for, else the old relation's own where the new one shows it, else none."""
    if not wanted.key:
        own = catalogue.row_key(old.oid, declared=True)  # whether the rows bear it out is asked of them
        return own if set(own) <= paired else ()
    key = tuple(find_column(old, name).name for name in wanted.key)
    if len(set(key)) < len(key):
        raise UsageError(f"--key names {key[0]!r} twice", "name each column once")
    for name in key:
        if name not in paired:
            find_column(new, name)
    return key


async def compare_in_place(
    address: Address, two: Two, sessions: Sessions, progress: Progress, ledger: Ledger | None = None
) -> Integrity:
    """Compares the two on sessions that share a snapshot; raises PostgreSQL's own error where the server is the
    trouble.
    """
    key = await check_key(sessions, two.catalogue, Keyed(two.old, two.key), Keyed(two.new, two.new_key), two.database)
    plan = make_plan(two, key)
    context = _context(address, two, plan.table, sessions, progress, ledger or Ledger())
    tables = await check_plans(context, [plan])
    views, broken = await _views(context, two, tables)
    findings = ordered([*key.findings, *tables.findings, *broken, *_alone(two)])
    return Integrity(
        verdict=verdict(findings),
        views=tuple(views),
        columns=tables.columns,
        findings=findings,
        rows_compared=tables.rows_compared,
        cells_compared=tables.cells_compared,
        notes=(*_notes(two), *tables.notes),
    )


def make_plan(two: Two, key: KeyCheck) -> TablePlan:
    """Both sides as they are; where the key does not identify rows there is none."""
    names = two.key if key.usable else ()
    new_names = two.new_key if key.usable else ()
    change = ChangedTable(
        old=two.old,
        new=two.old if two.old.is_table else None,
        key=names,
        dropped=tuple(column for column, _ in two.pairs),
        rewritten=(),
    )
    columns = tuple(column.name for column in two.old.columns)
    table = OldTable(change, Copy(two.old.sql, names, columns, frozenset(), key.rows, key.counted))
    counterparts: Mapping[str, Counterpart] = {
        column.name: Counterpart(two.new, other, new_names, "map" if column.name in two.mapped else "name")
        for column, other in two.pairs
    }
    if key.error:
        return TablePlan(table, counterparts, {}, (), {column.name: key.error for column, _ in two.pairs})
    work = make_pass(table, [(column, counterparts[column.name]) for column, _ in two.pairs])
    return TablePlan(table, counterparts, {}, (work,), {})


def _context(
    address: Address, two: Two, table: OldTable, sessions: Sessions, progress: Progress, ledger: Ledger
) -> Context:
    carriers = Carriers(two.catalogue)
    paths = Paths(two.catalogue, carriers)
    snapshot = Snapshot(two.catalogue, two.catalogue, (table,))
    names = (two.database, two.database, two.database)
    return Context(address, *names, snapshot, carriers, paths, sessions, progress, ledger)


async def _views(context: Context, two: Two, tables: TablesOutcome) -> tuple[list[ViewCheck], list[Finding]]:
    """Where a column could not be compared, the views are read by themselves, to see whether they can be."""
    if not any(column.reason for column in tables.columns):
        return [], []
    checks = [await read_view(context, relation) for relation in (two.old, two.new) if not relation.is_table]
    return checks, [found for check in checks if (found := unreadable(context, check)) is not None]


def _alone(two: Two) -> Sequence[Finding]:
    """Old columns that nothing was held against: told, for the user may have meant them, and failing nothing."""
    return [
        make_finding(
            "no_counterpart",
            f"{two.old.display}.{column.name}",
            f"{two.new.display} has no column {column.name}, so it was compared with nothing",
            severity="warning",
        )
        for column in two.alone
    ]


def _notes(two: Two) -> tuple[str, ...]:
    notes = []
    if not two.key:
        notes.append(
            f"{two.old.display} has no key that {two.new.display} shows, so whole rows were compared, unfollowed"
        )
    shown = {new.name for _, new in two.pairs}
    others = [column.name for column in two.new.columns if column.name not in shown]
    if others:
        notes.append(f"only {two.new.display} has: {', '.join(others)}")
    return tuple(notes)
