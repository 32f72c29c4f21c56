"""Reads plans from the server: every statement explained with one parameter set, within a transaction rolled back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import asyncpg

from harness import sqltext
from harness.plans.outline import name
from harness.plans.shares import ASKS, VALUES
from harness.plans.tree import CALLS, COLUMNS, CONDITIONS, figures
from harness.result import PlanMode, PlanRecord
from harness.scenario.paths import catalogue_sql
from harness.sqltext import nodes
from harness.workload import BoundQuery, BoundStatement

OPERATION = 2**40
"""The number of the operation that is explained: none that was measured, whose rows are there already."""

_NUMBERS = itertools.count(1)
_ANALYZED = "ANALYZE, BUFFERS, SETTINGS, VERBOSE, FORMAT JSON"
_ESTIMATED = "SETTINGS, VERBOSE, FORMAT JSON"
_NEEDLESS = frozenset({"Output", "Async Capable", "Startup Cost", "Actual Startup Time", "Plan Width"})
_TIMED_OUT = "57014"


async def typical(connection: Any, query: BoundQuery) -> BoundQuery:
    """The query with one parameter set alone, that of median estimated cost in its old form, and with who asks so.

    On a connection to the old state. Where the costs cannot be told, it is the set in the middle.
    """
    costs = []
    for number in range(len(query.sets)):
        one = query.only(number)
        try:
            plans = await _run(connection, one, one.before, one.sets[0], "custom", _ESTIMATED, {})
        except asyncpg.PostgresError:
            return query.only(len(query.sets) // 2)
        costs.append((sum(plan["Plan"]["Total Cost"] for plan, _ in plans), number))
    return query.only(sorted(costs)[len(costs) // 2][1])


async def explain(
    connection: Any,
    query: BoundQuery,
    arm: str,
    statements: Sequence[BoundStatement],
    values: Mapping[str, Any],
    mode: PlanMode,
    settings: Mapping[str, str],
    unexecuted: str = "",
) -> tuple[PlanRecord, ...]:
    """One record per statement of the query's form, all run in one transaction that is rolled back.

    `settings` hold within it, and it belongs to whoever asks the query: row security is part of the plan that is timed.
    Where `unexecuted` gives a reason not to, nothing runs, and the records hold estimated plans with that reason.

    A statement that fails (the statement timeout, above all) is told in its record, which then holds
    the estimated plan.
    """
    error = unexecuted
    try:
        plans = await _run(connection, query, statements, values, mode, _ESTIMATED if error else _ANALYZED, settings)
    except asyncpg.PostgresError as problem:
        error = error or _words(problem, settings)
        try:
            plans = await _run(connection, query, statements, values, mode, _ESTIMATED, settings)
        except asyncpg.PostgresError:
            return (PlanRecord(query.name, arm, None, mode=mode, error=error),)
    return tuple(
        _record(PlanRecord(query.name, arm, plan, mode=mode, statement=number, parameters=parameters, error=error))
        for number, (plan, parameters) in enumerate(plans, start=1)
    )


def _words(problem: asyncpg.PostgresError, settings: Mapping[str, str]) -> str:
    if problem.sqlstate == _TIMED_OUT:
        return f"did not end within the statement timeout ({settings.get('statement_timeout', 'the server’s own')})"
    return f"{problem.sqlstate} {problem}"


def _record(record: PlanRecord) -> PlanRecord:
    if record.error:
        return record
    found = figures(record.plan)
    return replace(
        record,
        buffers=found.hit + found.read,
        buffers_hit=found.hit,
        buffers_read=found.read,
        execution_s=found.execution_s,
        planning_s=found.planning_s,
        rows=found.rows,
        rows_read=found.rows_read,
        temp_blocks=found.temp_blocks,
        jit_s=found.jit_s,
        worst_estimate_factor=round(found.worst.estimate_factor, 2),
        worst_estimate_node=name(found.worst),
    )


async def _run(
    connection: Any,
    query: BoundQuery,
    statements: Sequence[BoundStatement],
    values: Mapping[str, Any],
    mode: PlanMode,
    options: str,
    settings: Mapping[str, str],
) -> list[tuple[dict[str, Any], str]]:
    """Plan and parameters of each statement, as the query's asker; whatever they write is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        for key, value in (*settings.items(), ("plan_cache_mode", f"force_{mode}_plan"), *query.session):
            await connection.execute("SELECT set_config($1, $2, true)", key, value)
        return [await _explained(connection, statement, values, options) for statement in statements]
    finally:
        await transaction.rollback()


async def _explained(
    connection: Any, statement: BoundStatement, values: Mapping[str, Any], options: str
) -> tuple[dict[str, Any], str]:
    """Prepared and executed by SQL: only so can the choice between a custom and a generic plan be forced."""
    prepared = f"bench_explained_{next(_NUMBERS)}"  # none is deallocated: a failed transaction would not let it be
    await connection.execute(f"PREPARE {prepared} AS {statement.sql}")
    arguments = await _literals(connection, prepared, statement.arguments(values, OPERATION))
    listed = f" ({', '.join(arguments)})" if arguments else ""
    if options != _ESTIMATED:  # the first planning of a session fills its caches, and would be charged to the query
        await connection.execute(f"EXPLAIN ({_ESTIMATED}) EXECUTE {prepared}{listed}")
    answer = await connection.fetchval(f"EXPLAIN ({options}) EXECUTE {prepared}{listed}", timeout=None)
    shown = [f"{key} = {value.rpartition('::')[0]}" for key, value in zip(statement.names, arguments, strict=True)]
    plan = json.loads(answer)[0]
    _note_calls(plan["Plan"])
    return _pruned(plan), ", ".join(shown)


def _note_calls(node: dict[str, Any]) -> None:
    """Notes at each node the functions called there: what its children have called already, they hand on.

    And what its output asks of other plans, for that output is not kept.
    """
    below = node.get("Plans", [])
    handed_on = {output for child in below for output in child.get("Output", [])}
    wholes = [item for item in node.get("Output", []) if item not in handed_on and f"({item})" not in handed_on]
    wholes += [node[key] for key in CONDITIONS if key in node]
    inherited = {call for output in handed_on for call in nodes.calls(output)}
    node[CALLS] = sorted({call for whole in wholes if "(" in whole for call in nodes.calls(whole)} - inherited)
    node[ASKS] = sorted({value for item in node.get("Output", []) for value in VALUES.findall(item)})
    for child in below:
        if node["Node Type"] in ("Append", "Merge Append"):
            child[COLUMNS] = child.get("Output", [])
        _note_calls(child)


async def _literals(connection: Any, prepared: str, arguments: Sequence[object]) -> list[str]:
    """The arguments as SQL, each with its type, as the server itself writes them."""
    types = await connection.fetchval(catalogue_sql("plans", "parameter_types"), prepared)
    found = []
    for value, kind in zip(arguments, types or (), strict=True):
        text = await connection.fetchval(f"SELECT ($1::{kind})::text", value)
        found.append(f"NULL::{kind}" if text is None else f"{sqltext.quote_literal(text)}::{kind}")
    return found


def _pruned(value: Any) -> Any:
    """The plan without zeros and without what nobody reads: a tenth of its size."""
    if isinstance(value, list):
        return [_pruned(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("Workers"), list):
        value = value | {"Workers": len(value["Workers"])}
    kept = ("Actual Rows", "Actual Loops", "Plan Rows", "Actual Total Time")
    return {
        key: _pruned(item)
        for key, item in value.items()
        if key in kept or (key not in _NEEDLESS and item not in (0, 0.0, False, [], {}))
    }
