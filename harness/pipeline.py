"""The phases in their order, from scenario files to report: reads like a contents page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from harness.job import Run
from harness.options import Goal
from harness.phases import (
    build_arms,
    hold_against_baseline,
    hold_claims,
    list_use,
    measure_arms,
    note_use,
    read_plans,
    seed_template,
    settle_arms,
    verify_views,
    weigh_storage,
)

Phases = Callable[[Run], Awaitable[None]]


async def whole_run(run: Run) -> None:
    """All phases of a run; each saves its outcome as soon as it exists."""
    await seed_template(run)
    run = await build_arms(run)
    await weigh_storage(run)
    queries = await verify_views(run)
    await settle_arms(run)
    used = await note_use(run)
    await measure_arms(run, queries)
    await list_use(run, used)
    await read_plans(run, queries)
    await hold_claims(run)
    hold_against_baseline(run)
    run.recorder.set(complete=True)


async def check_run(run: Run) -> None:
    """The phases up to the integrity check, and no further."""
    await seed_template(run)
    await build_arms(run)
    await verify_views(run)
    run.recorder.set(complete=True)


async def seed_run(run: Run) -> None:
    """A seeded database, and nothing of it checked or timed."""
    await seed_template(run)
    run.recorder.set(complete=True)


async def up_to_measuring(run: Run) -> None:
    """What comes before measuring, and measuring."""
    await seed_template(run)
    await build_arms(run)
    queries = await verify_views(run)
    await settle_arms(run)
    await measure_arms(run, queries)
    run.recorder.set(complete=True)


PHASES: Mapping[Goal, Phases] = {
    "run": whole_run,
    "seed": seed_run,
    "verify": check_run,
    "measure": up_to_measuring,
}
"""What each goal asks for; the others bring phases of their own, and cannot be gone on with."""
