"""Counts how often the measured workload scanned each index, and lists the indexes with what is needless about them."""

from __future__ import annotations

from harness import sqlchanges
from harness.catalogue import Catalogue, read_catalogue
from harness.job import Run
from harness.measure.indexes import IndexUse, index_records, read_index_use

ARMS = ("before", "after")


async def note_index_use(run: Run) -> dict[str, IndexUse]:
    """The counters before the workload, so that what the checks scanned does not count."""
    return {arm: (await _read(run, arm))[1] for arm in ARMS}


async def list_indexes(run: Run, earlier: dict[str, IndexUse]) -> None:
    """Every index of both states with its scans since; without any timed query, nothing is said of scans."""
    recorder = run.recorder
    with recorder.phase("indexes"):
        was_measured = bool(recorder.result.latency)
        states = {arm: await _read(run, arm) for arm in ARMS}
        old = frozenset(item.name for item in states["before"][0].indexes)
        asked_for = sqlchanges.indexes_named(";\n".join(file.text for file in run.job.scenario.migrations))
        recorder.set(
            indexes=tuple(
                record
                for arm, (catalogue, use) in states.items()
                for record in index_records(arm, catalogue, old, asked_for, use, earlier[arm] if was_measured else None)
            )
        )


async def _read(run: Run, arm: str) -> tuple[Catalogue, IndexUse]:
    connection = await run.databases.connect(arm)
    try:
        use = await read_index_use(connection)
        return await read_catalogue(connection), use
    finally:
        await connection.close()
