"""`bench measure`: the workload timed on an existing pair of databases, or on arms that are made for it."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from harness import options, running
from harness.commands.arguments import (
    AllowRolesOption,
    BudgetOption,
    ClientsOption,
    DsnOption,
    JsonOption,
    PgBinOption,
    QuietOption,
    RateOption,
    ResultsOption,
    RunAsOption,
    ScaleOption,
    ScenarioArgument,
    SeedOption,
    StatementTimeoutOption,
)
from harness.commands.ending import raise_problem
from harness.console import shown_progress
from harness.errors import UsageError
from harness.interrupt import run_async
from harness.pair import PairOptions, keep, measure_pair, prepare_pair
from harness.report import compared
from harness.result.store import to_json


def measure(
    scenario: ScenarioArgument = "crm",
    before: Annotated[str | None, typer.Option(help="URL of a database in the old state.")] = None,
    after: Annotated[str | None, typer.Option(help="URL of a migrated one on the same server.")] = None,
    control: Annotated[str | None, typer.Option(help="URL of a second one in the old state, for the noise.")] = None,
    writes: Annotated[bool, typer.Option("--writes", help="Let queries that write run on the pair, too.")] = False,
    scale: ScaleOption = "10k",
    seed: SeedOption = 1,
    budget: BudgetOption = "5m",
    clients: ClientsOption = "1",
    rate: RateOption = None,
    statement_timeout: StatementTimeoutOption = "60s",
    dsn: DsnOption = None,
    pg_bin: PgBinOption = None,
    run_as: RunAsOption = None,
    allow_roles: AllowRolesOption = False,
    results: ResultsOption = Path("results"),
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Times the workload alone, on a pair of databases that is there.

    With --before and --after nothing is created, dropped or, without --writes, changed there. Without them arms are
    seeded and migrated as in `bench run`, and only measured.
    """
    limits: dict[str, Any] = {
        "budget_s": options.parse_duration(budget),
        "clients": options.parse_clients(clients),
        "rate": options.check_rate(rate),
        "statement_timeout_s": options.parse_duration(statement_timeout),
    }
    if before is None and after is None:
        if control is not None or writes:
            raise UsageError("--control and --writes are for a pair of databases", "give --before and --after, too")
        server: dict[str, Any] = {"dsn": dsn, "pg_bin": pg_bin, "run_as": run_as, "allow_roles": allow_roles}
        made = options.RunOptions(scenario, scale, seed=seed, results=results, goal="measure", **server, **limits)
        _on_made_arms(made, quiet=quiet, json=json)
        return
    if before is None or after is None:
        raise UsageError("a pair has two databases", "give both --before URL and --after URL")
    if dsn or pg_bin or run_as or allow_roles:
        raise UsageError("the pair's URLs name its server", "leave out --dsn, --pg-bin, --run-as and --allow-roles")
    _on_pair(
        PairOptions(scenario, before, after, control, writes, seed=seed, results=results, **limits),
        quiet=quiet,
        json=json,
    )


def _on_made_arms(wanted: options.RunOptions, *, quiet: bool, json: bool) -> None:
    with shown_progress(quiet) as progress:
        ended = running.run_to_end(wanted, None, progress)
    if json:
        typer.echo(to_json(ended.result), nl=False)
    elif ended.problem is None:
        compared(ended.result, Console())
    raise_problem(ended)
    raise typer.Exit(ended.result.exit_code)


def _on_pair(wanted: PairOptions, *, quiet: bool, json: bool) -> None:
    folder, scenario = prepare_pair(wanted)
    try:
        with shown_progress(quiet) as progress:
            found = run_async(measure_pair(wanted, folder, scenario, progress))
    except BaseException:
        if not any(folder.iterdir()):
            folder.rmdir()
        else:
            typer.echo(f"the samples so far: {folder}", err=True)
        raise
    text = json_format.dumps(found.as_json(), indent=2) + "\n"
    keep(found, text)
    if json:
        typer.echo(text, nl=False)
    else:
        compared(found.result, Console())
        typer.echo(f"Samples and comparison: {folder}")
    raise typer.Exit(found.exit_code)
