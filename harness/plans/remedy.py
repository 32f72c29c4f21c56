"""The one remedy that is certain: an index on a join key that has none, where the plan reads the whole table for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from harness import text
from harness.plans.branches import Branch, branches_of
from harness.plans.tree import Node, rows_read
from harness.sqltext import nodes as sql
from harness.sqltext import quote_ident, quote_qualified

TEXTS = frozenset({"text", "varchar"})
"""Types whose values a cast to text leaves as they are, so that an index on the column serves."""

_LEAST_ROWS = 1000
_FEW = 10
"""An index helps for certain where the table is at least so many times larger than what is wanted of it."""

_JOINS = frozenset({"Nested Loop", "Hash Join", "Merge Join"})
_KEPT_WHOLE = {"Anti": 0, "Right Anti": 1}
"""The side of such a join whose every row has to be looked at, whatever the other side holds."""

_DECIDING = {"Nested Loop": "Join Filter", "Hash Join": "Hash Cond", "Merge Join": "Merge Cond", "Seq Scan": "Filter"}
"""The condition by which such a node tells the rows that belong together, or that are wanted."""

Column = tuple[str, str, str]
"""Schema, table, column."""

Table = tuple[str, str]
"""Schema, table."""


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
    nodes: Sequence[Node],
    indexes: Sequence[IndexColumns],
    texts: Set[Column],
    read_before: Set[str],
    roots: Mapping[Table, Table],
) -> tuple[tuple[str, str], ...]:
    """Pairs of a sentence and the statement; `texts` are columns of type text or varchar.

    `read_before` are the tables that the old plan reads, too: what it looks for there is no key of the view. `roots`
    holds for every partition the table that it belongs to: that one gets the index, and hands it on to all.
    """
    found: dict[tuple[Table, frozenset[str]], list[_Wanted]] = {}
    below_joins = _below_joins(nodes, texts, roots)
    for wanted in (*below_joins, *_within_scans(nodes, texts, read_before)):
        same = found.setdefault((_target(wanted.scan, roots), frozenset(wanted.columns)), [])
        if all(item.scan is not wanted.scan for item in same):
            same.append(wanted)
    offers = []
    for (table, keys), wanted_there in found.items():
        there = [[item for item in indexes if (item.schema, item.table) == _of(each.scan)] for each in wanted_there]
        columns = list(dict.fromkeys(wanted_there[0].columns))
        led = [column for column in columns if all(any(i.columns[0] == column for i in each) for each in there)]
        free = [column for column in columns if column not in led]
        if free and not all(any(item.serves(keys) for item in each) for each in there):
            offers.append(_offer(table, wanted_there, [*free, *led]))
    return tuple(offers)


def _of(scan: Node) -> Table:
    return scan.schema, scan.relation


def _target(scan: Node, roots: Mapping[Table, Table]) -> Table:
    return roots.get(_of(scan), _of(scan))


def _offer(table: Table, wanted: Sequence[_Wanted], columns: list[str]) -> tuple[str, str]:
    scans = list({_of(item.scan): item.scan for item in wanted}.values())
    times = max(scan.times for scan in scans)
    often = f" {times:,.0f} times" if times > 1 else ""
    lack = ", which no index leads" if len(columns) == 1 else " together, for which there is no index"
    where = scans[0].table
    if _of(scans[0]) != table:
        root = table[1] if table[0] == "public" else ".".join(table)
        where = f"{len(scans)} partition{'s' if len(scans) > 1 else ''} of {root}"
    rows = sum(rows_read(scan) / scan.times for scan in scans)
    words = f"reads all {rows:,.0f} rows of {where}{often} {wanted[0].purpose} {text.several(columns)}{lack}"
    listed = ", ".join(quote_ident(column) for column in columns)
    return words, f"CREATE INDEX ON {quote_qualified(*table)} ({listed});"


def _below_joins(nodes: Sequence[Node], texts: Set[Column], roots: Mapping[Table, Table]) -> Iterator[_Wanted]:
    """Whole scans on one side of a join, few of whose rows find one of the few on the other side.

    What a scan's own filter throws away says nothing: only rows that come as far as the join would not be read. Nor
    does what a further condition of the join throws away: an index on the keys would find those rows all the same.
    """
    for join in nodes:
        if join.kind not in _JOINS or len(join.inputs) < 2:
            continue
        further = {name for name, _ in join.conditions} & {"Join Filter", "Filter"} - {_DECIDING[join.kind]}
        met = join.rows + (join.removed if further else 0)
        for number, (side, other) in enumerate((join.inputs[:2], join.inputs[1::-1])):
            wanted = max(_LEAST_ROWS, _FEW * met, _FEW * other.rows)
            if _KEPT_WHOLE.get(join.join) != number:
                yield from _of_side(join, _large(branches_of(side), wanted, roots), texts)


def _large(branches: Sequence[Branch], wanted: float, roots: Mapping[Table, Table]) -> list[Branch]:
    """Those that read a table whole which, all its partitions together, is large enough."""
    whole = [branch for branch in branches if branch.scan.kind == "Seq Scan"]
    rows: dict[Table, float] = {}
    for branch in whole:
        table = _target(branch.scan, roots)
        rows[table] = rows.get(table, 0.0) + branch.scan.rows
    return [branch for branch in whole if rows[_target(branch.scan, roots)] >= wanted]


def _of_side(join: Node, branches: Sequence[Branch], texts: Set[Column]) -> list[_Wanted]:
    """All of them, or none: an index spares nothing while another branch has to be read whole for the same rows."""
    found = [(branch.scan, _keys(join, branch, texts)) for branch in branches]
    is_certain = all(keys and all(keys.values()) for _, keys in found)
    return [_Wanted(scan, tuple(keys), "to join on") for scan, keys in found] if is_certain else []


def _within_scans(nodes: Sequence[Node], texts: Set[Column], read_before: Set[str]) -> Iterator[_Wanted]:
    """Whole scans that keep few rows, by their own filter.

    For each row of something else, as those of a subquery are that refers to it; or, of a table that only the view
    reads, for one value: a join key to which the planner handed it on.
    """
    for scan in nodes:
        keys = _keys(scan, Branch(scan), texts) if _throws_most_away(scan) else {}
        if any(keys.values()):
            yield _Wanted(scan, tuple(keys), "to join on")
        elif keys and scan.table not in read_before:
            yield _Wanted(scan, tuple(keys), "to find those of one")


def _throws_most_away(scan: Node) -> bool:
    each = rows_read(scan) / scan.times
    return scan.kind == "Seq Scan" and each >= max(_LEAST_ROWS, _FEW * scan.rows / scan.times)


def _keys(node: Node, branch: Branch, texts: Set[Column]) -> dict[str, bool]:
    """The scan's columns that the node looks for, each with whether another table gives the value, or it is fixed.

    None where anything else decides as well: what the columns alone would spare, the plan does not tell.
    """
    found: dict[str, bool] = {}
    words = dict(node.conditions).get(_DECIDING[node.kind])
    for sides in sql.equated(words) if words else ():
        key = _key(sides, branch, texts) if sides else None
        if key is None:
            return {}
        found[key[0]] = found.get(key[0], False) or key[1]
    return found


def _key(sides: tuple[sql.Side, sql.Side], branch: Branch, texts: Set[Column]) -> tuple[str, bool] | None:
    """The side that is a column of the scan, and whether the other side is of another table.

    A column within an expression is none, nor is one that is cast: no index on it would serve.
    """
    for side, other in (sides, sides[::-1]):
        column = branch.own(side.alias, side.column) if side.column else ""
        plain = not side.cast or (side.cast == "text" and (*_of(branch.scan), column) in texts)
        elsewhere = bool(other.aliases) and side.alias not in other.aliases
        if column and plain and (elsewhere or other.fixed):
            return column, elsewhere
    return None
