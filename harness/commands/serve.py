"""`bench serve`: the kept server of a run."""

from __future__ import annotations

import typer

from harness.commands.arguments import PgBinOption, QuietOption, RunArgument
from harness.console import shown_progress
from harness.server import ServerOptions
from harness.serving import serve_until_stopped


def serve(run: RunArgument, pg_bin: PgBinOption = None, quiet: QuietOption = False) -> None:
    """Starts the kept server of a run, and stops it on Ctrl-C."""
    with shown_progress(quiet) as progress:
        serve_until_stopped(run, ServerOptions(pg_bin=pg_bin), progress, typer.echo)
