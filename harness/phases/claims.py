"""Holds the runbook's statements against the result and against the migrated database."""

from __future__ import annotations

from harness import claims
from harness.job import Run


async def hold_claims(run: Run) -> None:
    """Holds the runbook's statements against the result and against the migrated database."""
    with run.recorder.phase("claims"):
        run.progress.start("claims", len(run.job.claims), "claims")
        connection = await run.databases.connect("after")
        try:
            facts = await claims.collect_facts(connection, run.job.claims)
        finally:
            await connection.close()
        run.recorder.set(claims=claims.judge_claims(run.job.claims, run.recorder.result, facts))
        run.progress.update(len(run.job.claims))
