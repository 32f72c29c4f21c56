"""The values: one FULL JOIN of the old columns with what replaces them, every column of a table in the same pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from harness.catalogue import Column, Relation
from harness.snapshot import OldTable
from harness.verify.compare import Comparison, compare, field, join_on_key
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
class Pass:
    """One table against one relation that replaces columns of it: old rows are `o`, new rows are `n`."""

    table: OldTable
    relation: Relation
    key: tuple[str, ...]
    pairs: tuple[Pair, ...]

    @cached_property
    def on_key(self) -> str:
        """The join's condition."""
        old = tuple(column for name in self.table.change.key if (column := self.table.change.old.column(name)))
        new = tuple(column for name in self.key if (column := self.relation.column(name)))
        return join_on_key(old, new, "o", "n")

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
        return f"{self.table.copy.sql} AS o {kind} JOIN {self.relation.sql} AS n ON {self.on_key}"


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
    of the relation without an old one, `filled[i]` old values of pair i.
    """

    old_rows: int
    new_rows: int
    missing: int
    extra: int
    duplicates: int
    filled: tuple[int, ...]
    differing: tuple[int, ...]


def make_pass(table: OldTable, counterparts: Sequence[tuple[Column, Counterpart]]) -> Pass:
    """The pass for columns whose counterparts lie in one relation."""
    first = counterparts[0][1]
    pairs = [
        Pair(
            old,
            found.column,
            compare(
                old,
                found.column,
                field("o", old.name),
                field("n", found.column.name),
                left_is_text=old.name in table.copy.as_text,
            ),
        )
        for old, found in counterparts
    ]
    return Pass(table, first.relation, first.key, tuple(pairs))


async def screen(connection: Any, work: Pass) -> Screen:
    """Counts, in one pass, rows on both sides and for each pair those that are not identical."""
    tally = await count(connection, work)
    duplicates = tally.joined + tally.missing - work.table.copy.rows
    return Screen(
        old_rows=work.table.copy.rows,
        new_rows=tally.joined + tally.extra,
        missing=tally.missing,
        extra=tally.extra,
        duplicates=duplicates,
        filled=await count_filled(connection, work) if duplicates else tally.filled,
        differing=tally.differing,
    )


async def count(connection: Any, work: Pass) -> Tally:
    """Counts the rows of the join and, for each pair, old values and differences."""
    if len(work.pairs) > _PAIRS_AT_ONCE:
        first = await count(connection, replace(work, pairs=work.pairs[:_PAIRS_AT_ONCE]))
        rest = await count(connection, replace(work, pairs=work.pairs[_PAIRS_AT_ONCE:]))
        return replace(first, filled=first.filled + rest.filled, differing=first.differing + rest.differing)
    matched = f"{work.old_key} IS NOT NULL AND {work.new_key} IS NOT NULL"
    counts = [
        f"count(*) FILTER (WHERE {matched})",
        f"count(*) FILTER (WHERE {work.old_key} IS NOT NULL AND {work.new_key} IS NULL)",
        f"count(*) FILTER (WHERE {work.old_key} IS NULL)",
    ]
    counts += [f"count({field('o', pair.old.name)})" for pair in work.pairs]
    counts += [f"count(*) FILTER (WHERE {pair.comparison.differs})" for pair in work.pairs]
    joined, missing, extra, *each = await connection.fetchrow(f"SELECT {', '.join(counts)} FROM {work.joined('FULL')}")
    return Tally(joined, missing, extra, tuple(each[: len(work.pairs)]), tuple(each[len(work.pairs) :]))


async def count_filled(connection: Any, work: Pass) -> tuple[int, ...]:
    """For each pair the number of old values."""
    counts = ", ".join(f"count({field('o', pair.old.name)})" for pair in work.pairs)
    return tuple(await connection.fetchrow(f"SELECT {counts} FROM {work.table.copy.sql} AS o"))
