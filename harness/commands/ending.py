"""What every command that ran phases says at its end: what stopped it, and how to reach what was kept."""

from __future__ import annotations

import shlex

import typer

from harness import running
from harness.server.given import parse_dsn
from harness.server.journal import FILE_NAME, read_journal

REPORT_FILE = "report.html"


def raise_problem(ended: running.Ended) -> None:
    """Raises what stopped the run, after saying where the rest is."""
    if ended.problem is not None:
        report = ended.folder / REPORT_FILE
        typer.echo(f"what there is of it: {report if report.exists() else ended.folder}", err=True)
        raise ended.problem


def how_to_connect(ended: running.Ended, dsn: str | None) -> str:
    """What the user can do with what was kept."""
    if dsn is None:
        serve = shlex.join(["bench", "serve", str(ended.folder)])
        return f"kept: {serve} starts its server, bench clean --kept removes it"
    address, state = parse_dsn(dsn), read_journal(ended.folder / FILE_NAME)
    clean = shlex.join(["bench", "clean", "--kept", "--dsn", address.url()])
    opened = [f"    {shlex.join(['psql', address.url(name)])}" for name in (state.databases if state else ())]
    return "\n".join([f"kept: the databases bench_{ended.result.run_id}_*; {clean} drops them", *opened])


def show_seeding(ended: running.Ended, dsn: str | None) -> None:
    """The rows and bytes of every seeded table, and how to look at them."""
    manifest = ended.result.seed_manifest
    for table in manifest.tables:
        typer.echo(f"{table.table:<32}{table.rows:>12,} rows{table.bytes:>16,} bytes")
    typer.echo(f"in all {manifest.rows:,} rows, {manifest.bytes:,} bytes")
    typer.echo(how_to_connect(ended, dsn))
