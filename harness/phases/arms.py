"""Makes the arms, applies to each its part of the migration, and brings all into the same state."""

from __future__ import annotations

from harness import arms
from harness.job import Run
from harness.migrate import migrate, settle
from harness.migrate.stages import stages_of
from harness.phases.storage import in_order, stage_weigher
from harness.result import StorageRecord
from harness.server.apply import ApplyError


async def build_arms(run: Run) -> None:
    """Clones the template for every arm, and applies to each its part of the migration."""
    databases, recorder = run.databases, run.recorder
    with recorder.phase("arms"):
        run.progress.start("arms", len(run.job.options.arms), "databases")
        for number, arm in enumerate(run.job.options.arms):
            await databases.drop(arm)
            await databases.create(arm, template=arms.TEMPLATE)
            run.progress.update(number + 1, arm)
    with recorder.phase("migrate"):
        for arm in run.job.options.arms:
            await _migrate(run, arm)


async def _migrate(run: Run, arm: str) -> None:
    """Applies the arm's part; the steps of the arm `after` are the result's, a failure's too."""
    files = arms.migrations_of(arm, run.job.scenario)
    if not files:
        return
    weighed: list[StorageRecord] = []
    weigher = stage_weigher(stages_of(files), weighed) if arm == "after" else None
    try:
        steps = await migrate(run.databases.server.address, run.databases.name(arm), files, run.progress, weigher)
    except ApplyError as error:
        run.recorder.set(migrations=error.steps)
        raise
    if arm == "after":
        run.recorder.set(migrations=steps, storage=in_order(weighed))
    connection = await run.databases.connect(arm)
    try:
        await connection.execute("ANALYZE", timeout=None)  # the check's own plans depend on it; settling comes later
    finally:
        await connection.close()


async def settle_arms(run: Run) -> None:
    """Brings all arms alike into the state in which they are weighed and timed.

    Comes after the check, whose writes were rolled back but left dead rows.
    """
    databases = run.databases
    with run.recorder.phase("settle"):
        run.progress.start("settle", len(run.job.options.arms), "databases")
        for number, arm in enumerate(run.job.options.arms):
            await settle(databases.server, databases.name(arm), run.progress)
            run.progress.update(number + 1, arm)
