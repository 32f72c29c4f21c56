"""Where a lost column's values come from, told from the data: the column, here or one reference away, that agrees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.catalogue import Catalogue, Column, Relation
from harness.snapshot import OldTable
from harness.verify.compare import field, render
from harness.verify.paths import Path

SAMPLE_ROWS = 2000
_TRUSTED = 0.5
_CANDIDATES_AT_ONCE = 400
"""A SELECT list holds 1,664 entries, and each candidate needs two."""
OWN: Path = ()


@dataclass(frozen=True)
class Source:
    """The column that a copy was taken from, and the path to it (empty: the same row of the same table).

    Of `filled` sampled values `linked` have a row at the path's end, and `agreeing` have the source's value. Not
    `trusted`: only the path is believed (a view says so), not the values.
    """

    path: Path
    relation: Relation
    column: Column
    filled: int
    linked: int
    agreeing: int
    trusted: bool

    @property
    def display(self) -> str:
        """`customers.company_name through customer_id`."""
        name = f"{self.relation.display}.{self.column.name}"
        ways = " and ".join(", ".join(hop.columns) for hop in self.path)
        return f"{name} through {ways}" if ways else name

    @property
    def words(self) -> str:
        """What may be said of it in a sentence."""
        return f"its source is {self.display}" if self.trusted else f"the view takes it from {self.display}"


class Joins:
    """LEFT JOINs from the old rows (`o`) along paths; a path, and each of its beginnings, is joined once.

    `place` gives a table's SQL and whether it has the names from before the migration. `now` are further joins, beside
    these, to the tables as they are now.
    """

    def __init__(
        self,
        table: OldTable,
        before: Catalogue,
        place: Callable[[int], tuple[str, bool]],
        now: Joins | None = None,
        prefix: str = "s",
    ) -> None:
        self._table = table
        self._before = before
        self._place = place
        self._prefix = prefix
        self._aliases: dict[Path, str] = {}
        self._lines: list[str] = []
        self.now = now

    @property
    def lines(self) -> list[str]:
        """The joins that are needed so far, a line each."""
        return [*self._lines, *(self.now.lines if self.now else ())]

    def alias(self, path: Path) -> str:
        """The alias of the row at the path's end; of the table's own row for the empty path."""
        if path not in self._aliases:
            starts = self._starts(path)  # first: they join the path's beginnings
            alias = f"{self._prefix}{len(self._aliases) + 1}"
            self._aliases[path] = alias
            self._lines.append(self._join(path, alias, starts))
        return self._aliases[path]

    def column(self, path: Path, name: str) -> str:
        """SQL of a column (named as after the migration) of the row at the path's end."""
        return field(self.alias(path), self._name(self.end(path), name))

    def missing(self, path: Path) -> str:
        """SQL that tells whether there is no row at the path's end."""
        key = path[-1].key if path else self._own_key()
        return f"{self.column(path, key[0])} IS NULL"

    def unset(self, path: Path) -> str:
        """SQL that tells whether a reference on the path is NULL, its earlier rows being there."""
        tests = []
        for place, hop in enumerate(path):
            null = " OR ".join(f"{self._start(path[:place], name)} IS NULL" for name in hop.columns)
            tests.append(f"({null})" if place == 0 else f"(NOT ({self.missing(path[:place])}) AND ({null}))")
        return " OR ".join(tests) or "false"

    def _own_key(self) -> tuple[str, ...]:
        change = self._table.change
        return tuple(now.name if (now := change.now(name)) else name for name in change.key)

    def _starts(self, path: Path) -> list[str]:
        if path:
            return [self._start(path[:-1], name) for name in path[-1].columns]
        return [field("o", name) for name in self._table.change.key]

    def _join(self, path: Path, alias: str, starts: Sequence[str]) -> str:
        oid = self.end(path)
        ends = [field(alias, self._name(oid, name)) for name in (path[-1].key if path else self._own_key())]
        condition = " AND ".join(f"{end} = {start}" for end, start in zip(ends, starts, strict=True))
        return f"LEFT JOIN {self._place(oid)[0]} AS {alias} ON {condition}"

    def _start(self, path: Path, name: str) -> str:
        """A reference's column: of the old row itself, or of the row at a shorter path's end."""
        if path:
            return self.column(path, name)
        return field("o", self.old_name(self._table.change.old.oid, name))

    def end(self, path: Path) -> int:
        """OID of the table at the path's end."""
        new = self._table.change.new
        return path[-1].relation if path else (new.oid if new else self._table.change.old.oid)

    def _name(self, oid: int, name: str) -> str:
        return self.old_name(oid, name) if self._place(oid)[1] else name

    def old_name(self, oid: int, name: str) -> str:
        """What the column was called before the migration."""
        old, new = self._before.relations.get(oid), self._table.change.new
        return renamed(old, new if new and new.oid == oid else None, name)


def renamed(old: Relation | None, new: Relation | None, name: str) -> str:
    """What the column called `name` after the migration was called before it; itself where that is not known."""
    now = new.column(name) if new else None
    if old is None or now is None:
        return name
    return next((column.name for column in old.columns if column.number == now.number), name)


@dataclass(frozen=True)
class Search:
    """A column whose source is looked for: which values, and where.

    `defined` is the table and column that the view's definition names. Tables that the migration made cannot be where a
    copy was taken from; `also_new` looks there too, for what can be had back from them.
    """

    table: OldTable
    column: Column
    non_null: int
    paths: Sequence[Path]
    before: Catalogue
    after: Catalogue
    defined: tuple[int, str] | None = None
    also_new: bool = False

    @property
    def joins(self) -> Joins:
        """Fresh joins to the tables as they are now."""
        return Joins(self.table, self.before, lambda oid: (self.after.relations[oid].sql, False))

    @property
    def old(self) -> str:
        """SQL of the old value."""
        return render(self.column, field("o", self.column.name))

    @property
    def sample(self) -> str:
        """SQL of the rows that are looked at."""
        return sample_sql(self.table, self.column, self.non_null)

    def candidates(self) -> list[tuple[Path, Column]]:
        """Every column of a like type in the table itself and in the tables that the kept columns lead to.

        A column that is still there is not its own source, unless only a view leads to it now.
        """
        joins, kept = self.joins, set(self.table.copy.columns)
        oid = self.table.change.old.oid
        reachable = [path for path in self.paths if {joins.old_name(oid, name) for name in path[0].columns} <= kept]
        own = [OWN] if self.table.change.key_now else []
        known = self.after.relations if self.also_new else self.before.relations
        return [
            (path, candidate)
            for path in [*own, *reachable]
            if joins.end(path) in known
            for candidate in self.after.relations[joins.end(path)].columns
            if comparable(self.column, candidate)
            and (path or candidate.name != self.column.name or self.column in self.table.change.covered)
        ]


async def find_source(connection: Any, search: Search) -> Source | None:
    """The column that agrees with most of a sample of the old values.

    A candidate must agree where there is a row to agree with, and far more often than the most frequent value alone
    would (a flag is not explained by another flag). Where none does, the view's own path is returned, not trusted.
    """
    found: list[tuple[Source, bool]] = []
    candidates = search.candidates()
    if not candidates:
        return None
    most = await most_frequent(connection, search.sample, search.old)
    for start in range(0, len(candidates), _CANDIDATES_AT_ONCE):
        found += await _weigh(connection, search, candidates[start : start + _CANDIDATES_AT_ONCE], most)
    believed = [item for item in found if item[0].trusted] or [item for item in found if item[1]]
    return min(believed, key=_preference)[0] if believed else None


async def _weigh(
    connection: Any, search: Search, candidates: Sequence[tuple[Path, Column]], most: int
) -> list[tuple[Source, bool]]:
    """Each candidate as a source, and whether the view's definition names it."""
    joins = search.joins
    counts = ["count(*)"]
    for path, candidate in candidates:
        counts.append(f"count(*) FILTER (WHERE NOT ({joins.missing(path)}))")
        counts.append(f"count(*) FILTER (WHERE {search.old} = {render(candidate, joins.column(path, candidate.name))})")
    filled, *pairs = await connection.fetchrow(
        f"SELECT {', '.join(counts)} FROM {search.sample} AS o {' '.join(joins.lines)}"
    )
    found = []
    for (path, candidate), linked, agreeing in zip(candidates, pairs[::2], pairs[1::2], strict=True):
        relation = search.after.relations[joins.end(path)]
        is_defined = search.defined == (relation.oid, candidate.name)
        good = linked > 0 and agreeing >= _TRUSTED * linked
        trusted = good and (is_defined or _beyond_chance(agreeing / linked, most / filled))
        found.append((Source(path, relation, candidate, filled, linked, agreeing, trusted), is_defined))
    return found


def _beyond_chance(agreement: float, most_frequent_share: float) -> bool:
    """Whether the agreement closes at least half of the gap that always guessing the most frequent value leaves."""
    return agreement - most_frequent_share >= _TRUSTED * (1 - most_frequent_share) > 0


def _preference(item: tuple[Source, bool]) -> tuple[float, bool, int]:
    """The best agreement first, then what the view's definition names, then the shortest path."""
    source, is_defined = item
    return -source.agreeing / max(source.linked, 1), not is_defined, len(source.path)


def comparable(old: Column, other: Column) -> bool:
    """Whether the types are near enough for one column to be a copy of the other."""
    if old.category in ("S", "E"):
        return other.category in ("S", "E")
    return old.category == other.category and (old.category == "N" or old.base_type == other.base_type)


def sample_sql(table: OldTable, column: Column, non_null: int) -> str:
    """Old rows with a value, about SAMPLE_ROWS of them, the same at every reading."""
    share = min(100.0, 100.0 * SAMPLE_ROWS / max(non_null, 1))
    method = "" if share == 100.0 else f" TABLESAMPLE BERNOULLI ({share:.6f}) REPEATABLE (1)"
    quoted = field("t", column.name)
    return f"(SELECT * FROM {table.copy.sql} AS t{method} WHERE {quoted} IS NOT NULL)"


async def most_frequent(connection: Any, rows: str, value: str) -> int:
    """How often the most frequent value occurs among the rows (aliased `o`)."""
    counted = f"SELECT count(*) AS n FROM {rows} AS o GROUP BY {value}"
    return int(await connection.fetchval(f"SELECT coalesce(max(n), 0) FROM ({counted}) AS counted"))
