"""`bench verify`: the integrity check alone, of a scenario or of any two relations of a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harness import comparing, options, running
from harness.commands.arguments import (
    AllowRolesOption,
    DsnOption,
    JsonOption,
    KeepOption,
    PgBinOption,
    ProfileOption,
    QuietOption,
    ResultsOption,
    RunAsOption,
    ScaleOption,
    SeedOption,
)
from harness.commands.ending import how_to_connect, raise_problem
from harness.console import shown_progress
from harness.errors import EXIT_INTEGRITY, EXIT_OK, UsageError
from harness.progress import Progress
from harness.report.check import show_check
from harness.result import Integrity
from harness.result.store import integrity_json
from harness.verify.in_place import Wanted
from harness.verify.named import split_names, unquoted


def verify(
    scenario: Annotated[str, typer.Argument(help="A scenario's name or folder; with --resume a run's folder.")] = "crm",
    old: Annotated[
        str | None, typer.Option(help="Instead of a scenario: a table or view in the database of --dsn.")
    ] = None,
    new: Annotated[str | None, typer.Option(help="With --old: what is to show the same rows.")] = None,
    key: Annotated[
        str | None,
        typer.Option(help="With --old: columns that identify a row, id or id,line; its own key if left out."),
    ] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="With --old: a column named otherwise in --new, old=new.")
    ] = None,
    scale: ScaleOption = "10k",
    profile: ProfileOption = "clean",
    seed: SeedOption = 1,
    dsn: DsnOption = None,
    pg_bin: PgBinOption = None,
    run_as: RunAsOption = None,
    allow_roles: AllowRolesOption = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a check that was killed.")] = False,
    results: ResultsOption = Path("results"),
    keep: KeepOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Checks a scenario's values, or compares two relations."""
    two = (old, new, key, map_)
    if any(value is not None for value in two) and (resume or old is None or new is None or dsn is None):
        hint = "resume with the folder alone" if resume else "name all three"
        raise UsageError("--old and --new belong together, and to a --dsn", hint)
    folder = Path(scenario)
    with shown_progress(quiet) as progress:
        if old is not None and new is not None and dsn is not None:
            wanted = Wanted(old, new, split_names(key) if key is not None else (), _renamed(map_ or []))
            _end(comparing.compare(dsn, wanted, results, progress), json)
        if resume and comparing.is_comparison(folder):
            _end(comparing.go_on(folder, dsn, progress), json)
        wished = options.RunOptions(
            scenario=scenario,
            scale=scale,
            profile=options.check_profile(profile),
            seed=seed,
            arms=("before", "after"),
            results=results,
            dsn=dsn,
            pg_bin=pg_bin,
            run_as=run_as,
            allow_roles=allow_roles,
            keep=keep,
            goal="verify",
        )
        ended = _checked(wished, folder if resume else None, json, progress)
    raise typer.Exit(ended.result.exit_code)


def _checked(wished: options.RunOptions, resumed: Path | None, json: bool, progress: Progress) -> running.Ended:
    """Carries out a scenario's phases up to the check and shows it; raises what stopped them."""
    ended = running.run_to_end(wished, resumed, progress)
    if ended.problem is None:
        _show(ended.result.integrity, json)
    if wished.keep and ended.has_server:
        typer.echo(how_to_connect(ended, wished.dsn), err=True)
    raise_problem(ended)
    return ended


def _renamed(entries: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for entry in entries:
        old, equals, new = entry.partition("=")
        if not (old.strip() and equals and new.strip()):
            raise UsageError(f"--map {entry!r} is no pair of columns", "write --map old=new")
        pairs.append((old.strip(), new.strip()))
    names = [unquoted(old) for old, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"--map names {twice!r} twice", "pair each column once")
    return tuple(pairs)


def _end(integrity: Integrity, json: bool) -> None:
    """3 unless everything that was to be compared is there and the same."""
    _show(integrity, json)
    raise typer.Exit(EXIT_OK if integrity.verdict == "pass" else EXIT_INTEGRITY)


def _show(integrity: Integrity, json: bool) -> None:
    if json:
        typer.echo(integrity_json(integrity), nl=False)
    else:
        show_check(integrity, Console())
