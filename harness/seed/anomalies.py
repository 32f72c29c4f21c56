"""Anomalies: what is wrong in real data, planted where the specification says, each one remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.seed.columns import CopyColumn
from harness.seed.draw import Mask, below, chance, unit
from harness.seed.frame import Frame
from harness.seed.keys import UuidKey
from harness.seed.spec import Anomaly, SeedSpec
from harness.seed.values import DAY_MICROS, Coded, Column, Flag, Moment, Number, Ref, Text, overlay
from harness.seed.words import TEXT, Words

SOURCE_KINDS = frozenset({"odd_text", "at_limit", "empty"})
KEY_KINDS = frozenset({"null_parent", "orphan"})
COPY_KINDS = frozenset({"stale", "truncated", "padded", "blank", "missing", "foreign_word", "off_by"})

ORPHANS = 1000
"""So many numbers behind a table's last row are shared by the keys that point nowhere."""

_FAR = 1 << 40


@dataclass(frozen=True)
class Planted:
    """Cells of one column (`where`, over the block's rows) in which one kind of anomaly was planted.

    `finding` and `cause` are what a perfect check of plain LEFT JOIN views reports; empty where it is harmless.
    """

    column: str
    kind: str
    where: Mask
    finding: str = ""
    cause: str = ""


class Sheet:
    """The columns of a block as they will be stored, while anomalies are put in: at most one a cell."""

    def __init__(self, columns: dict[str, Column], rows: int) -> None:
        self.columns = columns
        self.planted: list[Planted] = []
        self._rows = rows
        self._taken: dict[str, Mask] = {}

    def free(self, column: str) -> Mask:
        """Where the cell holds no anomaly yet."""
        return ~self._taken.get(column, np.zeros(self._rows, dtype=np.bool_))

    def put(self, planted: Planted, patch: Column | None = None) -> None:
        """Writes the patch (one value for each marked row; None leaves the cells) and remembers it."""
        if not planted.where.any():
            return
        name = planted.column
        if patch is not None:
            self.columns[name] = overlay(self.columns[name], planted.where, patch)
        self._taken[name] = ~self.free(name) | planted.where
        self.planted.append(planted)


def altering(anomalies: tuple[Anomaly, ...], table: str, column: str) -> Iterator[Anomaly]:
    """The anomalies that change this column for every copy of it."""
    return (item for item in anomalies if item.kind in SOURCE_KINDS and item.table == table and column in item.columns)


def alter_source(anomaly: Anomaly, frame: Frame, name: str, column: Column) -> tuple[Column, Mask]:
    """The column with the anomaly in it, and where it was put; depends on each row alone, so copies can follow it."""
    chosen = chance(frame.rows, frame.key(name, anomaly.kind), anomaly.rate)
    null = _nulls(column)
    where = chosen & (null if anomaly.kind == "empty" else ~null)
    index = np.flatnonzero(where)
    if not len(index):
        return column, where
    if anomaly.kind == "empty":
        patch: Column = _constant("", where)
    elif anomaly.kind == "odd_text":
        pool = frame.pools[anomaly.pool]
        patch = Coded(below(frame.rows[index], frame.key(name, "odd word"), len(pool)), pool)
    else:
        patch = Text.of(pc.utf8_rpad(column.take(index).arrow(TEXT), width=anomaly.length, padding="m"))
    return overlay(column, where, patch), where


@dataclass(frozen=True)
class _Site:
    """One anomaly at one column of a block."""

    spec: SeedSpec
    anomaly: Anomaly
    frame: Frame
    sheet: Sheet
    name: str

    @property
    def column(self) -> Column:
        return self.sheet.columns[self.name]

    def chosen(self, rate: float | None = None) -> Mask:
        """The rows that the dice choose and that are still free."""
        dice = self.frame.key(self.name, self.anomaly.kind)
        return chance(self.frame.rows, dice, self.anomaly.rate if rate is None else rate) & self.sheet.free(self.name)

    def put(self, where: Mask, patch: Column | None, finding: str = "", cause: str = "") -> None:
        self.sheet.put(Planted(self.name, self.anomaly.kind, where, finding, cause), patch)

    def put_changed(self, where: Mask, patch: Column) -> None:
        """As stale copies: only where the patch says something else than the cell."""
        index = np.flatnonzero(where)
        changed = np.flatnonzero(~_same(patch, self.column.take(index)))
        kept = np.zeros_like(where)
        kept[index[changed]] = True
        self.put(kept, patch.take(changed), "value_differs", "stale_copy")


def _same(one: Column, other: Column) -> Mask:
    """Where two columns show the same; moments of one day may, for the database may hold no more than the day."""
    if isinstance(one, Moment) and isinstance(other, Moment):
        return np.asarray(one.micros // DAY_MICROS == other.micros // DAY_MICROS)
    if isinstance(one, Flag) and isinstance(other, Flag):
        return np.asarray(one.values == other.values)
    return np.asarray(pc.equal(one.arrow(TEXT), other.arrow(TEXT)).fill_null(False))


def plant(spec: SeedSpec, anomalies: tuple[Anomaly, ...], frame: Frame, sheet: Sheet) -> None:
    """Puts every anomaly of the frame's table into the sheet, in the order of the specification."""
    for anomaly in anomalies:
        if anomaly.table == frame.table:
            for name in anomaly.columns:
                _PLANTERS[anomaly.kind](_Site(spec, anomaly, frame, sheet, name))


def _nulls(column: Column) -> Mask:
    return np.zeros(len(column), dtype=np.bool_) if column.null is None else column.null


def _constant(text: str, where: Mask) -> Text:
    return Text.of(pa.repeat(pa.scalar(text, TEXT), int(where.sum())))


def _source(site: _Site) -> None:
    """The column shows it already (`alter_source`); here it is only remembered."""
    text = site.column.arrow(TEXT)
    shown = pc.equal(text, "").fill_null(False) if site.anomaly.kind == "empty" else text.is_valid()
    site.put(site.chosen() & np.asarray(shown), None)


def _stale(site: _Site) -> None:
    """The source was changed (its own dice), and this copy was not (the copy's dice): it shows the former value."""
    copy = site.spec.tables[site.frame.table].columns[site.name]
    assert isinstance(copy, CopyColumn)
    parents = site.frame.parents(copy.through)
    changed = chance(parents.rows, parents.key(copy.column, "changed"), site.anomaly.rate)
    where = changed & site.chosen(site.anomaly.share) & ~_nulls(site.column)
    former = parents.at(parents.rows[where], former=True).column(copy.column)
    where[where] = ~_nulls(former)
    site.put_changed(where, former.take(np.flatnonzero(~_nulls(former))))


def _truncated(site: _Site) -> None:
    where = site.chosen() & ~_nulls(site.column)
    cut = pc.utf8_slice_codeunits(site.column.take(np.flatnonzero(where)).arrow(TEXT), 0, site.anomaly.length)
    site.put_changed(where, Text.of(cut))


def _padded(site: _Site) -> None:
    where = site.chosen() & ~_nulls(site.column)
    text = site.column.take(np.flatnonzero(where)).arrow(TEXT)
    site.put_changed(where, Text.of(pc.binary_join_element_wise(text, " " * site.anomaly.length, "")))


def _foreign_word(site: _Site) -> None:
    where = site.chosen() & ~_nulls(site.column)
    words = Words(pa.array(site.anomaly.words, TEXT))
    lot = below(site.frame.rows[where], site.frame.key(site.name, "foreign word"), len(words))
    site.put_changed(where, Coded(lot, words))


def _off_by(site: _Site) -> None:
    number = site.column
    assert isinstance(number, Number)
    where = site.chosen() & ~_nulls(number)
    step = round(site.anomaly.amount * 10**number.scale)
    site.put(where, Number(number.units[where] + step, number.scale), "value_differs", "stale_copy")


def _blank(site: _Site) -> None:
    """'' for a NULL copy: with a NULL key beside it the key is the cause, else the copy was never right."""
    copy = site.spec.tables[site.frame.table].columns[site.name]
    assert isinstance(copy, CopyColumn)
    where = site.chosen() & _nulls(site.column)
    keyless = _nulls(site.sheet.columns[copy.through])
    for here, cause in ((where & keyless, "null_fk"), (where & ~keyless, "stale_copy")):
        site.put(here, _constant("", here), "value_to_null", cause)


def _missing(site: _Site) -> None:
    column = site.column
    where = site.chosen() & ~_nulls(column)
    site.put(where, column.take(np.flatnonzero(where)).with_null(np.ones(int(where.sum()), dtype=np.bool_)),
             "null_to_value", "stale_copy")  # fmt: skip


def _broken_key(site: _Site) -> None:
    """The key is gone or points nowhere; the copies that came through it stay and are the only record."""
    key = site.column
    assert isinstance(key, Ref)
    where = site.chosen() & ~_nulls(key)
    copies = [
        replace(site, name=name)
        for name, column in site.spec.tables[site.frame.table].columns.items()
        if isinstance(column, CopyColumn) and column.through == site.name and column.stored
        and not isinstance(site.sheet.columns[name], Ref)
    ]  # fmt: skip
    for copy in copies:
        where &= site.sheet.free(copy.name)
    rows = site.frame.rows[where]
    if site.anomaly.kind == "null_parent":
        patch, cause = key.take(np.flatnonzero(where)).with_null(np.ones(len(rows), dtype=np.bool_)), "null_fk"
    else:
        # A uuid has room; a number stays close, so that its type holds it.
        none = rows + _FAR if isinstance(key.key, UuidKey) else site.frame.count(key.table) + rows % ORPHANS
        patch, cause = Ref(key.table, none, key.key), "orphan_fk"
    site.put(where, patch)
    for copy in copies:
        copy.put(where & ~_nulls(copy.column), None, "value_to_null", cause)


def _other_parent(site: _Site) -> None:
    key = site.column
    assert isinstance(key, Ref)
    where = site.chosen() & ~_nulls(key)
    other = below(site.frame.rows, site.frame.key(site.name, "other"), site.frame.count(key.table))
    where &= other != key.rows
    site.put(where, Ref(key.table, other[where], key.key))


def _deleted(site: _Site) -> None:
    after = site.sheet.columns[site.anomaly.after]
    assert isinstance(after, Moment)
    where = site.chosen() & _nulls(site.column) & ~_nulls(after)
    later = unit(site.frame.rows[where], site.frame.key(site.name, "deleted at")) * site.anomaly.days * DAY_MICROS
    site.put(where, Moment(after.micros[where] + later.astype(np.int64)))


_PLANTERS: dict[str, Callable[[_Site], None]] = {
    "odd_text": _source,
    "at_limit": _source,
    "empty": _source,
    "stale": _stale,
    "truncated": _truncated,
    "padded": _padded,
    "blank": _blank,
    "missing": _missing,
    "foreign_word": _foreign_word,
    "off_by": _off_by,
    "null_parent": _broken_key,
    "orphan": _broken_key,
    "other_parent": _other_parent,
    "deleted": _deleted,
}
