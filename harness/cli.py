"""The command line: the commands put together, and every error mapped to one line and its exit code."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated, Any, NoReturn

import typer

from harness import __version__
from harness.commands.calibrate import calibrate
from harness.commands.clean import clean
from harness.commands.compare import compare
from harness.commands.doctor import doctor
from harness.commands.measure import measure
from harness.commands.prove import prove
from harness.commands.report import report
from harness.commands.run import run
from harness.commands.scenarios import scenarios
from harness.commands.seed import seed
from harness.commands.serve import serve
from harness.commands.verify import verify
from harness.errors import EXIT_COULD_NOT_RUN, EXIT_INTERRUPTED, EXIT_USAGE, HarnessError
from harness.interrupt import raise_on_sigterm
from harness.server.faults import as_harness_error

app = typer.Typer(
    name="bench",
    help="Proves, or refutes, a PostgreSQL migration that replaces denormalised columns by views.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"max_content_width": 100},
)

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


for _command in (run, compare, calibrate, seed, verify, prove, measure, report, scenarios, doctor, serve, clean):
    app.command(epilog=EXIT_CODES if _command in (run, compare, verify) else None)(_command)


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
