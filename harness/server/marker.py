"""The mark that a database is ours: a comment that a clone does not inherit, read before anything is dropped."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from typing import Any

from harness import sqltext
from harness.scenario.paths import catalogue_sql

NAME_PREFIX = "bench_"
_TOOL = "bench-harness"


@dataclass(frozen=True)
class Marker:
    """Who made a database: the run, the arm, the machine, and where on it the run's journal lies."""

    run_id: str
    arm: str
    host: str
    journal: str
    tool: str = _TOOL


def this_host() -> str:
    """The machine's name: whether a run of another machine lives cannot be told from here."""
    return socket.gethostname()


async def write_marker(connection: Any, database: str, marker: Marker) -> None:
    """Comments the database; a comment takes no parameter, so the text is quoted as a literal."""
    text = sqltext.quote_literal(json.dumps(asdict(marker)))
    await connection.execute(f"COMMENT ON DATABASE {sqltext.quote_ident(database)} IS {text}")


async def read_marker(connection: Any, database: str) -> Marker | None:
    """The database's marker; None where there is no such database or no marker of ours on it."""
    return parse_marker(await connection.fetchval(catalogue_sql("server", "read_comment"), database))


def parse_marker(comment: str | None) -> Marker | None:
    """The marker that a comment holds; None for any other comment."""
    try:
        data = json.loads(comment or "")
        marker = Marker(**{name: str(value) for name, value in data.items()})
    except (ValueError, TypeError, AttributeError):
        return None
    return marker if marker.tool == _TOOL else None


async def list_databases(connection: Any) -> list[tuple[str, Marker | None, int]]:
    """Every database named like ours, with its marker and the number of sessions in it."""
    rows = await connection.fetch(catalogue_sql("server", "list_databases"), NAME_PREFIX)
    return [(row["database"], parse_marker(row["comment"]), row["sessions"]) for row in rows]
