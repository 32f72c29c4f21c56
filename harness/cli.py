"""The commands: parse, call, map errors to exit codes; no logic of their own."""

from __future__ import annotations

import shlex
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from harness import __version__, options, pipeline, sqltext
from harness.console import shown_progress
from harness.errors import EXIT_COULD_NOT_RUN, EXIT_INTERRUPTED, EXIT_USAGE, HarnessError
from harness.interrupt import raise_on_sigterm, run_async
from harness.report import summary, write_index, write_report
from harness.result.store import RESULT_FILE, to_json
from harness.scenario import load_scenario, scenario_names
from harness.server import ServerOptions
from harness.server.cleaning import clean as clean_leftovers
from harness.server.faults import as_harness_error
from harness.server.given import parse_dsn

REPORT_FILE = "report.html"
app = typer.Typer(
    name="bench",
    help="Proves, or refutes, a PostgreSQL migration that replaces denormalised columns by views.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"max_content_width": 100},
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
KeepOption = Annotated[bool, typer.Option("--keep", help="Keep the server and its databases, for bench serve.")]
OpenOption = Annotated[bool, typer.Option("--open", help="Show it in a browser.")]

_CommandLineError: type[Any] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What every mistake in the words of a command is; typer brings its own click, or uses the installed one."""


EXIT_CODES = """Exit codes: 0 all good, 1 performance regression, 2 wrong usage, 3 integrity failure, 4 inconclusive,
5 could not run, 130 interrupted."""


@app.callback(invoke_without_command=True)
def _bench(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False
) -> None:
    if version:
        typer.echo(f"bench {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(EXIT_USAGE)


@app.command(epilog=EXIT_CODES)
def run(
    scenario: ScenarioArgument = "crm",
    scale: ScaleOption = "10k",
    profile: ProfileOption = "clean",
    seed: SeedOption = 1,
    budget: Annotated[str, typer.Option(help="Wall-clock time for measuring: 60s, 5m.")] = "5m",
    clients: Annotated[str, typer.Option(help="Concurrent connections; several levels: 1,4.")] = "1",
    arms: Annotated[
        str, typer.Option(help=f"Database states to measure, of {', '.join(options.ARMS)}.")
    ] = "before,after,control",
    statement_timeout: Annotated[str, typer.Option(help="Longest time for one timed statement.")] = "60s",
    dsn: DsnOption = None,
    pg_bin: PgBinOption = None,
    run_as: RunAsOption = None,
    allow_roles: AllowRolesOption = False,
    resume: Annotated[Path | None, typer.Option(help="Go on with a killed run, in this folder.")] = None,
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
        ended = pipeline.run_to_end(wanted, resume, progress)
    if json:
        typer.echo(to_json(ended.result), nl=False)
    elif ended.problem is None:
        summary(ended.result, Console(), ended.folder / REPORT_FILE)
    _raise_problem(ended)
    if keep:
        typer.echo(_how_to_connect(ended, dsn), err=True)
    raise typer.Exit(ended.result.exit_code)


def _raise_problem(ended: pipeline.Ended) -> None:
    """Raises what stopped the run, after saying where the rest is."""
    if ended.problem is not None:
        typer.echo(f"what there is of it: {ended.folder / REPORT_FILE}", err=True)
        raise ended.problem


def _how_to_connect(ended: pipeline.Ended, dsn: str | None) -> str:
    """What the user can do with what was kept."""
    if dsn is None:
        serve = shlex.join(["bench", "serve", str(ended.folder)])
        return f"kept: {serve} starts its server, bench clean --kept removes it"
    clean = shlex.join(["bench", "clean", "--kept", "--dsn", parse_dsn(dsn).url()])
    return f"kept: the databases bench_{ended.result.run_id}_*; {clean} drops them"


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
    )
    with shown_progress(quiet) as progress:
        ended = pipeline.run_to_end(wanted, None, progress, pipeline.SEED_ONLY)
    _raise_problem(ended)
    manifest = ended.result.seed_manifest
    for table in manifest.tables:
        typer.echo(f"{table.table:<32}{table.rows:>12,} rows{table.bytes:>16,} bytes")
    typer.echo(f"in all {manifest.rows:,} rows, {manifest.bytes:,} bytes")
    typer.echo(_how_to_connect(ended, dsn))


@app.command()
def report(run: RunArgument, open_: OpenOption = False) -> None:
    """Writes a run's report again, or an index of a folder of runs."""
    is_run = run.is_file() or (run / RESULT_FILE).exists()
    written = write_report(run) if is_run else (write_index(run),)
    for path in written:
        typer.echo(path)
    if open_:
        typer.launch(str(written[0]))


@app.command()
def scenarios() -> None:
    """Lists the built-in scenarios."""
    for name in scenario_names():
        found = load_scenario(name)
        migrations = ";\n".join(file.text for file in found.migrations)
        views, columns = sqltext.views_created(migrations), sqltext.columns_dropped(migrations)
        counts = f"{len(views)} views, {len(columns)} dropped columns, {len(found.queries)} queries"
        typer.echo(f"{name:<16}{found.title} ({counts})")


@app.command()
def serve(run: RunArgument, pg_bin: PgBinOption = None, quiet: QuietOption = False) -> None:
    """Starts the kept server of a run, and stops it on Ctrl-C."""
    with shown_progress(quiet) as progress:
        pipeline.serve_until_stopped(run, ServerOptions(pg_bin=pg_bin), progress, typer.echo)


@app.command()
def clean(
    results: ResultsOption = Path("results"),
    dsn: DsnOption = None,
    kept: Annotated[bool, typer.Option("--kept", help="Also what was kept on purpose.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Removes what killed runs left behind; results stay."""
    with shown_progress(quiet) as progress:
        cleaned = run_async(clean_leftovers(results, dsn, kept, progress))
    removed = (*cleaned.homes, *cleaned.databases, *cleaned.roles)
    for thing in removed:
        typer.echo(f"removed {thing}")
    for reason in cleaned.left_alone:
        typer.echo(f"left alone: {reason}")
    if not removed and not cleaned.left_alone:
        typer.echo("nothing to clean")


def main() -> NoReturn:
    """The entry point: every error becomes one line and its exit code; a bug shows its traceback."""
    raise_on_sigterm()
    try:
        code = app(prog_name="bench", standalone_mode=False) or 0
        if code == EXIT_INTERRUPTED:  # some versions of typer make an exit code of Ctrl-C, some an exception
            raise KeyboardInterrupt
        sys.exit(code)
    except _CommandLineError as error:
        _fail(error.format_message(), EXIT_USAGE)
    except HarnessError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted", EXIT_INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - a bug: shown whole, and never mistaken for a verdict
        known = as_harness_error(error, "writing")
        if known is not None:
            _fail(str(known), known.exit_code)
        traceback.print_exc()
        sys.exit(EXIT_COULD_NOT_RUN)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"bench: {message}", err=True)
    sys.exit(code)
