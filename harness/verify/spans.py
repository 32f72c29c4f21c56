"""A comparison cut by key into spans, which several connections count at once, and a killed check counts once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.catalogue import Column
from harness.scenario.paths import catalogue_sql
from harness.sqltext import quote_ident
from harness.verify.values import Pass, Span, counting

SPAN_ROWS = 125_000
"""Old rows in a span: some tenths of a second of work, and a hash table that a processor's cache still helps."""
LEAST_ROWS = 100_000
"""Below that, planning several statements costs more than doing two at once gains."""
_LARGE_ROWS = 1_000_000
_DEARER, _DEARER_IF_LARGE = 1.5, 3.0
"""How many times one pass's cost all spans together may cost, in the planner's money: each reads small tables anew, and
pages that a random key scatters. A large check must not have to start again when it is killed: it may cost more there.
The planner thinks too ill of scattered pages: 8 spans of a million rows with random keys, 3.3 times as dear to it, took
1.7 times the processor's time.
"""
_SAMPLED_PER_SPAN = 4000
_STEPS_PER_SPAN = 4
"""So many steps of the statistics' histogram make spans of like size; with fewer, the keys are sampled anew."""
_SAMPLED = frozenset("rpm")
_ORDERED = 0.99
_CHEAPLY_SORTED = frozenset({"int2", "int4", "int8", "oid", "date", "timestamp", "timestamptz", "uuid"})
_WHOLE = frozenset({"int2", "int4", "int8"})
_CONDITIONS = ("Index Cond", "Recheck Cond", "Filter", "Join Filter", "Hash Cond", "Merge Cond", "One-Time Filter")
_SCANS = frozenset({"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Bitmap Index Scan"})


@dataclass(frozen=True)
class Cut:
    """The spans of a pass, in order and without a gap; none for one pass over all, `reason` says why it has to be."""

    spans: tuple[Span, ...] = ()
    reason: str = ""


def may_cut(work: Pass) -> bool:
    """Whether it is large enough, and has a key."""
    return bool(work.key) and work.table.copy.rows >= LEAST_ROWS


async def cut(connection: Any, work: Pass, at_once: int) -> Cut:
    """Cuts where both sides can be read by ranges of the key, and the planner sees no dearer work in the parts.

    A view that groups or ranks rows has to be read whole for every part of it; so is a table whose rows lie in
    another order than its key, as far as that order is random.
    """
    if not may_cut(work):
        return Cut()
    if not _same_order(work):
        return Cut(reason="the keys of both sides are not ordered alike")
    rows, whole = work.table.copy.rows, await _cost(connection, work)
    number = _rounded(rows / SPAN_ROWS, at_once)
    limit = _DEARER if rows < _LARGE_ROWS else _DEARER_IF_LARGE
    while True:
        spans = await _spans(connection, work, number)
        if len(spans) < 2:
            return Cut(reason="the key has too few values")
        middle = replace(work, span=spans[len(spans) // 2])
        if not await _reaches_tables(connection, middle):
            either = f"{work.relation.display} or {work.table.change.old.display}"
            return Cut(reason=f"{either} has to be read whole for any part")
        dearer = len(spans) * await _cost(connection, middle) / whole
        if dearer <= limit or (number <= max(at_once, 2) and dearer <= at_once):
            return Cut(spans)
        if number <= max(at_once, 2):
            return Cut(reason="reading the parts would cost more than reading all at once")
        per_span = (dearer - 1) / number
        number = min(_rounded((limit - 1) / per_span, at_once), number - 1)


async def reads_in_order(connection: Any, work: Pass) -> bool:
    """Whether the old table's rows lie in the order of their only key column, so that sorting them is little work.

    Rows that do not after all are sorted properly: it costs time, never the result.
    """
    if len(work.old_columns) != 1 or work.old_columns[0].base_type not in _CHEAPLY_SORTED:
        return False
    sql = catalogue_sql("verify", "read_correlation")
    correlation = await connection.fetchval(sql, work.table.copy.sql, work.old_columns[0].name)
    return correlation is not None and float(correlation) >= _ORDERED


def _rounded(number: float, at_once: int) -> int:
    """A number of spans that keeps all connections busy to the end."""
    return max(int(number / at_once + 0.5) * at_once, at_once, 2)


def _same_order(work: Pass) -> bool:
    """Whether both keys have the same types and collations, and so one order."""
    pairs = zip(work.old_columns, work.new_columns, strict=True)
    return all(
        old.name not in work.table.copy.as_text
        and old.collation == new.collation
        and (old.plain_type == new.plain_type or {old.base_type, new.base_type} <= _WHOLE)
        for old, new in pairs
    )


async def _spans(connection: Any, work: Pass, number: int) -> tuple[Span, ...]:
    """About `number` spans of equal size; any bound serves, if both sides share it: only how equal they are depends on
    statistics and samples.
    """
    relation, columns = work.table.copy.sql, work.old_columns
    sampled = work.table.change.old.kind in _SAMPLED
    if not sampled and work.relation.kind in _SAMPLED:
        relation, columns, sampled = work.relation.sql, work.new_columns, True
    bounds = await _known_bounds(connection, work, relation, columns, number) if sampled else []
    bounds = bounds or await _sampled_bounds(connection, work, relation, columns, number, sampled)
    bounds = list(dict.fromkeys(bounds))
    if any(None in bound for bound in bounds):
        return ()
    return tuple(Span(low, high) for low, high in zip([None, *bounds], [*bounds, None], strict=True))


async def _known_bounds(
    connection: Any, work: Pass, relation: str, columns: Sequence[Column], number: int
) -> list[tuple[str, ...]]:
    """From the statistics of a table's only key column; none where they are missing, old or too coarse."""
    if len(columns) > 1:
        return []
    sql = catalogue_sql("verify", "read_histogram")
    steps = await connection.fetchval(sql, relation, columns[0].name, float(work.table.copy.rows))
    if steps is None or len(steps) <= _STEPS_PER_SPAN * number:
        return []
    return [(steps[round(place * (len(steps) - 1) / number)],) for place in range(1, number)]


async def _sampled_bounds(
    connection: Any, work: Pass, relation: str, columns: Sequence[Column], number: int, sampled: bool
) -> list[tuple[str, ...]]:
    """From some of the pages of a table, or from all keys of what has no pages."""
    rows = work.table.copy.rows
    share = min(100.0, 100.0 * _SAMPLED_PER_SPAN * number / rows) if sampled else 100.0
    method = f" TABLESAMPLE SYSTEM ({share:.6f}) REPEATABLE (1)" if share < 100 else ""
    keys = ", ".join(f"t.{quote_ident(column.name)}" for column in columns)
    names = ", ".join(
        f"t.{quote_ident(column.name)}::text AS k{place}" for place, column in enumerate(columns, start=1)
    )
    found = await connection.fetch(
        f"SELECT * FROM (SELECT {names}, row_number() OVER (ORDER BY {keys}) AS place, count(*) OVER () AS rows"
        f" FROM {relation} AS t{method} WHERE t.{quote_ident(columns[0].name)} IS NOT NULL) AS sample"
        f" WHERE place % greatest(rows / {number}, 1) = 0 ORDER BY place LIMIT {number - 1}"
    )
    return [tuple(row)[: len(columns)] for row in found]


async def _cost(connection: Any, work: Pass) -> float:
    """What the planner thinks that counting costs."""
    plan = await _explain(connection, counting(work, each=False), work)
    return max(float(plan["Total Cost"]), 1.0)


async def _reaches_tables(connection: Any, work: Pass) -> bool:
    """Whether on both sides the span's bounds are tested where tables are scanned, and nowhere later."""
    assert work.span is not None
    sides = [await _explain(connection, f"SELECT * FROM {side}", work) for side in (work.old_side, work.new_side)]
    return all(_tested_in_scans(plan, work.span) for plan in sides)


async def _explain(connection: Any, sql: str, work: Pass) -> dict[str, Any]:
    (answer,) = await connection.fetchrow(f"EXPLAIN (FORMAT JSON) {sql}", *work.arguments)
    plan: dict[str, Any] = json.loads(answer)[0]["Plan"]
    return plan


def _tested_in_scans(plan: dict[str, Any], span: Span) -> bool:
    values = {bound[0].replace("'", "''") for bound in (span.low, span.high) if bound is not None}
    shown = re.compile("|".join(rf"(?<![\w.])'?{re.escape(value)}'?(?!\w)" for value in values))
    testing = [node for node in _nodes(plan) if any(shown.search(str(node.get(name, ""))) for name in _CONDITIONS)]
    return bool(testing) and all(node["Node Type"] in _SCANS for node in testing)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
