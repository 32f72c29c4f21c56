"""`bench report`: a run's report again, or an index of runs."""

from __future__ import annotations

import typer

from harness.commands.arguments import OpenOption, RunArgument
from harness.report import write_index, write_report
from harness.result.store import RESULT_FILE


def report(run: RunArgument, open_: OpenOption = False) -> None:
    """Writes a run's report again, or an index of a folder of runs."""
    is_run = run.is_file() or (run / RESULT_FILE).exists()
    written = write_report(run) if is_run else (write_index(run),)
    for path in written:
        typer.echo(path)
    if open_:
        typer.launch(str(written[0]))
