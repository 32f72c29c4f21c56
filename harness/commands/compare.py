"""`bench compare`: two stored runs against each other, the gate of a nightly job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harness import gate
from harness.commands.arguments import JsonOption
from harness.errors import HarnessError, UsageError
from harness.report import comparison, write_comparison
from harness.report.emit import COMPARISON_FILE
from harness.result.store import gate_json

BaseArgument = Annotated[Path, typer.Argument(help="The stored run that is held to be good: its folder.")]
NewArgument = Annotated[Path, typer.Argument(help="The run that is judged, for example results/latest.")]
OutOption = Annotated[
    Path | None,
    typer.Option(
        help="Where compare.html goes, and the same as .json, .md and .junit.xml: a folder, or a file's name."
    ),
]


def compare(base: BaseArgument, new: NewArgument, out: OutOption = None, json: JsonOption = False) -> None:
    """Holds a run against a stored one: what became worse."""
    stored, fresh = gate.read_run(base), gate.read_run(new)
    if stored.folder == fresh.folder:
        raise UsageError(f"{base} and {new} are the same run", "name the stored run first, then another one")
    gate.check_fit(stored.result, gate.subject(fresh.result), base)
    found = gate.compare(gate.Side.of(stored), gate.Side.of(fresh))
    written = _write(found, _page(out or fresh.folder))
    if json:
        typer.echo(gate_json(found), nl=False)
    else:
        comparison(found, Console())
        typer.echo(f"Comparison: {written}")
    raise typer.Exit(found.exit_code)


def _page(out: Path) -> Path:
    return out if out.suffix == ".html" else out / COMPARISON_FILE


def _write(found: gate.Gate, page: Path) -> Path:
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        return write_comparison(found, page)[0]
    except OSError as error:
        raise HarnessError(
            f"cannot write to {page.parent}: {error.strerror}", "give another folder with --out"
        ) from error
