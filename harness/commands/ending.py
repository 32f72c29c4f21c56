"""What every command that ran phases says at its end: what stopped it, and how to reach what was kept."""

from __future__ import annotations

import shlex

import typer

from harness import running
from harness.server.given import parse_dsn

REPORT_FILE = "report.html"


def raise_problem(ended: running.Ended) -> None:
    """Raises what stopped the run, after saying where the rest is."""
    if ended.problem is not None:
        typer.echo(f"what there is of it: {ended.folder / REPORT_FILE}", err=True)
        raise ended.problem


def how_to_connect(ended: running.Ended, dsn: str | None) -> str:
    """What the user can do with what was kept."""
    if dsn is None:
        serve = shlex.join(["bench", "serve", str(ended.folder)])
        return f"kept: {serve} starts its server, bench clean --kept removes it"
    clean = shlex.join(["bench", "clean", "--kept", "--dsn", parse_dsn(dsn).url()])
    return f"kept: the databases bench_{ended.result.run_id}_*; {clean} drops them"
