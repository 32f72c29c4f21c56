"""What else is shown of a table that views stand for: columns that are still there, and lost ones in further views.

A column that the definition takes from the table unchanged is proven by that; any other is compared, row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from harness.catalogue import Column, Relation
from harness.result import Example, Finding
from harness.verify.carriers import Carriers
from harness.verify.compare import cast_explains, compare, field, is_drift, join_on_key, render
from harness.verify.context import Context
from harness.verify.kinds import make_finding
from harness.verify.plan import TablePlan
from harness.verify.rows import EXAMPLES, layers
from harness.verify.sessions import is_about_data


@dataclass(frozen=True)
class Beside:
    """Columns of a view (`n`) and the columns, of a table or another view (`o`), that they must agree with."""

    known: Relation
    known_key: tuple[str, ...]
    view: Relation
    key: tuple[str, ...]
    pairs: tuple[tuple[Column, Column], ...]

    @property
    def joined(self) -> str:
        """FROM's content."""
        old = tuple(column for name in self.known_key if (column := self.known.column(name)))
        new = tuple(column for name in self.key if (column := self.view.column(name)))
        return f"{self.known.sql} AS o JOIN {self.view.sql} AS n ON {join_on_key(old, new, 'o', 'n')}"

    @property
    def keys(self) -> str:
        """The key's columns."""
        return ", ".join(field("o", name) for name in self.known_key)


async def passed_findings(context: Context, plans: Sequence[TablePlan]) -> list[Finding]:
    """Differences of those columns; a view that cannot be read is told elsewhere."""
    found: list[Finding] = []
    for plan in plans:
        for beside in (*_still_there(context, plan), *_also_shown(context, plan)):
            try:
                async with context.sessions.one() as connection:
                    found += await _differences(context, connection, beside)
            except asyncpg.PostgresError as error:
                if not is_about_data(error):
                    raise
    return found


def _still_there(context: Context, plan: TablePlan) -> list[Beside]:
    """For each view that replaces columns of the table: those of its columns that have the name of one still there."""
    table, found = plan.table.change.new, []
    for work in plan.passes:
        if table is None or work.relation.oid == table.oid or not work.key:
            continue
        replaced = {pair.new.name for pair in work.pairs}
        pairs = tuple(
            (column, shown)
            for shown in work.relation.columns
            if shown.name not in replaced
            and shown.name not in work.key
            and (column := table.column(shown.name)) is not None
            and not _is_taken_unchanged(context.carriers, work.relation, table, shown.name)
        )
        if pairs:
            key = tuple(now.name for name in plan.table.change.key if (now := plan.table.change.now(name)))
            found.append(Beside(table, key, work.relation, work.key, pairs))
    return found


def _is_taken_unchanged(carriers: Carriers, view: Relation, table: Relation, name: str) -> bool:
    """Whether each definition on the way down to the table takes the column as it is from what leads there."""
    stack = list(layers(carriers, view, table.oid))
    at = name
    for layer in stack:
        origin = layer.shape.columns.get(at)
        if origin is None or not origin.alone or origin.alias != layer.root:
            return False
        at = origin.column
    return bool(stack) and at == name


def _also_shown(context: Context, plan: TablePlan) -> list[Beside]:
    """Views that have a row for each of the table's and a column of a lost one's name, beside the counterpart."""
    found = []
    carriers = [item for item in context.carriers.over(plan.table.change) if item.exact]
    for work in plan.passes:
        for other in carriers if work.key else ():
            pairs = tuple(
                (pair.new, shown)
                for pair in work.pairs
                if other.view.oid != work.relation.oid
                and plan.counterparts[pair.old.name].relation.oid == work.relation.oid
                and (shown := other.view.column(pair.old.name)) is not None
            )
            if pairs:
                found.append(Beside(work.relation, work.key, other.view, other.key, pairs))
    return found


async def _differences(context: Context, connection: Any, beside: Beside) -> list[Finding]:
    counts = ", ".join(f"count(*) FILTER (WHERE {_differs(old, new)})" for old, new in beside.pairs)
    rows, *differing = await connection.fetchrow(f"SELECT count(*), {counts} FROM {beside.joined}")
    found: list[Finding] = []
    for (old, new), count in zip(beside.pairs, differing, strict=True):
        if is_drift(old, new):
            found.append(_drift(context, beside, old, new, rows))
        if count:
            found += await _explained(context, connection, beside, old, new, rows)
    return found


def _differs(old: Column, new: Column) -> str:
    return compare(old, new, field("o", old.name), field("n", new.name)).differs


async def _explained(
    context: Context, connection: Any, beside: Beside, old: Column, new: Column, rows: int
) -> list[Finding]:
    left, right = field("o", old.name), field("n", new.name)
    cast = cast_explains(old, new, left, right)
    try:
        return await _grouped(context, connection, beside, old, new, rows, cast)
    except asyncpg.DataError:  # a value cannot be cast to the view's type
        return await _grouped(context, connection, beside, old, new, rows, None)


async def _grouped(
    context: Context, connection: Any, beside: Beside, old: Column, new: Column, rows: int, cast: str | None
) -> list[Finding]:
    """One finding for each way and cause in which the column differs."""
    left, right = field("o", old.name), field("n", new.name)
    cause = f"CASE WHEN {cast} THEN 'type_drift' ELSE 'view_wrong' END" if cast else "'view_wrong'"
    kind = compare(old, new, left, right).class_of(left, right)
    differing = f"FROM {beside.joined}\nWHERE {_differs(old, new)}"
    groups = await connection.fetch(f"SELECT {kind} AS kind, {cause} AS cause, count(*) {differing} GROUP BY 1, 2")
    found = []
    for group in groups:
        chosen = f"SELECT {beside.keys}, {render(old, left)} AS old, {render(new, right)} AS new\n{differing}"
        query = f"{chosen} AND {kind} = '{group['kind']}' AND {cause} = '{group['cause']}' ORDER BY {beside.keys}"
        shown = await connection.fetch(f"{query} LIMIT {EXAMPLES}")
        width = len(beside.known_key)
        found.append(
            make_finding(
                group["kind"],
                f"{beside.view.display}.{new.name}",
                f"{group['count']} of {rows} values of {beside.view.display}.{new.name} against"
                f" {beside.known.display}.{old.name}",
                count=group["count"],
                rows=rows,
                cause=group["cause"],
                examples=[Example(", ".join(map(str, list(row)[:width])), row["old"], row["new"]) for row in shown],
                query=query + ";",
                database=context.verification_db,
            )
        )
    return found


def _drift(context: Context, beside: Beside, old: Column, new: Column, rows: int) -> Finding:
    name = f"{beside.view.display}.{new.name}"
    return make_finding(
        "type_drift",
        name,
        f"{beside.known.display}.{old.name} is {old.type}, {name} is {new.type}",
        count=rows,
        rows=rows,
        cause="type_drift",
        query=f"SELECT pg_typeof({field('n', new.name)}) FROM {beside.view.sql} AS n LIMIT 1;",
        database=context.verification_db,
    )
