"""`bench doctor`: what would spoil a measurement, and how to fix it."""

from __future__ import annotations

import json as json_format

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.commands.arguments import DsnOption, PgBinOption, QuietOption, RunAsOption
from harness.console import shown_progress
from harness.doctor import Check, Examination, examine
from harness.interrupt import run_async
from harness.server import ServerOptions
from harness.text import count

_WIDTH = 100
_MARKS = {True: ("✗", "red"), False: ("✓", "green"), None: ("?", "yellow")}


def doctor(
    dsn: DsnOption = None,
    pg_bin: PgBinOption = None,
    run_as: RunAsOption = None,
    quiet: QuietOption = False,
    json: bool = typer.Option(False, "--json", help="The checks on stdout, and nothing else there."),
) -> None:
    """Says what would spoil a measurement here, and how to fix it. Exit code 4: something would."""
    with shown_progress(quiet or json) as progress:
        found = run_async(examine(ServerOptions(dsn=dsn, pg_bin=pg_bin, run_as=run_as), progress))
    if json:
        typer.echo(json_format.dumps(found.as_json(), indent=2))
    else:
        _show(found, Console())
    raise typer.Exit(found.exit_code)


def _show(found: Examination, console: Console) -> None:
    table = Table(box=box.SIMPLE, show_header=False, show_edge=False, pad_edge=False, padding=(0, 1))
    for check in found.checks:
        table.add_row(*_row(check))
    console.print(table, width=min(console.width, _WIDTH))
    spoiling = len(found.spoiling)
    words = f"{count(spoiling, 'thing')} would spoil a measurement" if spoiling else "nothing would spoil a measurement"
    console.print(Text(words, "bold"))


def _row(check: Check) -> tuple[Text, Text, Text]:
    sign, style = _MARKS[check.spoils]
    return Text(sign, style), Text(check.name), Text.assemble(check.saw, (f"\n{check.fix}" if check.fix else "", "dim"))
