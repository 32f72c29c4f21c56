"""`bench scenarios`: what is built in."""

from __future__ import annotations

import typer

from harness import sqltext
from harness.scenario import load_scenario, scenario_names


def scenarios() -> None:
    """Lists the built-in scenarios."""
    for name in scenario_names():
        found = load_scenario(name)
        migrations = ";\n".join(file.text for file in found.migrations)
        views, columns = sqltext.views_created(migrations), sqltext.columns_dropped(migrations)
        counts = f"{len(views)} views, {len(columns)} dropped columns, {len(found.queries)} queries"
        typer.echo(f"{name:<16}{found.title} ({counts})")
