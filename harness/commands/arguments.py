"""Arguments and options that several commands take, each explained once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ScenarioArgument = Annotated[str, typer.Argument(help="A built-in scenario's name, or a scenario's folder.")]
ScaleOption = Annotated[str, typer.Option(help="Rows of the main tables: 10k, 100k, 1m.")]
ProfileOption = Annotated[str, typer.Option(help="clean, or realistic with planted anomalies.")]
SeedOption = Annotated[int, typer.Option(min=0, help="The data's seed: the same seed gives the same rows.")]
DsnOption = Annotated[
    str | None, typer.Option(help="A server of yours (PostgreSQL 15 or newer) instead of the embedded one.")
]
PgBinOption = Annotated[Path | None, typer.Option(help="Other binaries for the embedded server.")]
RunAsOption = Annotated[str | None, typer.Option(help="As root: the account that the embedded server runs as.")]
AllowRolesOption = Annotated[
    bool, typer.Option("--allow-roles", help="Let a server of yours get the scenario's roles.")
]
ResultsOption = Annotated[Path, typer.Option(help="Where the folders of runs lie.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The result on stdout, and nothing else there.")]
BudgetOption = Annotated[str, typer.Option(help="Wall-clock time for measuring: 60s, 5m.")]
ClientsOption = Annotated[str, typer.Option(help="Concurrent connections; several levels: 1,4.")]
RateOption = Annotated[
    float | None, typer.Option(help="Operations a second of the mixed load; 0 leaves it out; else it is found.")
]
StatementTimeoutOption = Annotated[str, typer.Option(help="Longest time for one timed statement.")]
RunArgument = Annotated[Path, typer.Argument(help="A run's folder, for example results/latest.")]
KeepOption = Annotated[bool, typer.Option("--keep", help="Keep the server and its databases, for bench serve.")]
OpenOption = Annotated[bool, typer.Option("--open", help="Show it in a browser.")]
