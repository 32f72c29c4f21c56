"""Small hand-made arms and queries to measure, and a measurement of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from harness.judge import decider, query_rules
from harness.measure.model import BlockTable, Measurement, MeasureOptions
from harness.measure.run import measure
from harness.progress import Silent
from harness.scenario import Query, SqlFile
from harness.server import Address
from harness.workload import BoundQuery, BoundStatement

SCHEMA = """
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE item (
    id int PRIMARY KEY, code uuid NOT NULL, name text NOT NULL, price numeric(12, 2), feeling mood NOT NULL,
    made_at timestamptz NOT NULL, changed_at timestamptz, tags text[], note text
);
INSERT INTO item
SELECT i, md5(i::text)::uuid, 'item ' || i, i * 1.25, 'good', timestamptz '2024-01-01' + i * interval '1 minute',
       NULL, ARRAY['a', 'b'], NULL
FROM generate_series(1, 20000) AS i;
CREATE INDEX ON item (code);
ANALYZE item;
"""

SETS = tuple({"id": number * 1000} for number in range(1, 9))


@dataclass
class Recording(Silent):
    """A progress that keeps its notes and tells when the warm-up is over."""

    notes: list[str] = field(default_factory=list)
    warm: asyncio.Event = field(default_factory=asyncio.Event)

    def update(self, done: float, detail: str = "") -> None:
        if detail.startswith("block 2,"):
            self.warm.set()

    def note(self, message: str) -> None:
        self.notes.append(message)


def query(
    name: str,
    before: str | Sequence[str],
    after: str | Sequence[str] | None = None,
    names: tuple[str, ...] = ("id",),
    sets: Sequence[Mapping[str, Any]] = SETS,
    kind: Literal["read", "write"] = "read",
) -> BoundQuery:
    """A bound query; both forms take the parameters `names` in this order in each statement."""
    file = SqlFile(Path(f"{name}.sql"), "")
    described = Query(name, name, kind, file, file, None, 1.0, 0.05, True, False)

    def bound(form: str | Sequence[str]) -> tuple[BoundStatement, ...]:
        statements = (form,) if isinstance(form, str) else form
        return tuple(BoundStatement(sql, names) for sql in statements)

    return BoundQuery(described, bound(before), bound(after or before), tuple(sets))


def options(**changes: Any) -> MeasureOptions:
    """Options for two short blocks after the warm-up, within a budget that a busy machine holds, too."""
    return replace(MeasureOptions(budget_s=60, looks=(2,), slice_s=0.04, processes=2, seed=1), **changes)


async def measured(
    queries: Sequence[BoundQuery],
    arms: Mapping[str, str],
    address: Address,
    samples: Path,
    chosen: MeasureOptions,
    progress: Recording | None = None,
) -> Measurement:
    """Measures until the judge is satisfied or the budget is spent."""
    rules = query_rules([item.query for item in queries])
    return await measure(queries, arms, address, chosen, decider(rules), samples, progress or Recording())


def without_lateness(table: BlockTable) -> BlockTable:
    """The table as if the client had always been in time: the machine that runs the tests may be busy."""
    return BlockTable(
        tuple(replace(item, invalid="" if "late" in item.invalid else item.invalid) for item in table.slices)
    )
