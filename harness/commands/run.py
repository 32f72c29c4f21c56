"""`bench run`: the whole pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harness import options, running
from harness.commands.arguments import (
    AllowRolesOption,
    BudgetOption,
    ClientsOption,
    DsnOption,
    JsonOption,
    KeepOption,
    PgBinOption,
    ProfileOption,
    QuietOption,
    RateOption,
    ResultsOption,
    RunAsOption,
    ScaleOption,
    ScenarioArgument,
    SeedOption,
    StatementTimeoutOption,
)
from harness.commands.ending import REPORT_FILE, how_to_connect, raise_problem, show_seeding
from harness.console import shown_progress
from harness.report import comparison, summary
from harness.result.store import to_json


def run(
    scenario: ScenarioArgument = "crm",
    scale: ScaleOption = "10k",
    profile: ProfileOption = "clean",
    seed: SeedOption = 1,
    budget: BudgetOption = "5m",
    clients: ClientsOption = "1",
    rate: RateOption = None,
    arms: Annotated[
        str, typer.Option(help=f"Database states to measure, of {', '.join(options.ARMS)}; else all that apply.")
    ] = "",
    statement_timeout: StatementTimeoutOption = "60s",
    dsn: DsnOption = None,
    pg_bin: PgBinOption = None,
    run_as: RunAsOption = None,
    allow_roles: AllowRolesOption = False,
    resume: Annotated[Path | None, typer.Option(help="Go on with a killed run, in this folder.")] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="A stored run: fail only for what became worse than there.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Give settled queries further blocks, too: for a run to be a baseline.")
    ] = False,
    results: ResultsOption = Path("results"),
    keep: KeepOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Judges a migration: seeds, migrates, verifies, measures."""
    wanted = options.RunOptions(
        scenario=scenario,
        scale=scale,
        profile=options.check_profile(profile),
        seed=seed,
        budget_s=options.parse_duration(budget),
        clients=options.parse_clients(clients),
        rate=options.check_rate(rate),
        arms=options.parse_arms(arms) if arms else (),
        statement_timeout_s=options.parse_duration(statement_timeout),
        baseline=baseline,
        full=full,
        results=results,
        dsn=dsn,
        pg_bin=pg_bin,
        run_as=run_as,
        allow_roles=allow_roles,
        keep=keep,
    )
    with shown_progress(quiet) as progress:
        ended = running.run_to_end(wanted, resume, progress)
    seeds_only = ended.result.options.get("goal") == "seed"  # a seeding that is gone on with
    if json:
        typer.echo(to_json(ended.result), nl=False)
    elif ended.problem is None and seeds_only:
        show_seeding(ended, dsn)
    elif ended.problem is None:
        summary(ended.result, Console(), ended.folder / REPORT_FILE)
        if ended.result.gate is not None:
            comparison(ended.result.gate, Console())
    if keep and ended.has_server and not seeds_only:
        typer.echo(how_to_connect(ended, dsn), err=True)
    raise_problem(ended)
    raise typer.Exit(ended.result.exit_code)
