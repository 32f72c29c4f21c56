"""`bench prove`: plants faults in the migration's outcome and shows that the check catches each."""

from __future__ import annotations

import json as json_text
from pathlib import Path

import typer

from harness import options, running
from harness.commands.arguments import (
    AllowRolesOption,
    DsnOption,
    JsonOption,
    PgBinOption,
    QuietOption,
    ResultsOption,
    RunAsOption,
    ScaleOption,
    ScenarioArgument,
    SeedOption,
)
from harness.commands.ending import raise_problem
from harness.console import shown_progress
from harness.errors import EXIT_INTEGRITY
from harness.phases.prove import Proving
from harness.prove.show import as_table, machine_readable


def prove(
    scenario: ScenarioArgument = "crm-repaired",
    scale: ScaleOption = "1k",
    seed: SeedOption = 1,
    dsn: DsnOption = None,
    pg_bin: PgBinOption = None,
    run_as: RunAsOption = None,
    allow_roles: AllowRolesOption = False,
    results: ResultsOption = Path("results"),
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Plants faults and shows that the check catches each.

    Exit code 3 where one escapes, is taken for another, or what is right is accused.
    """
    wanted = options.RunOptions(
        scenario=scenario,
        scale=scale,
        seed=seed,
        arms=("before", "after"),
        goal="prove",
        results=results,
        dsn=dsn,
        pg_bin=pg_bin,
        run_as=run_as,
        allow_roles=allow_roles,
    )
    proving = Proving()
    with shown_progress(quiet) as progress:
        ended = running.run_to_end(wanted, None, progress, proving)
    raise_problem(ended)
    assert proving.proof is not None
    if json:
        typer.echo(json_text.dumps(machine_readable(proving.proof), indent=2, ensure_ascii=False))
    else:
        typer.echo(as_table(proving.proof))
    raise typer.Exit(0 if proving.proof.holds else EXIT_INTEGRITY)
