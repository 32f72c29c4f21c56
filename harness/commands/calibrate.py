"""`bench calibrate`: how far the verdicts can be trusted on this machine, measured."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harness import calibrate as calibration
from harness import options, running
from harness.commands.arguments import (
    AllowRolesOption,
    DsnOption,
    JsonOption,
    PgBinOption,
    ProfileOption,
    QuietOption,
    ResultsOption,
    RunAsOption,
    ScaleOption,
    ScenarioArgument,
    SeedOption,
)
from harness.console import shown_progress
from harness.errors import UsageError
from harness.phases import CalibrationPlan, calibrate_method
from harness.phases.clones import ARMS
from harness.report import calibration_table
from harness.result.store import write_atomically

DEFAULT_RUNS = 10


def calibrate(
    scenario: ScenarioArgument = "crm",
    runs: Annotated[int | None, typer.Option(min=1, help=f"A/A runs to measure (default {DEFAULT_RUNS}).")] = None,
    pairs: Annotated[
        int | None, typer.Option(min=1, help="Instead: pairs of unchanged runs, held against each other by the gate.")
    ] = None,
    lines: Annotated[
        list[Path] | None,
        typer.Option(help="Measure nothing: sum up an earlier calibration, from its folder; several: name it again."),
    ] = None,
    scale: ScaleOption = "10k",
    profile: ProfileOption = "clean",
    seed: SeedOption = 1,
    budget: Annotated[str, typer.Option(help="Wall-clock time for measuring each run: 60s, 5m.")] = "60s",
    clients: Annotated[str, typer.Option(help="Concurrent connections; several levels: 1,4.")] = "1",
    statement_timeout: Annotated[str, typer.Option(help="Longest time for one timed statement.")] = "60s",
    dsn: DsnOption = None,
    pg_bin: PgBinOption = None,
    run_as: RunAsOption = None,
    allow_roles: AllowRolesOption = False,
    results: ResultsOption = Path("results"),
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Measures the method's own false alarms and power."""
    if runs is not None and pairs is not None:
        raise UsageError("--runs and --pairs are two different measurements", "give one of them")
    if lines:
        _tell(calibration.read_lines(*lines), json)
    wanted = options.RunOptions(
        scenario=scenario,
        scale=scale,
        profile=options.check_profile(profile),
        seed=seed,
        budget_s=options.parse_duration(budget),
        clients=options.parse_clients(clients),
        arms=ARMS,
        goal="calibrate",
        statement_timeout_s=options.parse_duration(statement_timeout),
        results=results,
        dsn=dsn,
        pg_bin=pg_bin,
        run_as=run_as,
        allow_roles=allow_roles,
    )
    plan = CalibrationPlan("pairs", pairs) if pairs else CalibrationPlan("runs", runs or DEFAULT_RUNS)
    kept = calibration.Lines()
    phases = partial(calibrate_method, plan=plan, lines=kept)
    with shown_progress(quiet) as progress:
        ended = running.run_to_end(wanted, None, progress, phases, name="calibrate-")
    if kept.runs:
        _store(ended.folder, tuple(kept.runs))
    if ended.problem is not None:
        again = _again(ended.folder) if kept.runs else "nothing can be summed up"
        typer.echo(f"{len(kept.runs)} of {plan.count} {plan.kind} are done and kept: {again}", err=True)
        raise ended.problem
    _tell(tuple(kept.runs), json)


def _again(folder: Path) -> str:
    return f"bench calibrate --lines {folder} sums them up"


def _store(folder: Path, runs: tuple[calibration.CalibrationRun, ...]) -> None:
    """The sum beside its lines, and the table for the documentation."""
    found = calibration.summarise(runs)
    write_atomically(folder / "calibration.json", calibration.calibration_json(found))
    write_atomically(folder / "calibration.md", calibration.markdown(found, runs))


def _tell(runs: tuple[calibration.CalibrationRun, ...], json: bool) -> None:
    """Prints the sum and ends the command with its exit code."""
    found = calibration.summarise(runs)
    if json:
        typer.echo(calibration.calibration_json(found), nl=False)
    else:
        calibration_table(found, runs, Console())
    raise typer.Exit(calibration.exit_code(found))
