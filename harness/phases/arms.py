"""Makes the arms, applies to each its part of the migration, and brings all into the same state."""

from __future__ import annotations

from dataclasses import replace

from harness import arms
from harness.job import Run
from harness.migrate import migrate, refresh_statistics, settle, warm
from harness.migrate.stages import stages_of
from harness.phases.storage import in_order, stage_weigher
from harness.phases.verify import forget_check
from harness.result import StorageRecord
from harness.server.apply import ApplyError


async def build_arms(run: Run) -> Run:
    """Clones the template for every arm, and applies to each its part of the migration.

    Returns the run with the arms that there are: where a part of the migration cannot stand by itself, attribution is
    given up, and the reason kept.
    """
    databases, recorder, options = run.databases, run.recorder, run.job.options
    if await arms_are_there(run):
        run.progress.note("the migrated arms of the earlier session are there and are used")
        recorder.set(attribution_absent=_no_attribution(run))
        return run
    forget_check(run)
    with recorder.phase("arms"):
        run.progress.start("arms", len(options.arms), "databases")
        await _vacuum_template(run)
        for number, arm in enumerate(options.arms):
            await databases.drop(arm)
            await databases.create(arm, template=arms.TEMPLATE)
            run.progress.update(number + 1, arm)
    absent = _no_attribution(run)
    with recorder.phase("migrate"):
        for arm in options.arms:
            try:
                await _migrate(run, arm)
            except ApplyError as error:
                if arm not in arms.CORNERS:
                    raise
                absent = f"a part of the migration does not stand by itself: {error}"
    kept = tuple(arm for arm in options.arms if arm not in arms.CORNERS) if absent else options.arms
    for arm in options.arms:
        if arm not in kept:
            await databases.drop(arm)
    if absent:
        run.progress.note(f"indexes and views are not told apart: {absent}")
    recorder.set(attribution_absent=absent)
    return replace(run, job=replace(run.job, options=replace(options, arms=kept)))


async def _vacuum_template(run: Run) -> None:
    """Brings the template to where VACUUM and ANALYZE change no size any more, so that stages differ by themselves.

    The first VACUUM gives back empty pages at the ends of freshly loaded tables; the second makes room in the
    statistics for those that every later ANALYZE writes anew.
    """
    connection = await run.databases.connect(arms.TEMPLATE)
    try:
        await connection.execute("VACUUM (ANALYZE)", timeout=None)
        await connection.execute("VACUUM", timeout=None)
    finally:
        await connection.close()


def _no_attribution(run: Run) -> str:
    """Why indexes and views cannot be told apart in this run; empty where they can."""
    if not arms.adds_indexes(run.job.scenario):
        return "the migration adds no index to tables that were there before: there is nothing to separate"
    if not set(arms.CORNERS) <= set(run.job.options.arms):
        return f"--arms left out {' and '.join(arm for arm in arms.CORNERS if arm not in run.job.options.arms)}"
    return ""


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
    weighed: list[StorageRecord] = []
    weigher = stage_weigher(stages_of(files), weighed) if arm == "after" else None
    try:
        steps = await migrate(run.databases.server.address, run.databases.name(arm), files, run.progress, weigher)
    except ApplyError as error:
        if arm not in arms.CORNERS:
            run.recorder.set(migrations=error.steps)
        raise
    if arm == "after":
        run.recorder.set(migrations=steps, storage=in_order(weighed))
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
            await settle(databases.server, databases.name(arm))
            run.progress.update(number + 1, arm)
        await warm(databases.server, [databases.name(arm) for arm in run.job.options.arms], run.progress)
