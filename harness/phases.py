"""What each phase of a run does with the run's databases, and which part of the result it fills."""

from __future__ import annotations

import asyncpg

from harness import arms, claims
from harness.job import Run
from harness.judge import attribution, decider, judge, query_rules, throughput
from harness.measure.model import MeasureOptions
from harness.measure.run import measure
from harness.measure.storage import read_storage
from harness.migrate import migrate, settle
from harness.seed import estimate_bytes, fill, has_begun
from harness.server.access import check_access
from harness.server.apply import ApplyError
from harness.server.disk import check_space, with_log
from harness.server.roles import prepare_roles, roles_wanted
from harness.snapshot import take_snapshot
from harness.verify import verify
from harness.workload import BoundQuery, bind_workload

EMPTY_DATABASE_BYTES = 8_000_000
SAMPLES_FILE = "samples.parquet"
STATISTICS = "statistics"


async def seed_template(run: Run) -> None:
    """Makes and fills the template, the database that every arm is a clone of."""
    job, databases, recorder = run.job, run.databases, run.recorder
    is_there = await databases.exists(arms.TEMPLATE)
    if is_there and recorder.is_done("seed"):
        run.progress.note("the seeded template of the earlier session is there and is used")
        await databases.drop_all(keep=arms.TEMPLATE)
        return
    with recorder.phase("seed"):
        goes_on = is_there and await has_begun(databases.server.address, databases.name(arms.TEMPLATE))
        await databases.drop_all(keep=arms.TEMPLATE if goes_on else None)
        has_roles = await _prepare_roles(run)
        check_space(databases.server, _needed_bytes(run), f"a run at --scale {job.options.scale}", run.progress)
        manifest = await fill(
            job.scenario,
            job.spec,
            job.scale_rows,
            job.options.profile,
            job.options.seed,
            databases.server.address,
            databases.name(arms.TEMPLATE) if goes_on else await databases.create(arms.TEMPLATE),
            recorder.folder,
            run.progress,
            with_access=has_roles,
        )
        recorder.set(seed_manifest=manifest)


async def _prepare_roles(run: Run) -> bool:
    """Whether the roles that the scenario's grants and policies name are there."""
    scenario, server = run.job.scenario, run.databases.server
    wanted = roles_wanted(scenario.access)
    report = await prepare_roles(server, scenario.roles, wanted, run.progress)
    await check_access(server, (*scenario.schema, *scenario.constraints, *scenario.migrations))
    if report.missing:
        run.recorder.note(f"grants and row security are left out: the server has no role {', '.join(report.missing)}")
    return not report.missing


def _needed_bytes(run: Run) -> int:
    """For all databases that are on disk at once, and the log of what is written.

    These are the template, the arms, the verification clone or one that is being rewritten, and an odd small one.
    """
    size = estimate_bytes(run.job.spec, run.job.scale_rows) + EMPTY_DATABASE_BYTES
    return with_log(run.databases.server, size * (len(run.job.options.arms) + 2))


async def build_arms(run: Run) -> None:
    """Clones the template for every arm, and applies to each its part of the migration."""
    databases, recorder = run.databases, run.recorder
    with recorder.phase("arms"):
        run.progress.start("arms", len(run.job.options.arms), "databases")
        for number, arm in enumerate(run.job.options.arms):
            await databases.drop(arm)
            await databases.create(arm, template=arms.TEMPLATE)
            run.progress.update(number + 1, arm)
    with recorder.phase("migrate"):
        for arm in run.job.options.arms:
            await _migrate(run, arm)


async def _migrate(run: Run, arm: str) -> None:
    """Applies the arm's part; the steps of the arm `after` are the result's, a failure's too."""
    files = arms.migrations_of(arm, run.job.scenario)
    if not files:
        return
    try:
        steps = await migrate(run.databases.server.address, run.databases.name(arm), files, run.progress)
    except ApplyError as error:
        run.recorder.set(migrations=error.steps)
        raise
    if arm == "after":
        run.recorder.set(migrations=steps)
    connection = await run.databases.connect(arm)
    try:
        await connection.execute("ANALYZE", timeout=None)  # the check's own plans depend on it; settling comes later
    finally:
        await connection.close()


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
        if not run.job.options.keep:
            await databases.drop(arms.VERIFICATION)
    return tuple(query for query in queries if query.name not in checked.untimed)


async def settle_arms(run: Run) -> None:
    """Brings all arms alike into the state in which they are weighed and timed.

    Comes after the check, whose writes were rolled back but left dead rows.
    """
    databases = run.databases
    with run.recorder.phase("settle"):
        run.progress.start("settle", len(run.job.options.arms), "databases")
        for number, arm in enumerate(run.job.options.arms):
            await settle(databases.server, databases.name(arm), run.progress)
            run.progress.update(number + 1, arm)


async def weigh_storage(run: Run) -> None:
    """Measures what the tables occupy before, after, and with both states rewritten."""
    databases = run.databases
    with run.recorder.phase("storage"):
        run.progress.start("storage", 4, "states")
        for number, state in enumerate(("before", "after")):
            await _weigh(run, state, state)
            run.progress.update(2 * number + 1, state)
            rewritten = f"{state}_rewritten"
            await databases.drop(rewritten)
            await databases.create(rewritten, template=state)
            await _weigh(run, rewritten, rewritten, rewrite=True)
            await databases.drop(rewritten)
            run.progress.update(2 * number + 2, rewritten)


async def _weigh(run: Run, database: str, stage: str, rewrite: bool = False) -> None:
    connection = await run.databases.connect(database)
    try:
        if rewrite:
            await connection.execute("VACUUM (FULL, ANALYZE)", timeout=None)
        records = await read_storage(connection, stage)
    finally:
        await connection.close()
    run.recorder.set(storage=(*(old for old in run.recorder.result.storage if old.stage != stage), *records))


async def measure_arms(run: Run, queries: tuple[BoundQuery, ...]) -> None:
    """Times the queries on all arms side by side and judges the effects."""
    options, databases, recorder = run.job.options, run.databases, run.recorder
    if not queries and recorder.result.integrity.verdict == "fail":
        recorder.skip("measure", "no query gives the same answer before and after, so there is nothing to time")
        return
    rules = query_rules([query.query for query in queries])
    if run.job.scenario.access and "bypass_rls" in databases.server.rights:
        recorder.note("queries ran with rights past row level security: what its checks cost is not in these figures")
    with recorder.phase("measure"):
        measurement = await measure(
            queries,
            {arm: databases.name(arm) for arm in options.arms},
            databases.server.address,
            MeasureOptions(
                budget_s=options.budget_s,
                clients=options.clients,
                seed=options.seed,
                statement_timeout_s=options.statement_timeout_s,
                stats_database=await _open_statistics(run),
            ),
            decider(rules),
            recorder.folder / SAMPLES_FILE,
            run.progress,
        )
    with recorder.phase("judge"):
        run.progress.start("judge")
        recorder.set(
            latency=judge(measurement, rules),
            throughput=throughput(measurement.table, rules, invalid=measurement.invalid_loads()),
            attribution=attribution(measurement.table, rules),
            errors=measurement.errors,
            void_slices=measurement.void_slices,
            notes=(*recorder.result.notes, *measurement.notes),
        )


async def _open_statistics(run: Run) -> str | None:
    """A small database from which the server's own times can be read, where the server keeps them at all.

    The view shows every database's statements, so that the extension need not lie in a timed arm, nor in a database
    that is not ours.
    """
    databases = run.databases
    if "pg_stat_statements" not in databases.server.rights:
        return None
    await databases.drop(STATISTICS)
    name = await databases.create(STATISTICS)
    connection = await databases.connect(STATISTICS)
    try:
        await connection.execute("CREATE EXTENSION pg_stat_statements")
    except asyncpg.PostgresError:
        return None  # no right to create it; it may lie in the server's own database
    finally:
        await connection.close()
    return name


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
