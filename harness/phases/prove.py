"""Proves the integrity check on a scenario: the undamaged migration on every profile, then every defect."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from harness import arms
from harness.job import Run
from harness.options import Profile
from harness.phases.arms import build_arms
from harness.phases.seed import seed_template
from harness.prove import (
    Bench,
    Beside,
    Proof,
    Verdict,
    all_faults,
    check_clean,
    check_defects,
    check_harmless,
    find_bystanders,
    find_places,
)
from harness.prove.bystanders import Bystanders
from harness.prove.neighbours import SCRIPT
from harness.result.store import write_atomically
from harness.snapshot import take_snapshot
from harness.verify import verify
from harness.workload import bind_workload

PROOF_FILE = "prove.json"


@dataclass
class Proving:
    """The phases of `bench prove`; `proof` is there when they have run, and in the run's folder.

    `beside` is given every damaged clone, too: another tool may look at the same defect.
    """

    proof: Proof | None = None
    beside: Beside | None = None

    async def __call__(self, run: Run) -> None:
        """Plants each fault on clean rows; those that change nothing there, on rows with anomalies."""
        verdicts: list[Verdict] = []
        accused: list[str] = []
        wanted: set[str] | None = None
        for profile in _profiles(run):
            bench, where = await _prepare(run, profile)
            with run.recorder.phase("prove"):
                faults = [item for item in all_faults(bench.ground, where) if wanted is None or item.name in wanted]
                planted, without = await find_places(bench, faults)
                wanted = set(without)
                found = (*await check_clean(bench), *await check_harmless(bench))
                accused += [f"{text} ({profile})" for text in found]
                verdicts += await check_defects(bench, planted, run.progress, self.beside)
        self.proof = Proof(run.job.scenario.name, tuple(verdicts), tuple(sorted(wanted or ())), tuple(accused))
        whole = json.dumps(dataclasses.asdict(self.proof), indent=2, ensure_ascii=False)
        write_atomically(run.recorder.folder / PROOF_FILE, whole + "\n")


def _profiles(run: Run) -> tuple[Profile, ...]:
    return ("clean", "realistic") if run.job.spec.anomaly else ("clean",)


async def _prepare(run: Run, profile: Profile) -> tuple[Bench, Bystanders | None]:
    """Seeds, migrates, keeps the old columns, and checks the undamaged migration."""
    job = dataclasses.replace(run.job, options=dataclasses.replace(run.job.options, profile=profile))
    run = dataclasses.replace(run, job=job)
    databases, address = run.databases, run.databases.server.address
    await databases.drop_all()
    await seed_template(run)
    await _run_script(run, arms.TEMPLATE, SCRIPT)
    await build_arms(run)
    await databases.drop(arms.TEMPLATE)
    with run.recorder.phase("verify"):
        before, after = databases.name("before"), databases.name("after")
        clone = await databases.create(arms.VERIFICATION, template="after")
        first = await take_snapshot(address, before, clone, run.progress)
        where = find_bystanders(first.before, first.after)
        if where is not None:
            await _put(run, where)
            await databases.drop(arms.VERIFICATION)
            clone = await databases.create(arms.VERIFICATION, template="after")
            first = await take_snapshot(address, before, clone, run.progress)
        connection = await databases.connect("before")
        try:
            queries = await bind_workload(connection, run.job.scenario.queries)
        finally:
            await connection.close()
        checked = await verify(run.job.scenario, address, before, after, clone, first, queries, run.progress)
        run.recorder.set(integrity=checked.integrity)
    bench = Bench(databases, run.job.scenario, profile, "before", arms.VERIFICATION, first, queries, checked.integrity)
    return bench, where


async def _put(run: Run, where: Bystanders) -> None:
    for arm in ("before", "after"):
        await _run_script(run, arm, where.script)


async def _run_script(run: Run, arm: str, script: str) -> None:
    connection = await run.databases.connect(arm)
    try:
        await connection.execute(script)
    finally:
        await connection.close()
