"""Reads the plan of every query on every arm, and says from them why a query is slower or faster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.catalogue import Catalogue, read_catalogue
from harness.catalogue.coverage import Earlier
from harness.job import Run
from harness.judge import headlines
from harness.measure.model import FORMS
from harness.plans import TEXTS, Facts, IndexColumns, derive_causes, explain, plan_changes, typical
from harness.result import Cause, PlanChange, PlanMode, PlanRecord, Result, StorageRecord
from harness.workload import BoundQuery

STATES = ("before", "after")
LONG_S = 2.0
"""What takes longer is executed once on either state, and no more."""

MODES: tuple[PlanMode, ...] = ("custom", "generic")


async def read_plans(run: Run, queries: tuple[BoundQuery, ...]) -> None:
    """Explains every timed query on every arm; comes after the measuring, which it must not disturb."""
    recorder = run.recorder
    if not queries:
        return
    with recorder.phase("plans"):
        arms = [arm for arm in run.job.options.arms if arm != "control"]  # the control is a clone of `before`
        run.progress.start("plans")
        connection = await run.databases.connect("before")
        try:
            chosen = [await typical(connection, query) for query in queries]
        finally:
            await connection.close()
        plans: list[PlanRecord] = []
        for arm in arms:
            plans += await _of_arm(run, arm, chosen, plans)
            recorder.set(plans=tuple(plans))
        catalogues = {arm: await _catalogue(run, arm) for arm in STATES}
        recorder.set(plan_changes=all_changes(plans), causes=all_causes(recorder.result, catalogues))


async def _of_arm(
    run: Run,
    arm: str,
    queries: Sequence[BoundQuery],
    earlier: Sequence[PlanRecord],
) -> list[PlanRecord]:
    connection = await run.databases.connect(arm)
    settings = {"statement_timeout": f"{run.job.options.statement_timeout_s * 1000:.0f}ms"}
    found: list[PlanRecord] = []
    try:
        for query in queries:
            statements, values = query.form(FORMS[arm]), query.sets[0]
            modes = MODES if any(statement.names for statement in statements) else MODES[:1]
            for mode in modes:
                needed = arm in STATES and mode == "custom"
                reason = "" if needed else too_long(query.name, [*earlier, *found])
                found += await explain(connection, query, arm, statements, values, mode, settings, reason)
            run.progress.update(len(earlier) + len(found), f"{query.name} on {arm}")
    finally:
        await connection.close()
    return found


def too_long(query: str, plans: Sequence[PlanRecord]) -> str:
    """Why a query is not executed once more for a plan that explains no verdict; empty where it may be."""
    took = [plan.execution_s for plan in plans if plan.query == query and not plan.error]
    if any(plan.query == query and plan.error for plan in plans) or max((s or 0.0 for s in took), default=0.0) > LONG_S:
        return f"not executed: another of its plans took longer than {LONG_S:g} s, or failed"
    return ""


async def _catalogue(run: Run, arm: str) -> Catalogue:
    connection = await run.databases.connect(arm)
    try:
        return await read_catalogue(connection)
    finally:
        await connection.close()


def all_changes(plans: Sequence[PlanRecord]) -> tuple[PlanChange, ...]:
    """Every arm's plans against those of `before`, in the same mode."""
    sides = _sides(plans)
    return tuple(
        change
        for (query, arm, mode), records in sides.items()
        if arm != "before"
        for change in plan_changes(sides.get((query, "before", mode), []), records)
    )


def all_causes(result: Result, catalogues: dict[str, Catalogue]) -> tuple[Cause, ...]:
    """The causes of every query that is proven slower or faster at the lowest level of clients."""
    sides = _sides(result.plans)
    known = known_facts(catalogues["before"], catalogues["after"], result.storage)
    found: list[Cause] = []
    deciding = headlines(result.latency)
    lowest = min((item.clients for item in deciding), default=1)
    for item in (item for item in deciding if item.clients == lowest):
        if item.verdict in ("slower", "faster"):
            shares = _shares_planned(result, item.query, lowest)
            old, new = (_timed_plan(sides, item.query, arm, share) for arm, share in zip(STATES, shares, strict=True))
            found += derive_causes(item.verdict, old, new, replace(known, planned_anew=shares))
    return tuple(found)


def _shares_planned(result: Result, query: str, clients: int) -> tuple[float, float]:
    """Which share of a query's executions was planned anew on either state; all, where the server does not tell."""
    shares = {
        item.arm: item.custom_plans / (item.custom_plans + item.generic_plans)
        for item in result.query_io
        if (item.query, item.clients) == (query, clients) and item.custom_plans + item.generic_plans
    }
    return shares.get("before", 1.0), shares.get("after", 1.0)


def _timed_plan(
    sides: Mapping[tuple[str, str, str], list[PlanRecord]], query: str, arm: str, share: float
) -> list[PlanRecord]:
    """The plan that most of the timed executions ran by: the generic one, or that for the values."""
    generic = sides.get((query, arm, "generic"))
    return generic if generic and share < 1 / 2 else sides.get((query, arm, "custom"), [])


def _sides(plans: Sequence[PlanRecord]) -> dict[tuple[str, str, str], list[PlanRecord]]:
    sides: dict[tuple[str, str, str], list[PlanRecord]] = {}
    for plan in plans:
        sides.setdefault((plan.query, plan.arm, plan.mode), []).append(plan)
    return sides


def known_facts(before: Catalogue, after: Catalogue, storage: Sequence[StorageRecord]) -> Facts:
    """What is known of both states beside the plans."""
    usable = [  # a partial one, too: where it leads, the planner may have declined it, and would decline a whole one
        (after.relations[item.relation], item)
        for item in after.indexes
        if item.valid and item.relation in after.relations
    ]
    columns = [(table, column) for table in after.relations.values() for column in table.columns]
    old = Earlier(before.indexes)
    new = [item for item in after.indexes if item.relation in after.relations and item not in old]
    return Facts(
        indexes=tuple(IndexColumns(table.schema, table.name, item.columns, item.is_unique) for table, item in usable),
        texts=frozenset(
            (table.schema, table.name, column.name) for table, column in columns if column.base_type in TEXTS
        ),
        roots={
            (table.schema, table.name): (root.schema, root.name)
            for table in after.relations.values()
            if table.root is not None and (root := after.relations.get(table.root)) is not None
        },
        functions=frozenset(item.identity.partition("(")[0].rpartition(".")[2].strip('"') for item in after.functions),
        new_indexes=frozenset((after.relations[item.relation].display, item.name) for item in new),
        row_bytes=_row_bytes(storage),
    )


def _row_bytes(storage: Sequence[StorageRecord]) -> dict[str, tuple[float, float]]:
    """Bytes per row of every table before and after, as both are timed."""
    sizes = {(item.stage, item.table): item.heap_bytes / item.rows for item in storage if item.rows}
    tables = [table for stage, table in sizes if stage == "before" and table is not None]
    return {table: (sizes["before", table], sizes["after", table]) for table in tables if ("after", table) in sizes}
