"""`bench seed`: a seeded database, left there."""

from __future__ import annotations

from pathlib import Path

from harness import options, running
from harness.commands.arguments import (
    AllowRolesOption,
    DsnOption,
    PgBinOption,
    ProfileOption,
    QuietOption,
    ResultsOption,
    RunAsOption,
    ScaleOption,
    ScenarioArgument,
    SeedOption,
)
from harness.commands.ending import raise_problem, show_seeding
from harness.console import shown_progress


def seed(
    scenario: ScenarioArgument = "crm",
    scale: ScaleOption = "10k",
    profile: ProfileOption = "clean",
    seed: SeedOption = 1,
    dsn: DsnOption = None,
    pg_bin: PgBinOption = None,
    run_as: RunAsOption = None,
    allow_roles: AllowRolesOption = False,
    results: ResultsOption = Path("results"),
    quiet: QuietOption = False,
) -> None:
    """Seeds a database, leaves it, and says how to connect."""
    wanted = options.RunOptions(
        scenario=scenario,
        scale=scale,
        profile=options.check_profile(profile),
        seed=seed,
        results=results,
        dsn=dsn,
        pg_bin=pg_bin,
        run_as=run_as,
        allow_roles=allow_roles,
        keep=True,
        goal="seed",
    )
    with shown_progress(quiet) as progress:
        ended = running.run_to_end(wanted, None, progress)
    raise_problem(ended)
    show_seeding(ended, dsn)
