"""`measure`: from bound queries and arms to a table of blocks, within a budget of wall-clock time."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from harness.errors import MeasureError, UsageError
from harness.measure.coordinator import Bounds, Coordinator
from harness.measure.counters import Counters
from harness.measure.course import Course, Decide
from harness.measure.crew import Crew
from harness.measure.model import FORMS, Form, Measurement, MeasureOptions
from harness.measure.orders import ArmWork, Setup, Work
from harness.measure.sample_writer import SampleWriter
from harness.progress import Progress
from harness.scenario.paths import catalogue_sql
from harness.server.address import Address, connect
from harness.server.faults import CLIENT_FAULTS, as_harness_error
from harness.workload import BoundQuery


async def measure(
    queries: Sequence[BoundQuery],
    arms: Mapping[str, str],
    address: Address,
    options: MeasureOptions,
    decide: Decide,
    samples_path: Path,
    progress: Progress,
    forms: Mapping[str, Form] = FORMS,
) -> Measurement:
    """Times every query on every arm (name -> database) in interleaved blocks.

    Appends to `samples_path` as it goes; whatever ends the run, the samples so far are kept there. Raises UsageError
    for options that make no sense, MeasureError where nothing can be measured, ServerError where the server is gone.
    """
    _check(queries, arms, options, forms)
    works = tuple(ArmWork(arm, database, works_of(queries, forms[arm])) for arm, database in arms.items())
    progress.start("measure", total=options.budget_s, unit="s")
    try:
        async with AsyncExitStack() as stack:
            course = await _begin(stack, works, address, options, samples_path, progress, forms)
            await course.blocks(await course.plan(), decide)
            return await course.finish()
    except CLIENT_FAULTS as error:
        known = as_harness_error(error, "measuring")
        if known is None:
            raise
        raise known from error


async def _begin(
    stack: AsyncExitStack,
    works: Sequence[ArmWork],
    address: Address,
    options: MeasureOptions,
    samples_path: Path,
    progress: Progress,
    forms: Mapping[str, Form],
) -> Course:
    """Connects everything and opens the samples file; the stack closes it all, the file last but whole."""
    started = time.perf_counter()
    timeout_s = min(options.statement_timeout_s, options.budget_s)
    databases = {work.arm: work.database for work in works}
    connections = {arm: await _connection(stack, address, database) for arm, database in databases.items()}
    counters = await Counters.open(address, options.stats_database, databases)
    stack.push_async_callback(counters.close)
    writer = SampleWriter(
        samples_path, [work.query for work in works[0].works], list(databases), _facts(options, forms)
    )
    stack.callback(writer.finish)
    crew = Crew()
    stack.push_async_callback(crew.dismiss)
    settings = (*counters.settings, ("statement_timeout", f"{timeout_s * 1000:.0f}"), *options.settings)
    await crew.assemble(Setup(address, tuple(works), (), settings), _clients(options), _processes(options))
    bounds = Bounds(started, started + options.budget_s, timeout_s)
    coordinator = Coordinator(crew, works, bounds, counters)
    course = Course(coordinator, works, connections, options, writer, progress)
    course.note(counters.note)
    course.note(await _session_settings(next(iter(connections.values()))))
    return course


def _check(
    queries: Sequence[BoundQuery], arms: Mapping[str, str], options: MeasureOptions, forms: Mapping[str, Form]
) -> None:
    if not queries:
        raise MeasureError("there is no query to measure", "give the scenario at least one [[query]]")
    if "before" not in arms or len(arms) < 2:
        raise MeasureError("measuring needs the arm 'before' and one to hold against it", "name them with --arms")
    unknown = sorted(arms.keys() - forms.keys())
    if unknown:
        raise MeasureError(f"the arm {unknown[0]!r} has no form of the queries", f"there are: {', '.join(forms)}")
    if options.budget_s <= 0:
        raise UsageError(f"the budget of {options.budget_s:g} s leaves no time to measure", "give --budget 60s")
    if not options.clients or min(options.clients) < 1 or len(set(options.clients)) < len(options.clients):
        raise UsageError("--clients takes different numbers of at least 1", "give --clients 1,4")


def works_of(queries: Sequence[BoundQuery], form: str) -> tuple[Work, ...]:
    """The queries in the form `before` or `after`, as a worker takes them."""
    return tuple(
        Work(
            query=item.name,
            reads=item.query.kind == "read",
            statements=tuple((statement.sql, statement.names) for statement in item.form(form)),
            sets=item.sets,
            session=item.session,
            weight=item.query.weight,
            claims=item.claims,
        )
        for item in queries
    )


def _facts(options: MeasureOptions, forms: Mapping[str, Form]) -> dict[str, Any]:
    return {"seed": options.seed, "clients": list(options.clients), "forms": dict(forms), "looks": list(options.looks)}


def _clients(options: MeasureOptions) -> int:
    """Clients in all: enough for the highest level and for the open load, with one more for its writes."""
    return max(*options.clients, options.open_load.connections + 1 if options.open_load else 0)


def _processes(options: MeasureOptions) -> int:
    return options.processes or max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)


async def _connection(stack: AsyncExitStack, address: Address, database: str) -> Any:
    """A connection of the coordinator's own to an arm, for vacuum and proofs."""
    connection = await connect(address, database)
    stack.callback(connection.terminate)
    return connection


async def _session_settings(connection: Any) -> str:
    rows = await connection.fetch(catalogue_sql("measure", "read_session_settings"))
    return "timed with " + ", ".join(f"{row['name']} = {row['setting']}" for row in rows)
