"""The one remedy that is certain: an index on a join key that has none, where the plan reads the whole table for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from harness import text
from harness.plans.tree import Node, rows_read
from harness.sqltext import nodes as sql
from harness.sqltext import quote_ident, quote_qualified

TEXTS = frozenset({"text", "varchar"})
"""Types whose values a cast to text leaves as they are, so that an index on the column serves."""

_LEAST_ROWS = 1000
_FEW = 10
"""An index helps for certain where the table is at least so many times larger than what is wanted of it."""

_JOINS = frozenset({"Nested Loop", "Hash Join", "Merge Join"})
_KEEPING = frozenset({"Hash", "Materialize", "Memoize", "Gather", "Sort"})
_KEPT_WHOLE = {"Anti": 0, "Right Anti": 1}
"""The side of such a join whose every row has to be looked at, whatever the other side holds."""

Column = tuple[str, str, str]
"""Schema, table, column."""


@dataclass(frozen=True)
class IndexColumns:
    """The key columns of a usable index; an expression among them has an empty name."""

    schema: str
    table: str
    columns: tuple[str, ...]
    unique: bool = False

    def serves(self, keys: Set[str]) -> bool:
        """Whether it finds the rows by these columns: it begins with all of them, or its own few are unique."""
        return set(self.columns[: len(keys)]) == keys or (self.unique and keys >= set(self.columns))


@dataclass(frozen=True)
class _Wanted:
    """A scan that an index on these columns would spare, and what for it reads the whole table."""

    scan: Node
    columns: tuple[str, ...]
    purpose: str


def missing_indexes(
    nodes: Sequence[Node], indexes: Sequence[IndexColumns], texts: Set[Column], read_before: Set[str]
) -> tuple[tuple[str, str], ...]:
    """Pairs of a sentence and the statement; `texts` are columns of type text or varchar.

    `read_before` are the tables that the old plan reads, too: what it looks for there is no key of the view.
    """
    found: dict[tuple[str, str, frozenset[str]], tuple[str, str]] = {}
    for wanted in (*_below_joins(nodes, texts), *_repeated(nodes, texts), *_of_one_value(nodes, texts, read_before)):
        scan, keys = wanted.scan, frozenset(wanted.columns)
        there = [item for item in indexes if (item.schema, item.table) == (scan.schema, scan.relation)]
        led = [column for column in dict.fromkeys(wanted.columns) if any(i.columns[0] == column for i in there)]
        free = [column for column in dict.fromkeys(wanted.columns) if column not in led]
        if free and not any(item.serves(keys) for item in there):
            found.setdefault((scan.schema, scan.relation, keys), _offer(wanted, [*free, *led]))
    return tuple(found.values())


def _offer(wanted: _Wanted, columns: list[str]) -> tuple[str, str]:
    scan = wanted.scan
    often = f" {scan.loops:,.0f} times" if scan.loops > 1 else ""
    lack = ", which no index leads" if len(columns) == 1 else " together, for which there is no index"
    words = f"reads all {rows_read(scan) / scan.loops:,.0f} rows of {scan.table}{often} {wanted.purpose} "
    words += text.several(columns) + lack
    listed = ", ".join(quote_ident(column) for column in columns)
    return words, f"CREATE INDEX ON {quote_qualified(scan.schema, scan.relation)} ({listed});"


def _below_joins(nodes: Sequence[Node], texts: Set[Column]) -> Iterator[_Wanted]:
    """Whole scans on one side of a join, few of whose rows find one of the few on the other side.

    What a scan's own filter throws away says nothing: only rows that come as far as the join would not be read.
    """
    for join in nodes:
        if join.kind not in _JOINS or len(join.children) < 2:
            continue
        for number, (side, other) in enumerate((join.children[:2], join.children[1::-1])):
            scan = _only_scan(side)
            wanted = max(_LEAST_ROWS, _FEW * join.rows, _FEW * other.rows)
            if scan is None or scan.kind != "Seq Scan" or scan.rows < wanted or _KEPT_WHOLE.get(join.join) == number:
                continue
            if columns := _keys(join, scan, texts):
                yield _Wanted(scan, columns, "to join on")


def _only_scan(side: Node) -> Node | None:
    """The scan that a side of a join consists of, whatever keeps its rows in between; None where it is more."""
    while side.kind in _KEEPING and len(side.children) == 1:
        side = side.children[0]
    return side if side.is_scan and not side.children else None


def _repeated(nodes: Sequence[Node], texts: Set[Column]) -> Iterator[_Wanted]:
    """Whole scans for each row of something else, as those of a subquery are that refers to it."""
    for scan in nodes:
        if _throws_most_away(scan) and (columns := _keys(scan, scan, texts)):
            yield _Wanted(scan, columns, "to join on")


def _of_one_value(nodes: Sequence[Node], texts: Set[Column], read_before: Set[str]) -> Iterator[_Wanted]:
    """Whole scans of a table that only the view reads, for one value: a join key to which the planner handed it on."""
    for scan in nodes:
        if _throws_most_away(scan) and scan.table not in read_before:
            columns = _keys(scan, scan, texts, fixed=True)
            if columns:
                yield _Wanted(scan, columns, "to find those of one")


def _throws_most_away(scan: Node) -> bool:
    each = rows_read(scan) / scan.loops
    return scan.kind == "Seq Scan" and each >= max(_LEAST_ROWS, _FEW * scan.rows / scan.loops)


def _keys(node: Node, scan: Node, texts: Set[Column], *, fixed: bool = False) -> tuple[str, ...]:
    """The scan's columns that the node's conditions equate with something of another table, or with a fixed value.

    A column within an expression is none, nor is one that is cast: no index on it would serve.
    """
    found = []
    for _, words in node.conditions:
        for sides in sql.equated(words):
            for side, other in (sides, sides[::-1]):
                plain = not side.cast or (side.cast == "text" and (scan.schema, scan.relation, side.column) in texts)
                elsewhere = other.fixed if fixed else bool(other.aliases) and scan.alias not in other.aliases
                if side.alias == scan.alias and plain and elsewhere:
                    found.append(side.column)
    return tuple(found)
