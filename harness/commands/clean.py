"""`bench clean`: what killed runs left behind, and only that."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.commands.arguments import DsnOption, QuietOption, ResultsOption
from harness.console import shown_progress
from harness.interrupt import run_async
from harness.server.cleaning import clean as clean_leftovers


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
