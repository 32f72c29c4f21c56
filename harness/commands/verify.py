"""`bench verify`: the integrity check alone, of a scenario or of any two relations of a database."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from harness import comparing
from harness.commands.arguments import DsnOption, JsonOption, QuietOption
from harness.console import shown_progress
from harness.errors import EXIT_INTEGRITY, EXIT_OK, UsageError
from harness.report.check import show_check
from harness.result import Integrity
from harness.result.store import integrity_json
from harness.verify.in_place import Wanted
from harness.verify.named import split_names, unquoted


def verify(
    old: Annotated[
        str | None, typer.Option(help="With --new: a table or view to compare, in the database of --dsn.")
    ] = None,
    new: Annotated[str | None, typer.Option(help="What is to show the same rows as --old.")] = None,
    key: Annotated[str | None, typer.Option(help="Columns that identify a row of --old: id or id,line.")] = None,
    map_: Annotated[list[str] | None, typer.Option("--map", help="A column named otherwise in --new: old=new.")] = None,
    dsn: DsnOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Checks a scenario's values, or compares two relations."""
    if old is None or new is None or dsn is None:
        raise UsageError("--dsn, --old and --new belong together", "name all three")
    wanted = Wanted(old, new, split_names(key) if key is not None else (), _renamed(map_ or []))
    with shown_progress(quiet) as progress:
        integrity = comparing.compare(dsn, wanted, progress)
    _end(integrity, json)


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
    """Shows the outcome; 3 unless everything that was to be compared is there and the same."""
    if json:
        typer.echo(integrity_json(integrity), nl=False)
    else:
        show_check(integrity, Console())
    raise typer.Exit(EXIT_OK if integrity.verdict == "pass" else EXIT_INTEGRITY)
