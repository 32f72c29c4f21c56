"""The check of all changed tables: planned, screened in one pass each, explained where they differ, written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import asyncpg

from harness.catalogue import Column, Relation
from harness.result import ColumnCheck, Finding
from harness.server.faults import describe
from harness.sqltext import quote_ident
from harness.together import together
from harness.verify.columns import column_check, drift_finding, orphan_finding, value_findings
from harness.verify.compare import now_called
from harness.verify.context import Context
from harness.verify.explain import Explained, Screened, explain
from harness.verify.kinds import make_finding
from harness.verify.multiset import multiset_findings
from harness.verify.passed import passed_findings
from harness.verify.plan import TablePlan, plan_tables
from harness.verify.rows import row_findings
from harness.verify.screening import Advance, open_ledger, screen
from harness.verify.sessions import is_about_data
from harness.verify.sources import Joins
from harness.verify.values import Pass, Screen


@dataclass(frozen=True)
class TablesOutcome:
    """What the check of all tables gave; `followed` are the tables (OIDs before) whose rows were compared."""

    columns: tuple[ColumnCheck, ...]
    findings: tuple[Finding, ...]
    explained: tuple[Explained, ...]
    rows_compared: int
    cells_compared: int
    followed: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Screening:
    """The passes of one table that could be run, and the columns that could not be compared, with the reason."""

    plan: TablePlan
    screened: tuple[Screened, ...]
    failed: Mapping[str, str]


async def check_tables(context: Context, column_map: Mapping[str, tuple[Relation, Column]]) -> TablesOutcome:
    """Compares every lost column of every changed table, and what views show besides."""
    plans = await plan_tables(context, column_map)
    outcome = await check_plans(context, plans)
    return replace(outcome, findings=(*outcome.findings, *await passed_findings(context, plans)))


async def check_plans(context: Context, plans: list[TablePlan]) -> TablesOutcome:
    """Carries out the plans and explains what differs."""
    total = sum(plan.table.copy.rows * len(plan.passes) for plan in plans)
    context.progress.start("verify", total or None, "rows")
    await open_ledger(context, [work for plan in plans for work in plan.passes])
    screenings = await _screen_all(context, plans)
    passes = [item for screening in screenings for item in screening.screened]
    explained = await explain(context, passes)
    by_pass = dict(zip(map(id, passes), explained, strict=True))
    columns: list[ColumnCheck] = []
    findings: list[Finding] = []
    for screening in screenings:
        checks, found = await _account(context, screening, by_pass)
        columns += checks
        findings += found
    return TablesOutcome(
        columns=tuple(columns),
        findings=tuple(findings),
        explained=tuple(explained),
        rows_compared=sum(item.counted.old_rows for item in passes),
        cells_compared=sum(item.counted.old_rows * len(item.work.pairs) for item in passes),
        followed=frozenset(item.work.table.change.old.oid for item in passes),
        notes=tuple(dict.fromkeys(item.counted.note for item in passes if item.counted.note)),
    )


async def _screen_all(context: Context, plans: list[TablePlan]) -> list[_Screening]:
    done = 0

    def advance(rows: int, name: str) -> None:
        nonlocal done
        done += rows
        context.progress.update(done, name)

    async def one(plan: TablePlan) -> _Screening:
        found: list[Screened] = []
        failed: dict[str, str] = dict(plan.barred)
        for work in plan.passes:
            screened, errors = await _screen_pass(context, work, advance)
            found += screened
            failed |= errors
        return await _counted(context, _Screening(plan, tuple(found), failed))

    largest_first = sorted(plans, key=lambda plan: -plan.table.copy.rows)
    screenings = await together(*(one(plan) for plan in largest_first))
    return sorted(screenings, key=lambda item: item.plan.table.change.old.display)


async def _counted(context: Context, screening: _Screening) -> _Screening:
    """With the number of old rows where it was only expected: as the passes found it, or counted if none ran."""
    table = screening.plan.table
    if table.copy.counted:
        return screening
    if screening.screened:
        rows = screening.screened[0].counted.old_rows
    else:
        async with context.sessions.one() as connection:
            rows = await connection.fetchval(f"SELECT count(*) FROM {table.copy.sql}")
    table = replace(table, copy=replace(table.copy, rows=rows, counted=True))
    screened = tuple(replace(item, work=replace(item.work, table=table)) for item in screening.screened)
    return replace(screening, plan=replace(screening.plan, table=table), screened=screened)


async def _screen_pass(context: Context, work: Pass, advance: Advance) -> tuple[list[Screened], dict[str, str]]:
    """All columns in one pass; where that fails, each alone, so that one column's error does not hide the others."""
    try:
        return [Screened(work, await screen(context, work, advance))], {}
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
        if len(work.pairs) == 1:
            return [], {work.pairs[0].old.name: describe(error)}
    found: list[Screened] = []
    failed: dict[str, str] = {}
    for pair in work.pairs:
        alone, errors = await _screen_pass(context, replace(work, pairs=(pair,)), _nothing)
        found += alone
        failed |= errors
    return found, failed


def _nothing(_rows: int, _name: str) -> None:
    """For passes that repeat one that failed: its rows are told already."""


async def _account(
    context: Context, screening: _Screening, explained: Mapping[int, Explained]
) -> tuple[list[ColumnCheck], list[Finding]]:
    plan = screening.plan
    counts = {pair.old.name: item for item in screening.screened for pair in item.work.pairs}
    filled = dict(plan.non_null) | {
        pair.old.name: number
        for item in screening.screened
        for pair, number in zip(item.work.pairs, item.counted.filled, strict=True)
    }
    checks: list[ColumnCheck] = []
    findings: list[Finding] = []
    for column in plan.table.change.old_columns:
        item = counts.get(column.name)
        counted: Screen | None = item.counted if item else None
        differences = explained[id(item)].by_column.get(column.name, []) if item else []
        reason = screening.failed.get(column.name, "")
        checks.append(column_check(plan, column, counted, differences, filled.get(column.name, 0), reason))
        if counted is not None:
            findings += value_findings(plan, column, counted, differences, context.verification_db)
        findings += await _column_findings(context, plan, column, reason)
    return checks, findings + await _row_findings(context, screening)


async def _column_findings(context: Context, plan: TablePlan, column: Column, reason: str) -> list[Finding]:
    drift = drift_finding(plan, column, context.verification_db)
    found = [drift] if drift else []
    if column in plan.orphans:
        async with context.sessions.one() as connection:
            found.append(await orphan_finding(context, connection, plan, column))
    elif reason:
        found.append(_not_compared(context, plan, column, reason))
    return found


def _not_compared(context: Context, plan: TablePlan, column: Column, reason: str) -> Finding:
    counterpart = plan.counterparts[column.name]
    name = f"{plan.table.change.old.display}.{column.name}"
    rows = plan.table.copy.rows
    return make_finding(
        "not_compared",
        name,
        f"{name} was not compared with {now_called(name, counterpart.display)}: {reason}",
        count=rows,
        rows=rows,
        query=f"SELECT {quote_ident(counterpart.column.name)} FROM {counterpart.relation.sql};",
        database=context.verification_db,
    )


async def _row_findings(context: Context, screening: _Screening) -> list[Finding]:
    found: list[Finding] = []
    table = screening.plan.table
    if table.copy.rows == 0:
        name = table.change.old.display
        detail = f"{name} has no row, so none of its {len(table.change.old_columns)} lost columns is proven"
        query = f"SELECT count(*) FROM {table.copy.sql};"
        found.append(make_finding("nothing_compared", name, detail, query=query, database=context.verification_db))
    for item in screening.screened:
        joins = Joins(item.work.table, context.before, lambda oid: (context.after.relations[oid].sql, False))
        async with context.sessions.one() as connection:
            if not item.work.key:
                found += await multiset_findings(connection, item.work, item.counted, context.verification_db)
                continue
            found += await row_findings(
                connection, item.work, item.counted, context.carriers, context.paths, joins, context.verification_db
            )
    return found
