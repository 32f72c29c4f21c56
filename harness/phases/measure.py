"""Times the queries on all arms side by side, and judges the effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import asyncpg

from harness.errors import MeasureError
from harness.gate import Side, gate_decider
from harness.job import Run
from harness.judge import (
    QueryRules,
    attribution,
    decider,
    invalid_record,
    judge,
    mixed_load,
    query_io,
    query_rules,
    throughput,
    workload_record,
)
from harness.measure.course import Decide
from harness.measure.model import MeasureOptions, OpenLoad
from harness.measure.run import measure
from harness.workload import BoundQuery

SAMPLES_FILE = "samples.parquet"
STATISTICS = "statistics"


async def measure_arms(run: Run, queries: tuple[BoundQuery, ...]) -> None:
    """Times the queries on all arms side by side and judges the effects."""
    options, databases, recorder = run.job.options, run.databases, run.recorder
    if not queries and recorder.result.integrity.verdict == "fail":
        recorder.skip("measure", "no query gives the same answer before and after, so there is nothing to time")
        return
    rules = query_rules([query.query for query in queries])
    rules = {item.name: replace(rules[item.name], remarks=item.remarks) for item in queries}
    as_role = any(item.session for item in queries)
    if run.job.scenario.access and "bypass_rls" in databases.server.rights and not as_role:
        recorder.note("queries ran with rights past row level security: what its checks cost is not in these figures")
    with recorder.phase("measure"):
        if not queries and run.job.scenario.queries:
            next_step = "the check's findings say why of each; where none ended in time, raise --statement-timeout"
            raise MeasureError("no query of the scenario can be timed", next_step)
        measurement = await measure(
            queries,
            {arm: databases.name(arm) for arm in options.arms},
            databases.server.address,
            MeasureOptions(
                budget_s=options.budget_s,
                clients=options.clients,
                seed=options.seed,
                statement_timeout_s=options.statement_timeout_s,
                stats_database=await open_statistics(run),
                open_load=open_load(options.clients, options.rate),
            ),
            _settled(run, rules),
            recorder.folder / SAMPLES_FILE,
            run.progress,
        )
    with recorder.phase("judge"):
        run.progress.start("judge")
        recorder.set(
            workload=workload_record(rules),
            invalid_loads=invalid_record(measurement.invalid_loads()),
            latency=judge(measurement, rules),
            throughput=(
                *mixed_load(measurement, rules),
                *throughput(measurement.table, rules, invalid=measurement.invalid_loads()),
            ),
            attribution=attribution(measurement.table, rules, measurement.invalid_loads()),
            attribution_absent=measurement.sparse_absent or recorder.result.attribution_absent,
            query_io=query_io(measurement),
            errors=measurement.errors,
            void_slices=measurement.void_slices,
            notes=(*recorder.result.notes, *measurement.notes),
        )


def open_load(clients: tuple[int, ...], rate: float | None) -> OpenLoad | None:
    """The mixed load: over as many connections as the highest level has, unless that is few; None at a rate of 0."""
    usual = OpenLoad()
    return None if rate == 0 else OpenLoad(rate_per_s=rate, connections=max(*clients, usual.connections))


def _settled(run: Run, rules: Mapping[str, QueryRules]) -> Decide:
    """What ends a query's slices: its own verdict and, where there is a baseline, the gate's; nothing in a full run."""
    if run.job.options.full:
        return lambda _: set()
    own = decider(rules)
    if run.job.baseline is None:
        return own
    against = gate_decider(Side.of(run.job.baseline), rules)
    return lambda table: own(table) & against(table)


async def open_statistics(run: Run) -> str | None:
    """A small database from which pg_stat_statements can be read, where the server keeps them at all.

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
