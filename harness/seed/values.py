"""The values of a column over some rows, in the form that is cheapest to draw, to copy and to turn into Arrow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
import pyarrow as pa

from harness.seed.draw import Array, Mask, Rows
from harness.seed.keys import SerialKey, UuidKey, fixed, refuse
from harness.seed.words import TEXT, VIEW, Views, Words, viewing, views_of

DAY_MICROS = 86_400_000_000

DIGITS = 18
"""What an Arrow decimal of 64 bits can be declared with."""

Index = Array | slice


class Column(Protocol):
    """Values of some rows; `null` marks the NULLs, None where there is none."""

    @property
    def null(self) -> Mask | None:
        """True where the value is NULL."""

    def __len__(self) -> int: ...

    def take(self, index: Index) -> Self:
        """The values at these positions, in this order; a slice costs nothing."""

    def with_null(self, null: Mask) -> Self:
        """The same values, NULL besides where `null` is true."""

    def arrow(self, target: Any) -> Any:
        """An Arrow array of the type `target`; raises TypeError where these values cannot become that."""


def either(one: Mask | None, other: Mask | None) -> Mask | None:
    """NULL where one of both is."""
    if one is None or other is None:
        return other if one is None else one
    return one | other


class _Masked:
    """Columns whose NULLs are a mask beside the values."""

    null: Mask | None

    def with_null(self, null: Mask) -> Self:
        """See Column."""
        column: Any = self
        masked: Self = replace(column, null=either(self.null, null))
        return masked


@dataclass(frozen=True)
class Coded(_Masked):
    """Words of a small dictionary (strings or lists of strings), by their number."""

    codes: Array
    words: Words
    null: Mask | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, index: Index) -> Coded:
        """See Column."""
        return Coded(self.codes[index], self.words, None if self.null is None else self.null[index])

    def arrow(self, target: Any) -> Any:
        """See Column."""
        if target != self.words.array.type and not (self.words.are_texts and target == VIEW):
            raise refuse("a text" if self.words.are_texts else "a list", target)
        return self.words.drawn(self.codes, self.null, target)


@dataclass(frozen=True)
class Text(_Masked):
    """Strings of their own, as views into the buffers `texts`."""

    views: Views
    texts: tuple[Any, ...]
    null: Mask | None = None

    @classmethod
    def of(cls, array: Any) -> Text:
        """The strings of an Arrow array."""
        return cls(*views_of(array), None if array.null_count == 0 else np.asarray(array.is_null()))

    def __len__(self) -> int:
        return len(self.views)

    def take(self, index: Index) -> Text:
        """See Column."""
        return Text(self.views[index], self.texts, None if self.null is None else self.null[index])

    def arrow(self, target: Any) -> Any:
        """See Column."""
        if target not in (VIEW, TEXT):
            raise refuse("a text", target)
        array = viewing(self.views, self.texts, self.null)
        return array if target == VIEW else array.cast(TEXT)


@dataclass(frozen=True)
class Number(_Masked):
    """Exact decimals: `units` of 10**-scale."""

    units: Rows
    scale: int = 0
    null: Mask | None = None

    def __len__(self) -> int:
        return len(self.units)

    def take(self, index: Index) -> Number:
        """See Column."""
        return Number(self.units[index], self.scale, None if self.null is None else self.null[index])

    def arrow(self, target: Any) -> Any:
        """See Column."""
        if pa.types.is_decimal(target) and target.scale >= self.scale:
            return self._decimals()
        if pa.types.is_floating(target):
            return pa.array(self.units / 10.0**self.scale, target, mask=self.null)
        if pa.types.is_integer(target) and self.scale == 0:
            return pa.array(self.units, mask=self.null).cast(target)
        if target == TEXT:
            return (pa.array(self.units, mask=self.null) if self.scale == 0 else self._decimals()).cast(TEXT)
        raise refuse(f"a number with {self.scale} decimals", target)

    def _decimals(self) -> Any:
        """With the scale that they have here: the server gives them their column's as it reads them."""
        return fixed(pa.decimal64(DIGITS, self.scale), self.units, self.null)


@dataclass(frozen=True)
class Moment(_Masked):
    """Points in time: microseconds since 1970, UTC."""

    micros: Rows
    null: Mask | None = None

    def __len__(self) -> int:
        return len(self.micros)

    def take(self, index: Index) -> Moment:
        """See Column."""
        return Moment(self.micros[index], None if self.null is None else self.null[index])

    def arrow(self, target: Any) -> Any:
        """See Column."""
        if target == pa.date32():
            return fixed(target, (self.micros // DAY_MICROS).astype(np.int32), self.null)
        if pa.types.is_timestamp(target):
            return fixed(target, self.micros, self.null)
        raise refuse("a point in time", target)


@dataclass(frozen=True)
class Flag(_Masked):
    """True or false."""

    values: Mask
    null: Mask | None = None

    def __len__(self) -> int:
        return len(self.values)

    def take(self, index: Index) -> Flag:
        """See Column."""
        return Flag(self.values[index], None if self.null is None else self.null[index])

    def arrow(self, target: Any) -> Any:
        """See Column."""
        if target != pa.bool_():
            raise refuse("true or false", target)
        return pa.array(self.values, mask=self.null)


@dataclass(frozen=True)
class Ref(_Masked):
    """Rows of a table, shown by their keys; a row number past the table's end is a key that points nowhere."""

    table: str
    rows: Rows
    key: UuidKey | SerialKey
    null: Mask | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: Index) -> Ref:
        """See Column."""
        return Ref(self.table, self.rows[index], self.key, None if self.null is None else self.null[index])

    def arrow(self, target: Any) -> Any:
        """See Column."""
        return self.key.arrow(self.rows, self.null, target)


def overlay(base: Column, where: Mask, patch: Column) -> Column:
    """`base` with the values of `patch` (one for each true in `where`) put in; both of one kind."""
    index = np.arange(len(base))
    index[where] = len(base) + np.arange(int(where.sum()))
    return concat(base, patch).take(index)


def concat(one: Column, other: Column) -> Column:
    """The values of one column and then of the other."""
    both = _null_of(one, other)
    if isinstance(one, Ref) and isinstance(other, Ref):
        return Ref(one.table, np.concatenate([one.rows, other.rows]), one.key, both)
    if isinstance(one, Number) and isinstance(other, Number) and one.scale == other.scale:
        return Number(np.concatenate([one.units, other.units]), one.scale, both)
    if isinstance(one, Moment) and isinstance(other, Moment):
        return Moment(np.concatenate([one.micros, other.micros]), both)
    if isinstance(one, Flag) and isinstance(other, Flag):
        return Flag(np.concatenate([one.values, other.values]), both)
    return Text.of(pa.concat_arrays([one.arrow(TEXT), other.arrow(TEXT)]))


def _null_of(one: Column, other: Column) -> Mask | None:
    if one.null is None and other.null is None:
        return None
    parts = [np.zeros(len(part), dtype=np.bool_) if part.null is None else part.null for part in (one, other)]
    return np.concatenate(parts)
