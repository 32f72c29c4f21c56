"""The commands: parse, call, map errors to exit codes; no logic of their own."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from harness import __version__, options, pipeline, sqltext
from harness.console import shown_progress
from harness.errors import EXIT_COULD_NOT_RUN, EXIT_INTERRUPTED, EXIT_USAGE, HarnessError
from harness.report import summary, write_report
from harness.result import Result
from harness.result.store import to_json
from harness.scenario import load_scenario, scenario_names
from harness.server import ServerOptions
from harness.server.cleaning import clean as clean_leftovers

app = typer.Typer(
    name="bench",
    help="Proves, or refutes, a PostgreSQL migration that replaces denormalised columns by views.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)

ScenarioArgument = Annotated[str, typer.Argument(help="A built-in scenario's name, or a scenario's folder.")]
ScaleOption = Annotated[str, typer.Option(help="Rows of the main tables: 10k, 100k, 1m.")]
ProfileOption = Annotated[str, typer.Option(help="clean, or realistic with planted anomalies.")]
SeedOption = Annotated[int, typer.Option(min=0, help="The data's seed: the same seed gives the same rows.")]
DsnOption = Annotated[
    str | None, typer.Option(help="A server of yours (PostgreSQL 15 or newer) instead of the embedded one.")
]
PgBinOption = Annotated[Path | None, typer.Option(help="Other binaries for the embedded server.")]
RunAsOption = Annotated[str | None, typer.Option(help="As root: the account that the embedded server runs as.")]
AllowRolesOption = Annotated[
    bool, typer.Option("--allow-roles", help="Let a server of yours get the scenario's roles.")
]
ResultsOption = Annotated[Path, typer.Option(help="Where the folders of runs lie.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The result on stdout, and nothing else there.")]
RunArgument = Annotated[Path, typer.Argument(help="A run's folder, for example results/latest.")]
KeepOption = Annotated[bool, typer.Option("--keep", help="Keep the server and its databases (see bench serve).")]
OpenOption = Annotated[bool, typer.Option("--open", help="Show it in a browser.")]

_CommandLineError: type[Any] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What every mistake in the words of a command is; typer brings its own click, or uses the installed one."""


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="The version.")] = False) -> None:
    if version:
        typer.echo(f"bench {__version__}")
        raise typer.Exit


@app.command()
def run(
    scenario: ScenarioArgument = "crm",
    scale: ScaleOption = "10k",
    profile: ProfileOption = "clean",
    seed: SeedOption = 1,
    budget: Annotated[str, typer.Option(help="Wall-clock time for measuring: 60s, 5m.")] = "5m",
    clients: Annotated[str, typer.Option(help="Concurrent connections; several levels: 1,4.")] = "1",
    arms: Annotated[str, typer.Option(help="Database states to measure.")] = "before,after,control",
    statement_timeout: Annotated[str, typer.Option(help="Longest time for one statement.")] = "60s",
    dsn: DsnOption = None,
    pg_bin: PgBinOption = None,
    run_as: RunAsOption = None,
    allow_roles: AllowRolesOption = False,
    resume: Annotated[Path | None, typer.Option(help="Go on with a killed run: its folder.")] = None,
    results: ResultsOption = Path("results"),
    keep: KeepOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Seeds, migrates, verifies, measures and reports: the whole judgement of a migration."""
    wanted = options.RunOptions(
        scenario=scenario,
        scale=scale,
        profile=options.check_profile(profile),
        seed=seed,
        budget_s=options.parse_duration(budget),
        clients=options.parse_clients(clients),
        arms=options.parse_arms(arms),
        statement_timeout_s=options.parse_duration(statement_timeout),
        results=results,
        dsn=dsn,
        pg_bin=pg_bin,
        run_as=run_as,
        allow_roles=allow_roles,
        keep=keep,
    )
    with shown_progress(quiet) as progress:
        result, folder = pipeline.run_to_end(wanted, resume, progress)
    _show(result, folder, json)
    raise typer.Exit(result.exit_code)


def _show(result: Result, folder: Path, as_json: bool) -> None:
    if as_json:
        typer.echo(to_json(result), nl=False)
    else:
        summary(result, Console(), folder / "report.html")


@app.command()
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
    """Seeds a database and leaves it: rows and bytes per table, and how to connect."""
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
    )
    with shown_progress(quiet) as progress:
        result, folder = pipeline.run_to_end(wanted, None, progress, pipeline.SEED_ONLY)
    for table in result.seed_manifest.tables:
        typer.echo(f"{table.table:<32}{table.rows:>12,} rows{table.bytes:>16,} bytes")
    typer.echo(f"in all {result.seed_manifest.rows:,} rows, {result.seed_manifest.bytes:,} bytes")
    typer.echo(f"bench serve {folder}" if dsn is None else f"database bench_{result.run_id}_template")


@app.command()
def report(run: RunArgument, open_: OpenOption = False) -> None:
    """Writes a run's report again, the same bytes, from what its folder holds."""
    for path in write_report(run):
        typer.echo(path)
    if open_:
        typer.launch(str(run / "report.html"))


@app.command()
def scenarios() -> None:
    """Lists the built-in scenarios with their views, dropped columns and queries."""
    for name in scenario_names():
        found = load_scenario(name)
        migrations = ";\n".join(file.text for file in found.migrations)
        views, columns = sqltext.views_created(migrations), sqltext.columns_dropped(migrations)
        counts = f"{len(views)} views, {len(columns)} dropped columns, {len(found.queries)} queries"
        typer.echo(f"{name:<16}{found.title} ({counts})")


@app.command()
def serve(run: RunArgument, pg_bin: PgBinOption = None, quiet: QuietOption = False) -> None:
    """Starts the kept server of a run, prints how to connect, and stops it on Ctrl-C."""
    with shown_progress(quiet) as progress:
        pipeline.serve_until_stopped(run, ServerOptions(pg_bin=pg_bin), progress, typer.echo)


@app.command()
def clean(
    results: ResultsOption = Path("results"),
    dsn: DsnOption = None,
    kept: Annotated[bool, typer.Option("--kept", help="Also what was kept on purpose.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Removes what killed runs left behind, and only that; results stay."""
    with shown_progress(quiet) as progress:
        cleaned = pipeline.run_async(clean_leftovers(results, dsn, kept, progress))
    for thing in (*cleaned.homes, *cleaned.databases):
        typer.echo(f"removed {thing}")
    for reason in cleaned.left_alone:
        typer.echo(f"left alone: {reason}")
    if not (cleaned.homes or cleaned.databases or cleaned.left_alone):
        typer.echo("nothing to clean")


def main() -> NoReturn:
    """The entry point: every error becomes one line and its exit code; a bug shows its traceback."""
    try:
        code = app(standalone_mode=False)
        sys.exit(code or 0)
    except _CommandLineError as error:
        _fail(error.format_message(), EXIT_USAGE)
    except HarnessError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted", EXIT_INTERRUPTED)
    except Exception:  # noqa: BLE001 - a bug: shown whole, and never mistaken for a verdict
        traceback.print_exc()
        sys.exit(EXIT_COULD_NOT_RUN)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"bench: {message}", err=True)
    sys.exit(code)
