"""Makes the arms, applies to each its part of the migration, and brings all into the same state."""

from __future__ import annotations

from harness import arms
from harness.job import Run
from harness.migrate import migrate, refresh_statistics, settle
from harness.phases.verify import forget_check
from harness.server.apply import ApplyError


async def build_arms(run: Run) -> None:
    """Clones the template for every arm, and applies to each its part of the migration."""
    databases, recorder = run.databases, run.recorder
    if await arms_are_there(run):
        run.progress.note("the migrated arms of the earlier session are there and are used")
        return
    forget_check(run)
    with recorder.phase("arms"):
        run.progress.start("arms", len(run.job.options.arms), "databases")
        for number, arm in enumerate(run.job.options.arms):
            await databases.drop(arm)
            await databases.create(arm, template=arms.TEMPLATE)
            run.progress.update(number + 1, arm)
    with recorder.phase("migrate"):
        for arm in run.job.options.arms:
            await _migrate(run, arm)


async def arms_are_there(run: Run) -> bool:
    """Whether an earlier session, which ended within the check, left every arm, migrated."""
    if not run.recorder.is_done("migrate"):
        return False
    return all([await run.databases.exists(arm) for arm in run.job.options.arms])


async def _migrate(run: Run, arm: str) -> None:
    """Applies the arm's part; the steps of the arm `after` are the result's, a failure's too."""
    files = arms.migrations_of(arm, run.job.scenario)
    if not files:
        return
    try:
        steps = await migrate(run.databases.server.address, run.databases.name(arm), files, run.progress)
    except ApplyError as error:
        run.recorder.set(migrations=error.steps)
        raise
    if arm == "after":
        run.recorder.set(migrations=steps)
    connection = await run.databases.connect(arm)
    try:
        await refresh_statistics(connection)  # the check's own plans depend on it; settling comes later
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
