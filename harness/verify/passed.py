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
from harness.server.faults import describe
from harness.snapshot import OldTable
from harness.verify.carriers import Carriers
from harness.verify.compare import cast_explains, compare, field, is_drift, join_on_key, joins_alike, render
from harness.verify.context import Context
from harness.verify.kinds import make_finding
from harness.verify.plan import TablePlan
from harness.verify.rows import EXAMPLES, layers
from harness.verify.sessions import is_about_data


@dataclass(frozen=True)
class Beside:
    """Columns of a view (`n`) and the columns, of a table or another view (`o`), that they must agree with.

    Where `old` is given, the old table's copies (`b`) decide between two views: one that shows the copy is not accused.
    `cause` is that of a difference which no type explains. `tells_drift`: whether another type is told of here.
    """

    known: Relation
    known_key: tuple[str, ...]
    view: Relation
    key: tuple[str, ...]
    pairs: tuple[tuple[Column, Column], ...]
    old: OldTable | None = None
    copied: tuple[Column, ...] = ()
    cause: str = "view_wrong"
    tells_drift: bool = True

    def differs(self, place: int) -> str:
        """SQL that tells whether the pair at that place differs."""
        old, new = self.pairs[place]
        differs = f"({compare(old, new, field('o', old.name), field('n', new.name)).differs})"
        if self.old is None:
            return differs
        copied = self.copied[place]
        shown, was = render(new, field("n", new.name)), render(copied, field("b", copied.name))
        return f"({differs} AND {shown} IS DISTINCT FROM {was})"

    @property
    def joined(self) -> str:
        """FROM's content."""
        joined = f"{self.known.sql} AS o JOIN {self.view.sql} AS n ON {self._on_key}"
        if self.old is None:
            return joined
        kept = tuple(column for name in self.old.change.key if (column := self.old.change.old.column(name)))
        return f"{joined} JOIN {self.old.copy.sql} AS b ON {join_on_key(kept, self._known_columns, 'b', 'o')}"

    @property
    def unmatched(self) -> str:
        """FROM's content, and the condition, for known rows that the view lacks."""
        return f"{self.known.sql} AS o WHERE NOT EXISTS (SELECT FROM {self.view.sql} AS n WHERE {self._on_key})"

    @property
    def unknown(self) -> str:
        """FROM's content, and the condition, for rows of the view that are not known."""
        return f"{self.view.sql} AS n WHERE NOT EXISTS (SELECT FROM {self.known.sql} AS o WHERE {self._on_key})"

    @property
    def _known_columns(self) -> tuple[Column, ...]:
        return tuple(column for name in self.known_key if (column := self.known.column(name)))

    @property
    def _on_key(self) -> str:
        new = tuple(column for name in self.key if (column := self.view.column(name)))
        return join_on_key(self._known_columns, new, "o", "n")

    @property
    def keys(self) -> str:
        """The key's columns."""
        return ", ".join(field("o", name) for name in self.known_key)


async def passed_findings(context: Context, plans: Sequence[TablePlan]) -> list[Finding]:
    """Differences of those columns, and those that could not be compared."""
    found: list[Finding] = []
    for plan in plans:
        for beside in (*_still_there(context, plan), *_also_shown(context, plan)):
            try:
                async with context.sessions.one() as connection:
                    found += await differences(context, connection, beside)
            except asyncpg.PostgresError as error:
                if not is_about_data(error):
                    raise
                found.append(_not_compared(context, beside, describe(error)))
    return found


def _not_compared(context: Context, beside: Beside, reason: str) -> Finding:
    names = ", ".join(new.name for _, new in beside.pairs)
    return make_finding(
        "not_compared",
        beside.view.display,
        f"{names} of {beside.view.display} could not be held against {beside.known.display}: {reason}",
        query=f"SELECT {', '.join(field('n', new.name) for _, new in beside.pairs)} FROM {beside.view.sql} AS n;",
        database=context.verification_db,
    )


def _still_there(context: Context, plan: TablePlan) -> list[Beside]:
    """For each view that shows lost columns of the table's rows: its columns that have the name of one still there."""
    table = plan.table.change.new
    if table is None:
        return []
    key = tuple(now.name for name in plan.table.change.key if (now := plan.table.change.now(name)))
    found = []
    for view, view_key, replaced in _stand_ins(context, plan):
        pairs = tuple(
            (column, shown)
            for shown in view.columns
            if shown.name not in replaced
            and (column := table.column(shown.name)) is not None
            and not _is_joined(column, shown, key, view_key)
            and not _is_taken_unchanged(context.carriers, view, table, shown.name)
        )
        if pairs:
            found.append(Beside(table, key, view, view_key, pairs))
    return found


def _is_joined(column: Column, shown: Column, key: Sequence[str], view_key: Sequence[str]) -> bool:
    """Whether the join on the key has proven the column: where equal values can be written otherwise, it has not."""
    return (column.name, shown.name) in zip(key, view_key, strict=True) and joins_alike(column, shown)


def _stand_ins(context: Context, plan: TablePlan) -> list[tuple[Relation, tuple[str, ...], set[str]]]:
    """Views with a row for each of the table's that show lost columns, with their key and those columns."""
    table = plan.table.change.new
    lost = {column.name for column in plan.table.change.dropped}
    found = {
        work.relation.oid: (work.relation, work.key, lost | {pair.new.name for pair in work.pairs})
        for work in plan.passes
        if work.key and not (table and work.relation.oid == table.oid)
    }
    for item in context.carriers.over(plan.table.change):
        if item.exact and any(item.view.column(name) for name in lost):
            found.setdefault(item.view.oid, (item.view, item.key, lost))
    return list(found.values())


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
            both = [
                (pair, shown)
                for pair in work.pairs
                if other.view.oid != work.relation.oid and (shown := other.view.column(pair.old.name)) is not None
            ]
            if both:
                pairs = tuple((pair.new, shown) for pair, shown in both)
                copied = tuple(pair.old for pair, _ in both)
                found.append(Beside(work.relation, work.key, other.view, other.key, pairs, plan.table, copied))
    return found


async def differences(context: Context, connection: Any, beside: Beside) -> list[Finding]:
    """A finding for each way and cause in which a pair differs, and for each drift."""
    counts = ", ".join(f"count(*) FILTER (WHERE {beside.differs(place)})" for place in range(len(beside.pairs)))
    rows, *differing = await connection.fetchrow(f"SELECT count(*), {counts} FROM {beside.joined}")
    found: list[Finding] = []
    for place, count in enumerate(differing):
        if beside.tells_drift and is_drift(*beside.pairs[place]):
            found.append(_drift(context, beside, place, rows))
        if count:
            found += await _explained(context, connection, beside, place, rows)
    return found


async def _explained(context: Context, connection: Any, beside: Beside, place: int, rows: int) -> list[Finding]:
    old, new = beside.pairs[place]
    cast = cast_explains(old, new, field("o", old.name), field("n", new.name))
    try:
        return await _grouped(context, connection, beside, place, rows, cast)
    except asyncpg.DataError:  # a value cannot be cast to the view's type
        return await _grouped(context, connection, beside, place, rows, None)


async def _grouped(
    context: Context, connection: Any, beside: Beside, place: int, rows: int, cast: str | None
) -> list[Finding]:
    """One finding for each way and cause in which the column differs."""
    old, new = beside.pairs[place]
    left, right = field("o", old.name), field("n", new.name)
    cause = f"CASE WHEN {cast} THEN 'type_drift' ELSE '{beside.cause}' END" if cast else f"'{beside.cause}'::text"
    kind = compare(old, new, left, right).class_of(left, right)
    differing = f"FROM {beside.joined}\nWHERE {beside.differs(place)}"
    groups = await connection.fetch(f"SELECT {kind} AS kind, {cause} AS cause, count(*) {differing} GROUP BY 1, 2")
    name = f"{beside.view.display}.{new.name}"
    found = []
    for group in groups:
        chosen = f"SELECT {beside.keys}, {render(old, left)} AS old, {render(new, right)} AS new\n{differing}"
        query = f"{chosen} AND {kind} = '{group['kind']}' AND {cause} = '{group['cause']}' ORDER BY {beside.keys}"
        shown = await connection.fetch(f"{query} LIMIT {EXAMPLES}")
        width = len(beside.known_key)
        found.append(
            make_finding(
                group["kind"],
                name,
                f"{group['count']} of {rows} values of {name} against {beside.known.display}.{old.name}",
                count=group["count"],
                rows=rows,
                cause=group["cause"],
                examples=[Example(", ".join(map(str, list(row)[:width])), row["old"], row["new"]) for row in shown],
                query=query + ";",
                database=context.verification_db,
            )
        )
    return found


def _drift(context: Context, beside: Beside, place: int, rows: int) -> Finding:
    old, new = beside.pairs[place]
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
