"""Weighs what the tables occupy before, after, and with both states rewritten."""

from __future__ import annotations

from harness.job import Run
from harness.measure.storage import read_storage


async def weigh_storage(run: Run) -> None:
    """Measures what the tables occupy before, after, and with both states rewritten."""
    databases = run.databases
    with run.recorder.phase("storage"):
        run.progress.start("storage", 4, "states")
        for number, state in enumerate(("before", "after")):
            await _weigh(run, state, state)
            run.progress.update(2 * number + 1, state)
            rewritten = f"{state}_rewritten"
            await databases.drop(rewritten)
            await databases.create(rewritten, template=state)
            await _weigh(run, rewritten, rewritten, rewrite=True)
            await databases.drop(rewritten)
            run.progress.update(2 * number + 2, rewritten)


async def _weigh(run: Run, database: str, stage: str, rewrite: bool = False) -> None:
    connection = await run.databases.connect(database)
    try:
        if rewrite:
            await connection.execute("VACUUM (FULL, ANALYZE)", timeout=None)
        records = await read_storage(connection, stage)
    finally:
        await connection.close()
    run.recorder.set(storage=(*(old for old in run.recorder.result.storage if old.stage != stage), *records))
