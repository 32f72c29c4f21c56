"""Weighs what the tables occupy at every stage of the migration, and with both states rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from harness.catalogue import read_catalogue
from harness.job import Run
from harness.measure.dropped import read_dropped_columns
from harness.measure.storage import read_free_space, read_storage, with_free_space, with_rows
from harness.migrate.stages import STAGES
from harness.result import StorageRecord
from harness.server.apply import Between

VACUUMED = "vacuumed"
"""All of the migration but its indexes, vacuumed: the arm that attribution has in any case."""

_WITHOUT_INDEXES = "after_noindexes"


async def weigh_storage(run: Run) -> None:
    """Measures what the tables occupy before, after, and with both states rewritten; and what was dropped.

    Comes before the check, whose writes are rolled back, but leave pages that no VACUUM gives back.
    """
    databases = run.databases
    vacuumed = _WITHOUT_INDEXES in run.job.options.arms
    with run.recorder.phase("storage"):
        run.progress.start("storage", 5, "states")
        if vacuumed:
            await _weigh(run, _WITHOUT_INDEXES, VACUUMED)
        run.progress.update(1, VACUUMED)
        for number, state in enumerate(("before", "after")):
            await _weigh(run, state, state)
            run.progress.update(2 * number + 2, state)
            rewritten = f"{state}_rewritten"
            await databases.drop(rewritten)
            await databases.create(rewritten, template=state)
            await _weigh(run, rewritten, rewritten, rewrite=True)
            await databases.drop(rewritten)
            run.progress.update(2 * number + 3, rewritten)
        run.recorder.set(storage=_with_known_rows(run.recorder.result.storage))
        await _look_at_dropped(run)


def stage_weigher(stages: dict[int, str], found: list[StorageRecord]) -> Between:
    """Weighs within the migration, where a stage is reached, without a clone: the sizes of files need no lock."""

    async def weigh(connection: Any, statements: int) -> None:
        if statements in stages:
            found.extend(await read_storage(connection, stages[statements], count_rows=False))

    return weigh


async def _weigh(run: Run, database: str, stage: str, rewrite: bool = False) -> None:
    connection = await run.databases.connect(database)
    try:
        await connection.execute("VACUUM (FULL, ANALYZE)" if rewrite else "VACUUM (ANALYZE)", timeout=None)
        records = await read_storage(connection, stage)
        if "pgstattuple" in run.databases.server.rights:
            try:
                records = with_free_space(records, await read_free_space(connection))
            except asyncpg.PostgresError as error:
                run.recorder.note(f"free space within tables is left out: {error}")
    finally:
        await connection.close()
    kept = [old for old in run.recorder.result.storage if old.stage != stage]
    run.recorder.set(storage=in_order((*kept, *records)))


def in_order(records: Sequence[StorageRecord]) -> tuple[StorageRecord, ...]:
    """By stage, as the migration goes: before, its own stages in their order, vacuumed, after, and both rewritten.

    What is vacuumed without indexes stands before the indexes, where these come last.
    """
    stages = list(dict.fromkeys(item.stage for item in records))
    own = [stage for stage in stages if stage in STAGES.values()]
    indexes = own[-1:] if own[-1:] == [STAGES["indexes"]] else []
    rest = own[: len(own) - len(indexes)]
    order = ["before", *rest, VACUUMED, *indexes, "after", "after_rewritten", "before_rewritten"]
    return tuple(sorted(records, key=lambda item: order.index(item.stage) if item.stage in order else len(order)))


def _with_known_rows(records: Sequence[StorageRecord]) -> tuple[StorageRecord, ...]:
    """Within the migration no rows were counted; where there are as many after as before, so there were meanwhile."""
    counted = {(item.stage, item.table): item.rows for item in records}
    known = {table: rows for (stage, table), rows in counted.items() if stage == "before"}
    known = {table: rows for table, rows in known.items() if counted.get(("after", table)) == rows}
    return tuple(item if item.rows is not None else with_rows(item, known.get(item.table)) for item in records)


async def _look_at_dropped(run: Run) -> None:
    before = await run.databases.connect("before")
    after = await run.databases.connect("after")
    try:
        catalogues = await read_catalogue(before), await read_catalogue(after)
        run.recorder.set(dropped_columns=await read_dropped_columns(before, *catalogues))
    finally:
        await after.close()
        await before.close()
