"""The one remedy that is certain: an index on a join key that has none, where the plan reads the whole table for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.plans.tree import Node, rows_read
from harness.sqltext import quote_ident, quote_qualified

_LEAST_ROWS = 1000
_FEW = 10
"""An index helps for certain where the table is at least so many times larger than what the join makes of it."""

_NAME = r'(?:"(?:[^"]|"")+"|\w+)'
_COLUMN = rf"\(?({_NAME})\.({_NAME})\)?(?:::text)?"
_EQUALITY = re.compile(rf"{_COLUMN} = {_COLUMN}")
_JOINS = frozenset({"Nested Loop", "Hash Join", "Merge Join"})
_KEEPING = frozenset({"Hash", "Materialize", "Memoize", "Gather", "Sort"})

Column = tuple[str, str, str]
"""Schema, table, column."""


def missing_indexes(nodes: Sequence[Node], indexed: frozenset[Column]) -> tuple[tuple[str, str], ...]:
    """Pairs of a sentence and the statement; `indexed` are the columns that lead an index already."""
    found: dict[Column, Node] = {}
    for scan, column in [*_below_joins(nodes), *_repeated(nodes)]:
        key = (scan.schema, scan.relation, column)
        if key not in indexed:
            found.setdefault(key, scan)
    return tuple(
        (
            f"reads all {rows_read(scan):,.0f} rows of {table} to join on {column}, which no index leads",
            f"CREATE INDEX ON {quote_qualified(schema, table)} ({quote_ident(column)});",
        )
        for (schema, table, column), scan in found.items()
    )


def _below_joins(nodes: Sequence[Node]) -> Iterator[tuple[Node, str]]:
    """Whole scans on one side of a join, few of whose rows find one of the few on the other side; the join column.

    What a scan's own filter throws away says nothing: only rows that come as far as the join would not be read.
    """
    for join in nodes:
        if join.kind not in _JOINS or len(join.children) < 2:
            continue
        for side, other in (join.children[:2], join.children[1::-1]):
            scan = _only_scan(side)
            wanted = max(_LEAST_ROWS, _FEW * join.rows, _FEW * other.rows)
            if scan is not None and scan.kind == "Seq Scan" and scan.rows >= wanted:
                yield from ((scan, column) for alias, column, _ in _keys(join) if alias == scan.alias)


def _only_scan(side: Node) -> Node | None:
    """The scan that a side of a join consists of, whatever keeps its rows in between; None where it is more."""
    while side.kind in _KEEPING and len(side.children) == 1:
        side = side.children[0]
    return side if side.is_scan and not side.children else None


def _repeated(nodes: Sequence[Node]) -> Iterator[tuple[Node, str]]:
    """Whole scans that are run again for each row of something else, as a subquery is that refers to it."""
    for scan in nodes:
        each = rows_read(scan) / scan.loops
        if scan.kind == "Seq Scan" and scan.loops > 1 and each >= max(_LEAST_ROWS, _FEW * scan.rows / scan.loops):
            for alias, column, other in _keys(scan):
                if alias == scan.alias != other:
                    yield scan, column


def _keys(node: Node) -> Iterator[tuple[str, str, str]]:
    """Alias, column and the other side's alias of every equality in the node's conditions."""
    for _, words in node.conditions:
        for match in _EQUALITY.finditer(words):
            left, left_column, right, right_column = (_plain(part) for part in match.groups())
            yield left, left_column, right
            yield right, right_column, left


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
