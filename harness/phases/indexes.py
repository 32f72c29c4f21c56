"""Counts what the measured workload used: scans of each index, and what the server's processes read and wrote."""

from __future__ import annotations

from dataclasses import dataclass

from harness import sqlchanges
from harness.catalogue import Catalogue, read_catalogue
from harness.catalogue.coverage import Earlier
from harness.job import Run
from harness.measure.indexes import IndexUse, index_records, read_index_use
from harness.measure.server_io import FIRST_VERSION, io_between, read_server_io
from harness.result import ServerIo

ARMS = ("before", "after")


@dataclass(frozen=True)
class Use:
    """The server's counters at one instant: of the indexes by arm, and of all I/O (None: the server keeps none)."""

    indexes: dict[str, IndexUse]
    server_io: tuple[ServerIo, ...] | None


async def note_use(run: Run) -> Use:
    """The counters before the workload, so that what the checks did does not count."""
    return (await _read(run))[0]


async def list_use(run: Run, earlier: Use) -> None:
    """Every index of both states with its scans since, and the I/O; nothing of either where no query was timed."""
    recorder = run.recorder
    with recorder.phase("indexes"):
        was_measured = bool(recorder.result.latency)
        use, catalogues = await _read(run)
        old = Earlier(catalogues["before"].indexes)
        asked_for = sqlchanges.indexes_named("\n;\n".join(file.text for file in run.job.scenario.migrations))
        recorder.set(
            indexes=tuple(
                record
                for arm in ARMS
                for record in index_records(
                    arm,
                    catalogues[arm],
                    old,
                    asked_for,
                    use.indexes[arm],
                    earlier.indexes[arm] if was_measured else None,
                )
            )
        )
        if earlier.server_io is None or use.server_io is None:
            recorder.note(f"the server's I/O is left out: pg_stat_io is there from PostgreSQL {FIRST_VERSION} on")
        elif was_measured:
            recorder.set(server_io=io_between(earlier.server_io, use.server_io))


async def _read(run: Run) -> tuple[Use, dict[str, Catalogue]]:
    indexes, catalogues, server_io = {}, {}, None
    for arm in ARMS:
        connection = await run.databases.connect(arm)
        try:
            indexes[arm] = await read_index_use(connection)
            catalogues[arm] = await read_catalogue(connection)
            server_io = await read_server_io(connection)
        finally:
            await connection.close()
    return Use(indexes, server_io), catalogues
