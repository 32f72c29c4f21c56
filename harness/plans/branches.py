"""The scans that one side of a join consists of: one, or the branches of an Append, and their own columns; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.plans.tree import Node
from harness.sqltext import nodes as sql

_KEEPING = frozenset({"Hash", "Materialize", "Memoize", "Gather", "Sort"})
_APPENDS = frozenset({"Append", "Merge Append"})


@dataclass(frozen=True)
class Branch:
    """A scan, and what the first branch of its Append hands on: conditions above name a column as that one does."""

    scan: Node
    first: tuple[str, ...] = ()

    def own(self, alias: str, column: str) -> str:
        """The scan's own column that is meant by this name; empty where it means none, or an expression.

        Branches of UNION ALL hand on the same columns in the same order. A partition is called as its table is, with a
        number, and has the same names.
        """
        if alias == self.scan.alias:
            return column
        handed_on = [sql.plain_column(item) for item in self.scan.columns]
        for named, here in zip((sql.plain_column(item) for item in self.first), handed_on, strict=False):
            if named == (alias, column):
                return here[1] if here is not None and here[0] == self.scan.alias else ""
        is_partition = re.fullmatch(re.escape(alias) + r"_\d+", self.scan.alias) is not None
        return column if is_partition and (self.scan.alias, column) in handed_on else ""


def branches_of(side: Node) -> tuple[Branch, ...]:
    """The scans of a side of a join, whatever keeps their rows in between; none where it is more than scans."""
    while side.kind in _KEEPING and len(side.children) == 1:
        side = side.children[0]
    if side.kind not in _APPENDS:
        return (Branch(side),) if side.is_scan and not side.children else ()
    if not all(child.is_scan for child in side.children):
        return ()
    return tuple(Branch(child, side.children[0].columns) for child in side.children)
