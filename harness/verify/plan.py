"""What is compared with what: each lost column and its counterpart, grouped into passes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from harness.catalogue import Column, Relation
from harness.snapshot import OldTable
from harness.together import together
from harness.verify.bydata import by_data
from harness.verify.compare import field, now_called
from harness.verify.context import Context
from harness.verify.lineage import Counterpart, counterparts
from harness.verify.values import Pass, make_pass


@dataclass(frozen=True)
class TablePlan:
    """A changed table: the counterparts of its lost columns, how many values each holds, what bars a comparison."""

    table: OldTable
    counterparts: Mapping[str, Counterpart]
    non_null: Mapping[str, int]
    passes: tuple[Pass, ...]
    barred: Mapping[str, str]

    @property
    def orphans(self) -> tuple[Column, ...]:
        """Lost columns without a counterpart."""
        return tuple(column for column in self.table.change.old_columns if column.name not in self.counterparts)


async def plan_tables(context: Context, column_map: Mapping[str, tuple[Relation, Column]]) -> list[TablePlan]:
    """The plan of every changed table."""
    return list(await together(*(_plan(context, table, column_map) for table in context.snapshot.tables)))


async def _plan(context: Context, table: OldTable, column_map: Mapping[str, tuple[Relation, Column]]) -> TablePlan:
    change = table.change
    found = counterparts(change, context.carriers, column_map)
    views = context.carriers.over(change)
    async with context.sessions.one() as connection:
        counts = ", ".join(f"count({field('o', column.name)})" for column in change.old_columns)
        row = await connection.fetchrow(f"SELECT {counts} FROM {table.copy.sql} AS o")
        non_null = {column.name: count for column, count in zip(change.old_columns, row, strict=True)}
        for column in change.dropped:
            if column.name not in found and non_null[column.name] and views and change.key:
                match = await by_data(connection, table, column, views, non_null[column.name])
                if match is not None:
                    found[column.name] = match
    barred = {name: reason for name, item in found.items() if (reason := _obstacle(table, item))}
    return TablePlan(table, found, non_null, _passes(table, found, barred), barred)


def _obstacle(table: OldTable, counterpart: Counterpart) -> str:
    if len(counterpart.key) != len(table.change.key):
        key, old = ", ".join(table.change.key), table.change.old.display
        return f"{now_called(old, counterpart.relation.display)} does not show the key of {old} ({key})"
    return ""


def _passes(table: OldTable, found: Mapping[str, Counterpart], barred: Mapping[str, str]) -> tuple[Pass, ...]:
    """One pass for each relation that replaces columns of the table."""
    groups: dict[tuple[int, tuple[str, ...]], list[tuple[Column, Counterpart]]] = defaultdict(list)
    for column in table.change.old_columns:
        counterpart = found.get(column.name)
        if counterpart is not None and column.name not in barred:
            groups[counterpart.relation.oid, counterpart.key].append((column, counterpart))
    return tuple(make_pass(table, group) for group in groups.values())
