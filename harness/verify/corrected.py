"""The old state with its known differences mended: stale copies replaced in one session, by temporary views.

If the old form of a query, asked of the mended copies, answers as the new form does, the known differences explain all.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.catalogue import Column
from harness.sqltext import quote_ident
from harness.verify.compare import field
from harness.verify.explain import Explained

EXPLAINING = ("stale_copy", "null_fk", "orphan_fk", "type_drift")
"""Causes that lie in the old data; a wrong view explains nothing."""


async def mend(connection: Any, verification: Any, explained: Sequence[Explained]) -> int:
    """Makes this session of the arm `before` see the new values of cells that differ for a known cause; counts them.

    A temporary view of the table's own name hides the table from statements that do not name its schema.
    """
    by_table: dict[int, list[Explained]] = defaultdict(list)
    for item in explained:
        if item.cells:
            by_table[item.work.table.change.old.oid].append(item)
    mended = 0
    names = itertools.count(1)
    for items in by_table.values():
        mends = [_Mend(item, f"bench_mending{next(names)}") for item in items]
        for mending in mends:
            mended += await mending.load(connection, verification)
        await connection.execute(_view(mends))
    return mended


@dataclass(frozen=True)
class _Mend:
    """The new values of one pass, in a temporary table: the key k1.., and for each column whether and to what."""

    item: Explained
    name: str

    @property
    def keys(self) -> list[Column]:
        change = self.item.work.table.change
        return [column for key in change.key if (column := change.old.column(key))]

    async def load(self, connection: Any, verification: Any) -> int:
        """Makes and fills the table; returns the number of rows."""
        chosen = ", ".join(f"k{number}" for number in range(1, len(self.keys) + 1))
        cells = ", ".join(
            f"bool_or(place = {place}) AS has{place}, max(new) FILTER (WHERE place = {place}) AS new{place}"
            for place in self.item.places
        )
        rows = await verification.fetch(
            f"SELECT {chosen}, {cells} FROM ({self.item.cells}) AS cells WHERE cause = ANY ($1) GROUP BY {chosen}",
            list(EXPLAINING),
        )
        made = [f"k{number} {column.type_sql}" for number, column in enumerate(self.keys, start=1)]
        made += [f"has{place} boolean, new{place} text" for place in self.item.places]
        await connection.execute(f"CREATE TEMPORARY TABLE {self.name} ({', '.join(made)}, UNIQUE ({chosen}))")
        await connection.copy_records_to_table(self.name, records=[tuple(row) for row in rows])
        await connection.execute(f"ANALYZE {self.name}")
        return len(rows)

    def value(self, column: Column) -> str | None:
        """SQL of the column's mended value in the view, where `t` is the table; None for a column without any."""
        place = next((place for place, name in self.item.places.items() if name == column.name), None)
        if place is None:
            return None
        old = field("t", column.name)
        return f"CASE WHEN {self.name}.has{place} THEN {self.name}.new{place}::{column.plain_type} ELSE {old} END"

    @property
    def join(self) -> str:
        """The join that finds a row's mended values."""
        pairs = (f"{self.name}.k{n} = {field('t', column.name)}" for n, column in enumerate(self.keys, start=1))
        return f"LEFT JOIN {self.name} ON {' AND '.join(pairs)}"


def _view(mends: Sequence[_Mend]) -> str:
    table = mends[0].item.work.table.change.old
    chosen = []
    for column in table.columns:
        mended = next((value for mending in mends if (value := mending.value(column))), None)
        chosen.append(f"{mended or field('t', column.name)} AS {quote_ident(column.name)}")
    joins = " ".join(mending.join for mending in mends)
    return (
        f"CREATE TEMPORARY VIEW {quote_ident(table.name)} AS SELECT {', '.join(chosen)} FROM {table.sql} AS t {joins}"
    )
