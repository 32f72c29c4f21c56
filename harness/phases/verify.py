"""Holds every dropped column against its counterpart in the views."""

from __future__ import annotations

from harness import arms
from harness.job import Run
from harness.phases.planted import score_planted
from harness.snapshot import take_snapshot
from harness.verify import verify
from harness.workload import BoundQuery, bind_workload


async def verify_views(run: Run) -> tuple[BoundQuery, ...]:
    """Holds every dropped column against its counterpart; returns the queries that may be timed."""
    databases, scenario = run.databases, run.job.scenario
    address = databases.server.address
    with run.recorder.phase("verify"):
        connection = await databases.connect("before")
        try:
            queries = await bind_workload(connection, scenario.queries)
        finally:
            await connection.close()
        await databases.drop(arms.VERIFICATION)
        clone = await databases.create(arms.VERIFICATION, template="after")
        snapshot = await take_snapshot(address, databases.name("before"), clone, run.progress)
        before, after = databases.name("before"), databases.name("after")
        checked = await verify(scenario, address, before, after, clone, snapshot, queries, run.progress)
        run.recorder.set(integrity=checked.integrity)
        connection = await databases.connect(arms.VERIFICATION)
        try:
            run.recorder.set(planted=await score_planted(connection, checked.integrity, run.recorder.folder))
        finally:
            await connection.close()
        if not run.job.options.keep:
            await databases.drop(arms.VERIFICATION)
    return tuple(query for query in queries if query.name not in checked.untimed)
