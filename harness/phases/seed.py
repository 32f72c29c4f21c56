"""Makes and fills the template, the database that every arm is a clone of."""

from __future__ import annotations

from dataclasses import replace

from harness import arms
from harness.job import Run
from harness.phases.arms import arms_are_there
from harness.result import SeedManifest
from harness.scenario import Scenario, access_fingerprint, schema_fingerprint
from harness.seed import SeedSpec, estimate_bytes, fill, has_begun, hired
from harness.server.access import check_access
from harness.server.disk import check_space, with_log
from harness.server.roles import prepare_roles, roles_wanted

EMPTY_DATABASE_BYTES = 8_000_000
LEFT_OUT = "left out"
"""In the place of the fingerprint of grants and policies where the server has no roles for them."""


async def seed_template(run: Run) -> None:
    """Makes and fills the template, the database that every arm is a clone of."""
    job, databases, recorder = run.job, run.databases, run.recorder
    is_there = await databases.exists(arms.TEMPLATE)
    if is_there and recorder.is_done("seed"):
        run.progress.note("the seeded template of the earlier session is there and is used")
        if not await arms_are_there(run):
            await databases.drop_all(keep=arms.TEMPLATE)
        return
    with recorder.phase("seed"), hired() as crew:  # the processes start while the database is made
        goes_on = is_there and await has_begun(databases.server.address, databases.name(arms.TEMPLATE))
        await databases.drop_all(keep=arms.TEMPLATE if goes_on else None)
        has_roles = await _prepare_roles(run)
        check_space(databases.server, _needed_bytes(run), f"a run at --scale {job.options.scale}", run.progress)
        manifest = await fill(
            job.scenario,
            job.spec,
            job.scale_rows,
            job.options.profile,
            job.options.seed,
            databases.server.address,
            databases.name(arms.TEMPLATE) if goes_on else await databases.create(arms.TEMPLATE),
            recorder.folder,
            crew,
            run.progress,
            with_access=has_roles,
        )
        recorder.set(seed_manifest=with_fingerprints(manifest, job.scenario, job.spec, has_roles))


def with_fingerprints(manifest: SeedManifest, scenario: Scenario, spec: SeedSpec, has_roles: bool) -> SeedManifest:
    """What the data were made from, recorded with them: a resumed run may meet files that were changed meanwhile."""
    return replace(
        manifest,
        schema_fingerprint=schema_fingerprint(scenario),
        seed_fingerprint=spec.fingerprint,
        access_fingerprint=access_fingerprint(scenario) if has_roles else LEFT_OUT,
    )


async def _prepare_roles(run: Run) -> bool:
    """Whether the roles that the scenario's grants and policies name are there."""
    scenario, server = run.job.scenario, run.databases.server
    wanted = roles_wanted(scenario.access)
    report = await prepare_roles(server, scenario.roles, wanted, run.progress)
    await check_access(server, (*scenario.schema, *scenario.constraints, *scenario.migrations))
    if report.missing:
        run.recorder.note(f"grants and row security are left out: the server has no role {', '.join(report.missing)}")
    return not report.missing


def _needed_bytes(run: Run) -> int:
    """For all databases that are on disk at once, and the log of what is written.

    These are the template, the arms, the verification clone or one that is being rewritten, and an odd small one.
    """
    job = run.job
    size = estimate_bytes(job.spec, job.scale_rows, job.options.seed) + EMPTY_DATABASE_BYTES
    return with_log(run.databases.server, size * (len(job.options.arms) + 2))
