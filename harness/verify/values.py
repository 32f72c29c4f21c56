"""The values: one FULL JOIN of the old columns with what replaces them, every column of a table in the same pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from harness.catalogue import Column, Relation
from harness.snapshot import OldTable
from harness.verify.compare import Comparison, compare, field, join_on_key, joins_alike
from harness.verify.lineage import Counterpart

_PAIRS_AT_ONCE = 800
"""A SELECT list holds 1,664 entries, and each pair needs two."""


@dataclass(frozen=True)
class Pair:
    """One lost column and its counterpart, in one pass."""

    old: Column
    new: Column
    comparison: Comparison


@dataclass(frozen=True)
class Span:
    """Keys from `low` on and below `high`, each key's values as text; None where there is no end."""

    low: tuple[str, ...] | None
    high: tuple[str, ...] | None

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the parameters of `test` stand for."""
        return (*(self.low or ()), *(self.high or ()))

    def test(self, columns: Sequence[Column], types: Sequence[Column], alias: str) -> str:
        """SQL that tells whether a row of `alias` lies in the span; both sides compare with values of one type."""
        names = [field(alias, column.name) for column in columns]
        tests, first = [f"{name} IS NOT NULL" for name in names[1:]], 1
        for sign, bound in ((">=", self.low), ("<", self.high)):
            if bound is not None:
                values = [f"CAST(${first + place}::text AS {column.type_sql})" for place, column in enumerate(types)]
                tests.append(f"({', '.join(names)}) {sign} ({', '.join(values)})")
                first += len(values)
        return " AND ".join(tests)


@dataclass(frozen=True)
class Pass:
    """One table against one relation that replaces columns of it, or a span of both: old rows are `o`, new rows `n`.

    `in_order`: the old rows of a span come in the key's order, or nearly so (`spans.reads_in_order`).
    """

    table: OldTable
    relation: Relation
    key: tuple[str, ...]
    pairs: tuple[Pair, ...]
    span: Span | None = None
    in_order: bool = False

    @cached_property
    def old_columns(self) -> tuple[Column, ...]:
        """The key's columns on the old side."""
        return tuple(column for name in self.table.change.key if (column := self.table.change.old.column(name)))

    @cached_property
    def new_columns(self) -> tuple[Column, ...]:
        """The key's columns on the new side."""
        return tuple(column for name in self.key if (column := self.relation.column(name)))

    @cached_property
    def on_key(self) -> str:
        """The join's condition."""
        return join_on_key(self.old_columns, self.new_columns, "o", "n")

    @property
    def old_key(self) -> str:
        """A column of `o` that is NULL only where there is no old row."""
        return field("o", self.table.change.key[0])

    @property
    def new_key(self) -> str:
        """A column of `n` that is NULL where there is no new row."""
        return field("n", self.key[0])

    @property
    def keys(self) -> list[str]:
        """The old key's columns."""
        return [field("o", name) for name in self.table.change.key]

    def joined(self, kind: str) -> str:
        """FROM's content, with that kind of join."""
        return f"{self.old_side} {kind} JOIN {self.new_side} ON {self.on_key}"

    @property
    def old_side(self) -> str:
        """The old rows, as FROM takes them."""
        return self._side(self.table.copy.sql, self.old_columns, "o")

    @property
    def new_side(self) -> str:
        """The new rows, as FROM takes them."""
        return self._side(self.relation.sql, self.new_columns, "n")

    def _side(self, sql: str, columns: Sequence[Column], alias: str) -> str:
        if self.span is None:
            return f"{sql} AS {alias}"
        return f"(SELECT * FROM {sql} AS {alias} WHERE {self.span.test(columns, self.old_columns, alias)}) AS {alias}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the parameters in `joined` stand for."""
        return self.span.arguments if self.span is not None else ()


@dataclass(frozen=True)
class Tally:
    """What the join of old and new rows, or a part of it, holds: see `Screen`; `filled[i]` counts old values there."""

    joined: int
    missing: int
    extra: int
    filled: tuple[int, ...]
    differing: tuple[int, ...]


@dataclass(frozen=True)
class Screen:
    """What one pass counted. `differing[i]` counts rows of the join where pair i is not identical; unmatched rows are
    among them, so it is zero only where there is no difference, and else an upper bound.

    `duplicates` are rows of the relation beyond the first for an old row, `missing` old rows without any, `extra` rows
    of the relation without an old one, `filled[i]` old values of pair i. `note` is what the reader should know of it.
    """

    old_rows: int
    new_rows: int
    missing: int
    extra: int
    duplicates: int
    filled: tuple[int, ...]
    differing: tuple[int, ...]
    note: str = ""


def make_pass(table: OldTable, counterparts: Sequence[tuple[Column, Counterpart]]) -> Pass:
    """The pass for columns whose counterparts lie in one relation."""
    first = counterparts[0][1]
    joined = set(zip(table.change.key, first.key, strict=False))
    pairs = [
        Pair(old, found.column, _comparison(table, old, found.column, (old.name, found.column.name) in joined))
        for old, found in counterparts
    ]
    return Pass(table, first.relation, first.key, tuple(pairs))


def _comparison(table: OldTable, old: Column, new: Column, is_joined: bool) -> Comparison:
    """What the join has already found equal need not be compared again, if equal values are written alike."""
    left_is_text = old.name in table.copy.as_text
    if is_joined and not left_is_text and joins_alike(old, new):
        return Comparison("false", None)
    return compare(old, new, field("o", old.name), field("n", new.name), left_is_text=left_is_text)


def counting(work: Pass, *, each: bool = True) -> str:
    """The query behind a tally: rows, those with an old row, those without a new one, old values, differences.

    What is rare is counted and taken from all rows: a test that fails is a third of a count's work. Without `each` the
    rows that differ in any pair stand for them: that is a tenth quicker, and mostly there are none.
    """
    counts = ["count(*)", _but(_is_null(work.old_key))]
    counts += [f"count(*) FILTER (WHERE {_is_null(work.new_key)} AND NOT {_is_null(work.old_key)})"]
    counts += [_but(_is_null(field("o", pair.old.name))) for pair in work.pairs]
    differs = [pair.comparison.differs for pair in work.pairs]
    tests = differs if each else [" OR ".join(f"({test})" for test in differs)]
    counts += [f"count(*) FILTER (WHERE {test})" for test in tests]
    return f"SELECT {', '.join(counts)} FROM {_counted(work)}"


def _counted(work: Pass) -> str:
    """The FULL JOIN; where the rows come in order anyway it merges them, which needs no hash table that outgrows a
    processor's cache: the planner, which takes every sort for one of shuffled rows, would not think of it.
    """
    if work.span is None or not work.in_order:
        return work.joined("FULL")
    order = ", ".join(field("n", column.name) for column in work.new_columns)
    return f"{work.old_side} FULL JOIN (SELECT * FROM {work.new_side} ORDER BY {order}) AS n ON {work.on_key}"


def _but(test: str) -> str:
    """SQL for how many rows there are but those that the test is true of."""
    return f"count(*) - count(*) FILTER (WHERE {test})"


def _is_null(value: str) -> str:
    """IS NULL, which is also true of a composite value whose fields are all NULL, would be another question."""
    return f"({value} IS NOT DISTINCT FROM NULL)"


async def count(connection: Any, work: Pass) -> Tally:
    """Counts the rows of the join and, for each pair, old values and differences."""
    if len(work.pairs) > _PAIRS_AT_ONCE:
        first = await count(connection, replace(work, pairs=work.pairs[:_PAIRS_AT_ONCE]))
        rest = await count(connection, replace(work, pairs=work.pairs[_PAIRS_AT_ONCE:]))
        return replace(first, filled=first.filled + rest.filled, differing=first.differing + rest.differing)
    number = len(work.pairs)
    rows, old, missing, *filled, any_differing = await connection.fetchrow(counting(work, each=False), *work.arguments)
    differing = [0] * number
    if any_differing:
        differing = list(await connection.fetchrow(counting(work), *work.arguments))[-number:]
    return Tally(old - missing, missing, rows - old, tuple(filled), tuple(differing))


async def count_keyless(connection: Any, work: Pass) -> Tally:
    """New rows whose key is not whole: they lie in no span, and have no old row."""
    unset = " OR ".join(f"{field('n', name)} IS NULL" for name in work.key)
    extra = await connection.fetchval(f"SELECT count(*) FROM {work.relation.sql} AS n WHERE {unset}")
    return Tally(0, 0, extra, (0,) * len(work.pairs), (0,) * len(work.pairs))


def add(tallies: Sequence[Tally]) -> Tally:
    """The tally of all spans together."""
    return Tally(
        sum(tally.joined for tally in tallies),
        sum(tally.missing for tally in tallies),
        sum(tally.extra for tally in tallies),
        tuple(map(sum, zip(*(tally.filled for tally in tallies), strict=True))),
        tuple(map(sum, zip(*(tally.differing for tally in tallies), strict=True))),
    )


async def count_filled(connection: Any, work: Pass) -> tuple[int, ...]:
    """For each pair the number of old values."""
    counts = ", ".join(f"count({field('o', pair.old.name)})" for pair in work.pairs)
    return tuple(await connection.fetchrow(f"SELECT {counts} FROM {work.table.copy.sql} AS o"))
