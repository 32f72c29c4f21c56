"""What the rules compare and yield: the two sides of a query, what is known beside the plans, and a finding; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.plans.difference import Scanned, scans_of
from harness.plans.remedy import Column, IndexColumns, Table
from harness.plans.tree import Node, read_tree
from harness.result import PlanRecord


@dataclass(frozen=True)
class Facts:
    """What is known beside the plans.

    `indexes` holds the columns of every usable index on the arm; `texts` (schema, table, column) of every column that
    a cast to text leaves as it is; `roots` the table that each partition belongs to; `functions` the names of the
    schema's own; `new_indexes` table and name of each index that the migration made; `row_bytes` for each table its
    bytes per row on `before` and on the arm; `planned_anew` which share of the query's timed executions were planned
    anew, on `before` and on the arm.
    """

    indexes: tuple[IndexColumns, ...] = ()
    texts: frozenset[Column] = frozenset()
    roots: Mapping[Table, Table] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()
    new_indexes: frozenset[tuple[str, str]] = frozenset()
    row_bytes: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    planned_anew: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True)
class Found:
    """What a rule found; `seconds` (arm minus `before`) are what the plans' own timing charges to it."""

    kind: str
    sentence: str
    seconds: float | None = None


class Side:
    """All statements of a query on one arm."""

    def __init__(self, records: Sequence[PlanRecord]) -> None:
        self.records = records
        self.tops: list[Node] = [read_tree(record.plan) for record in records]
        self.nodes: list[Node] = [node for top in self.tops for node in top if node.loops]
        self.scans: dict[str, Scanned] = scans_of(self.nodes)

    def total(self, name: str) -> float:
        """The sum of a figure over the statements."""
        return sum(getattr(record, name) or 0 for record in self.records)

    def of(self, kinds: frozenset[str]) -> list[Node]:
        """The executed nodes of these kinds."""
        return [node for node in self.nodes if node.kind in kinds]

    def seconds(self, kinds: frozenset[str]) -> float:
        """The time of these kinds of nodes by themselves."""
        return sum(node.self_s for node in self.of(kinds))
