"""The indexes of an arm: their sizes, how often a workload scanned them, and which of them are needless."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from harness.catalogue import Catalogue, Index
from harness.catalogue.coverage import Earlier, duplicate_of, key_of, redundant_with
from harness.result import IndexRecord
from harness.scenario.paths import catalogue_sql

IndexUse = Mapping[tuple[int, str], tuple[int, int]]
"""(OID of the table, index) -> (scans since the statistics began, bytes)."""

_LONGEST_WAIT_S = 10.0
_WAIT_S = 0.05


async def read_index_use(connection: Any) -> IndexUse:
    """The counters of every index; a session reports its scans at its end, so all others are waited for, a while."""
    deadline = time.monotonic() + _LONGEST_WAIT_S
    # The end of another's session is no event that could be awaited here.
    while await connection.fetchval(catalogue_sql("measure", "count_sessions")) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(_WAIT_S)
    rows = await connection.fetch(catalogue_sql("measure", "index_use"))
    return {(row["relation"], row["name"]): (row["scans"], row["size_bytes"]) for row in rows}


def index_records(
    arm: str,
    catalogue: Catalogue,
    old: Earlier,
    asked_for: frozenset[str],
    use: IndexUse,
    earlier: IndexUse | None,
) -> tuple[IndexRecord, ...]:
    """A record per index of the arm, by table and name; pure.

    `old` are the indexes before the migration, `asked_for` the names in its statements; `earlier` the counters before
    the workload, None where none was measured. A name that an index got which was made is not asked for in vain.
    """
    found = []
    made = {item.name for item in catalogue.indexes if _is_made(item, old, asked_for)}
    for item in catalogue.indexes:
        table, key = catalogue.relations.get(item.relation), (item.relation, item.name)
        if table is None or key not in use:
            continue
        scans, size_bytes = use[key]
        duplicate = duplicate_of(item, catalogue.indexes, old)
        record = IndexRecord(
            arm=arm,
            table=table.display,
            index=item.name,
            key=key_of(item).text,
            leads=f"{table.display}.{item.columns[0]}",
            size_bytes=size_bytes,
            scans=None if earlier is None else scans - earlier.get(key, (0, 0))[0],
            unique=item.is_unique,
            enforces=item.constrains or item.relied_on,
            valid=item.valid,
            created=_is_made(item, old, asked_for),
            asked_for=item.name in asked_for and (item.name not in made or _is_made(item, old, asked_for)),
            duplicate_of=duplicate,
            redundant_with="" if duplicate else redundant_with(item, catalogue.indexes),
            definition=item.definition,
        )
        found.append(record)
    return tuple(sorted(found, key=lambda record: (record.table, record.index)))


def _is_made(item: Index, old: Earlier, asked_for: frozenset[str]) -> bool:
    """Whether the migration made it: anew under its old name, too, but not where PostgreSQL did so for a column."""
    return item not in old or (item.name in asked_for and not old.has_itself(item))
