"""The account of every lost column, and the findings about its values, its type and its counterpart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from harness.catalogue import ChangedTable, Column
from harness.result import ColumnCheck, Example, Finding
from harness.result.integrity import ColumnVerdict, Fate
from harness.sqltext import quote_literal
from harness.verify.compare import field, is_drift, now_called, render
from harness.verify.context import Context
from harness.verify.explain import Difference
from harness.verify.kinds import make_finding
from harness.verify.lineage import Counterpart
from harness.verify.plan import TablePlan
from harness.verify.rows import EXAMPLES
from harness.verify.sources import Search, Source, find_source
from harness.verify.values import Screen


def column_check(
    plan: TablePlan,
    column: Column,
    counted: Screen | None,
    differences: Sequence[Difference],
    non_null: int,
    reason: str,
) -> ColumnCheck:
    """The counts of one lost column, `non_null` its old values; `counted` is None where it was not compared, `reason`
    says why.
    """
    counterpart = plan.counterparts.get(column.name)
    kinds = Counter[str]()
    for item in differences:
        kinds[item.kind] += item.count
    rows = counted.old_rows if counted else 0
    missing = counted.missing if counted else 0
    return ColumnCheck(
        table=plan.table.change.old.display,
        column=column.name,
        type=column.type,
        counterpart=counterpart.display if counterpart else None,
        counterpart_type=counterpart.column.type if counterpart else None,
        lineage=counterpart.how if counterpart else "none",
        verdict=_verdict(counterpart, counted, kinds),
        rows=rows,
        identical=rows - missing - kinds.total(),
        renders_differently=kinds["renders_differently"],
        different=kinds["value_differs"],
        null_to_value=kinds["null_to_value"],
        value_to_null=kinds["value_to_null"],
        missing_row=missing,
        extra_row=counted.extra if counted else 0,
        duplicate_row=counted.duplicates if counted else 0,
        stale_before=sum(item.count for item in differences if item.cause == "stale_copy"),
        non_null=non_null,
        reason=reason,
        fate=_fate(plan.table.change, column),
    )


def _fate(change: ChangedTable, column: Column) -> Fate:
    if column in change.dropped:
        return "dropped"
    return "hidden" if column in change.covered else "rewritten"


def _verdict(counterpart: Counterpart | None, counted: Screen | None, kinds: Counter[str]) -> ColumnVerdict:
    if counterpart is None:
        return "no_counterpart"
    if counted is None or counted.old_rows == 0:
        return "not_compared"
    if counted.missing or kinds.total() > kinds["renders_differently"]:
        return "different"
    return "renders_differently" if kinds.total() else "identical"


def value_findings(
    plan: TablePlan, column: Column, counted: Screen, differences: Sequence[Difference], database: str
) -> list[Finding]:
    """One finding for each way and cause in which values differ."""
    counterpart = plan.counterparts[column.name]
    name = f"{plan.table.change.old.display}.{column.name}"
    return [
        make_finding(
            item.kind,
            name,
            f"{item.count} of {counted.old_rows} values of {name} against {now_called(name, counterpart.display)}"
            + (f"; {item.source}" if item.source else ""),
            count=item.count,
            rows=counted.old_rows,
            cause=item.cause,
            examples=item.examples,
            query=item.query,
            database=database,
        )
        for item in differences
    ]


def drift_finding(plan: TablePlan, column: Column, database: str) -> Finding | None:
    """The replacement's type or collation is another one."""
    counterpart = plan.counterparts.get(column.name)
    if counterpart is None or not is_drift(column, counterpart.column):
        return None
    old, new = _type_text(column), _type_text(counterpart.column)
    relation, attribute = quote_literal(counterpart.relation.sql), quote_literal(counterpart.column.name)
    name = f"{plan.table.change.old.display}.{column.name}"
    return make_finding(
        "type_drift",
        name,
        f"{name} was {old}, {counterpart.display} is {new}",
        count=plan.table.copy.rows,
        rows=plan.table.copy.rows,
        cause="type_drift",
        query="SELECT format_type(atttypid, atttypmod), attcollation::regcollation FROM pg_attribute\n"
        f"WHERE attrelid = {relation}::regclass AND attname = {attribute};",
        database=database,
    )


def _type_text(column: Column) -> str:
    plain = column.collation in (None, "default")
    return column.type if plain else f"{column.type} collate {column.collation}"


async def orphan_finding(context: Context, connection: Any, plan: TablePlan, column: Column) -> Finding:
    """No counterpart: how many values are lost, and where a join that still exists would give them back.

    A column that the table still has is not lost, but a view that took the table's name hides it.
    """
    change, copy = plan.table.change, plan.table.copy
    name = f"{change.old.display}.{column.name}"
    non_null = plan.non_null[column.name]
    hidden = column in change.covered
    beginning = (
        f"{change.old.display} is a view now, which lacks {name}" if hidden else f"no view column replaces {name}"
    )
    detail = f"{beginning}; {non_null} of {copy.rows} rows hold a value"
    if non_null:
        detail += await _recovery(context, connection, plan, column)
    value = field("o", column.name)
    keys = ", ".join(field("o", key) for key in change.key)
    chosen = f"{keys}, {value}" if keys else value
    order = f" ORDER BY {keys}" if keys else ""
    query = f"SELECT {chosen} FROM {copy.sql} AS o WHERE {value} IS NOT NULL{order}"
    shown = await connection.fetch(
        f"SELECT concat_ws(', ', {keys or 'NULL'}) AS key, {render(column, value)} AS old FROM {copy.sql} AS o"
        f" WHERE {value} IS NOT NULL{order} LIMIT {EXAMPLES}"
    )
    return make_finding(
        "no_counterpart",
        name,
        detail,
        severity=None if non_null and not hidden else "warning",
        count=non_null,
        rows=copy.rows,
        examples=[Example(row["key"], row["old"]) for row in shown],
        query=query + ";",
        database=context.verification_db,
    )


async def _recovery(context: Context, connection: Any, plan: TablePlan, column: Column) -> str:
    new = plan.table.change.new
    if new is None:
        return ""
    non_null = plan.non_null[column.name]
    paths = context.paths.start_at(new.oid)
    search = Search(plan.table, column, non_null, paths, context.before, context.after, also_new=True)
    source = await find_source(connection, search)
    if source is None or not source.trusted:
        return ""
    count = await _recoverable(connection, search, source)
    return f"; recoverable from {source.display} for {count} of them ({count / non_null:.1%})"


async def _recoverable(connection: Any, search: Search, source: Source) -> int:
    """How many of all old values the source holds now, where they should be."""
    joins = search.joins
    held = render(source.column, joins.column(source.path, source.column.name))
    return int(
        await connection.fetchval(
            f"SELECT count(*) FROM {search.table.copy.sql} AS o {' '.join(joins.lines)} WHERE {search.old} = {held}"
        )
    )
