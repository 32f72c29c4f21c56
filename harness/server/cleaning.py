"""`bench clean`: removes what dead runs left on this machine and on a given server, and only that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.progress import Progress
from harness.server.address import connect
from harness.server.databases import drop_database
from harness.server.given import parse_dsn
from harness.server.journal import is_live, read_journal
from harness.server.leftovers import DeadRun, close_journal, find_dead_runs, remove_home
from harness.server.marker import NAME_PREFIX, Marker, list_databases, this_host
from harness.server.roles import drop_made_roles


@dataclass(frozen=True)
class CleanReport:
    """What was removed, and, with the reason, what was left alone."""

    homes: tuple[Path, ...]
    databases: tuple[str, ...]
    roles: tuple[str, ...]
    left_alone: tuple[str, ...]


async def clean(results: Path, dsn: str | None, kept: bool, progress: Progress) -> CleanReport:
    """Deletes homes of dead runs and, with `dsn`, their databases there; with `kept` also what was kept on purpose.

    Raises ServerError where the given server cannot be reached.
    """
    progress.start("clean")
    runs = find_dead_runs(results)
    chosen = tuple(run for run in runs if kept or not run.kept)
    left = [
        f"{run.home or run.url}: kept on purpose (bench clean --kept removes it)" for run in runs if run not in chosen
    ]
    homes = tuple(run.home for run in chosen if run.home and remove_home(run))
    dropped: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    if dsn is not None:
        dropped, reasons = await _clean_server(dsn, chosen, kept)
        left += reasons
        roles = await drop_made_roles(parse_dsn(dsn))
    for run in chosen:
        remaining = [name for name in run.databases if name not in dropped]
        if remaining and dsn is None:
            left.append(f"{', '.join(remaining)} on {run.url} ({run.clean_command} drops them)")
        elif not remaining:
            close_journal(run)
    return CleanReport(homes, dropped, roles, tuple(left))


async def _clean_server(dsn: str, runs: tuple[DeadRun, ...], kept: bool) -> tuple[tuple[str, ...], list[str]]:
    """Drops the dead runs' databases on a server; returns the names that are gone, and reasons for what stays."""
    address = parse_dsn(dsn)
    journalled = {name for run in runs for name in run.databases}
    gone, left, present = [], [], set()
    connection = await connect(address)
    try:
        for name, marker, sessions in await list_databases(connection):
            present.add(name)
            reason = None if name in journalled else reason_to_leave(name, marker, sessions, kept)
            if reason is None:
                await drop_database(connection, name)
                gone.append(name)
            else:
                left.append(f"{name}: {reason}")
    finally:
        await connection.close()
    gone += [name for run in runs if run.url == address.url() for name in run.databases if name not in present]
    return tuple(gone), left


def reason_to_leave(name: str, marker: Marker | None, sessions: int, kept: bool) -> str | None:
    """Why a database, named like ours but in no journal at hand, is not dropped; None where its run is surely dead."""
    if marker is None:
        return "it does not carry this tool's mark"
    if name != f"{NAME_PREFIX}{marker.run_id}_{marker.arm}":
        return "its mark was made for another database"
    if marker.host != this_host():
        return f"the machine {marker.host} made it: run bench clean there, or drop it by hand"
    journal = Path(marker.journal)
    if is_live(journal):
        return "its run is at work"
    state = read_journal(journal)
    if state is None and sessions:
        return f"its run's results are gone, and {sessions} sessions use it: end them, then run bench clean again"
    if state is not None and state.kept and not kept:
        return "kept on purpose (bench clean --kept drops it)"
    return None
