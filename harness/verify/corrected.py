"""The old state with its known differences mended: stale copies replaced in one session, by temporary views.

If the old form of a query, asked of the mended copies, answers as the new form does, the known differences explain all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from harness.catalogue import Relation
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
    for number, items in enumerate(by_table.values(), start=1):
        tables: dict[str, str] = {}
        for item in items:
            for place, column in item.places.items():
                name = f"bench_mend_{number}_{len(tables) + 1}"
                mended += await _load(connection, verification, item, place, name)
                tables[column] = name
        change = items[0].work.table.change
        await connection.execute(_view(change.old, change.key, tables))
    return mended


async def _load(connection: Any, verification: Any, item: Explained, place: int, name: str) -> int:
    """The key and the new value of every cell of one column that differs for a known cause, in a temporary table."""
    change = item.work.table.change
    keys = [column for key in change.key if (column := change.old.column(key))]
    made = ", ".join(f"k{number} {column.type_sql}" for number, column in enumerate(keys, start=1))
    chosen = ", ".join(f"k{number}" for number in range(1, len(keys) + 1))
    rows = await verification.fetch(
        f"SELECT {chosen}, new FROM ({item.cells}) AS cells WHERE place = $1 AND cause = ANY ($2)",
        place,
        list(EXPLAINING),
    )
    await connection.execute(f"CREATE TEMPORARY TABLE {name} ({made}, new text); ANALYZE {name}")
    await connection.copy_records_to_table(name, records=[tuple(row) for row in rows])
    await connection.execute(f"CREATE UNIQUE INDEX ON {name} ({chosen}); ANALYZE {name}")
    return len(rows)


def _view(table: Relation, key: tuple[str, ...], mends: dict[str, str]) -> str:
    aliases = {column: f"m{number}" for number, column in enumerate(mends, start=1)}
    chosen = []
    for column in table.columns:
        value = field("t", column.name)
        if column.name in aliases:
            alias = aliases[column.name]
            plain = column.type_sql.split("(")[0] + column.type_sql.partition(")")[2]
            value = (
                f"CASE WHEN {alias}.k1 IS NULL THEN {value} ELSE {alias}.new::{plain} END AS {quote_ident(column.name)}"
            )
        chosen.append(value)
    joins = " ".join(
        f"LEFT JOIN {name} AS {aliases[column]} ON "
        + " AND ".join(f"{aliases[column]}.k{number} = {field('t', part)}" for number, part in enumerate(key, start=1))
        for column, name in mends.items()
    )
    return (
        f"CREATE TEMPORARY VIEW {quote_ident(table.name)} AS SELECT {', '.join(chosen)} FROM {table.sql} AS t {joins}"
    )
