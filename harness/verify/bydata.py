"""A counterpart told from the data: a column of a view over the table whose values are the lost column's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.catalogue import Column
from harness.snapshot import OldTable
from harness.verify.carriers import Carrier
from harness.verify.compare import field, join_on_key, render
from harness.verify.lineage import Counterpart
from harness.verify.sources import comparable, most_frequent, sample_sql

_NEARLY_ALL = 0.99


async def by_data(
    connection: Any, table: OldTable, column: Column, carriers: Sequence[Carrier], non_null: int
) -> Counterpart | None:
    """The view column that agrees with nearly all values: told on a sample, confirmed on every row.

    A column with one value throughout proves nothing and has no counterpart by data.
    """
    sample = sample_sql(table, column, non_null)
    most = await most_frequent(connection, sample, render(column, field("o", column.name)))
    for carrier in carriers:
        columns = [item for item in carrier.view.columns if comparable(column, item) and item.name not in carrier.key]
        agreeing, filled = await _agreement(connection, table, column, carrier, columns, sample)
        ranked = sorted(zip(agreeing, columns, strict=True), key=lambda item: (-item[0], item[1].number))
        for count, candidate in ranked:
            if count <= most or count < _NEARLY_ALL * filled:
                break
            (exact,), rows = await _agreement(connection, table, column, carrier, [candidate], _all(table, column))
            if exact >= _NEARLY_ALL * rows:
                return Counterpart(carrier.view, candidate, carrier.key, "data")
    return None


def _all(table: OldTable, column: Column) -> str:
    return f"(SELECT * FROM {table.copy.sql} AS t WHERE {field('t', column.name)} IS NOT NULL)"


async def _agreement(
    connection: Any, table: OldTable, column: Column, carrier: Carrier, candidates: Sequence[Column], rows: str
) -> tuple[list[int], int]:
    """For each candidate the number of rows where it has the old value; and the number of old values."""
    if not candidates:
        return [], 0
    old_key = tuple(item for name in table.change.key if (item := table.change.old.column(name)))
    new_key = tuple(item for name in carrier.key if (item := carrier.view.column(name)))
    old = render(column, field("o", column.name))
    counts = [f"count(*) FILTER (WHERE {old} = {render(item, field('n', item.name))})" for item in candidates]
    on_key = join_on_key(old_key, new_key, "o", "n")
    *agreeing, filled = await connection.fetchrow(
        f"SELECT {', '.join(counts)}, count(*) FROM {rows} AS o LEFT JOIN {carrier.view.sql} AS n ON {on_key}"
    )
    return agreeing, filled
