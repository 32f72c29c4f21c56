"""Some rows of a table as a generator sees them: their numbers, their other columns, their parents."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from harness.seed.draw import Floats, Mask, Rows, bits, zipf_rank, zipf_spread
from harness.seed.keys import SerialKey, UuidKey
from harness.seed.pools import Pools
from harness.seed.values import Column


class Frame(Protocol):
    """Some rows of a table and their columns, as a generator sees them."""

    @property
    def table(self) -> str:
        """The table's name."""

    @property
    def rows(self) -> Rows:
        """The row numbers."""

    @property
    def pools(self) -> Pools:
        """The pools of the specification."""

    def key(self, column: str, purpose: str = "") -> np.uint64:
        """The random stream of a column of this table."""

    def column(self, name: str) -> Column:
        """Another column of the same rows."""

    def count(self, table: str) -> int:
        """Rows of a table in all."""

    def key_of(self, table: str) -> UuidKey | SerialKey:
        """How a table's keys are made."""

    def parents(self, through: str) -> Frame:
        """The rows of the parent that the column `through` points at (row 0 where it is NULL)."""

    def copied(self, through: str, column: str) -> Column:
        """A parent's column at the rows that `through` points at; not yet NULL where `through` is."""

    def groups(self, table: str, column: str) -> Groups:
        """The rows of a parent by the key in one of its columns."""

    def at(self, rows: Rows, former: bool = False) -> Frame:
        """The same table at other rows; `former` gives the values that they had before a change."""


class Groups:
    """Row numbers by group, in an order that has nothing to do with age, so that the busiest is not the oldest."""

    def __init__(self, rows: Rows, group: Rows, groups: int, key: np.uint64) -> None:
        self._members = rows[np.lexsort((bits(rows, key), group))]
        self._sizes = np.bincount(group, minlength=groups).astype(np.int64)
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._bounds = np.maximum(self._sizes, 1)
        self._spreads: dict[float, Floats] = {}

    def pick(self, group: Rows, uniform: Floats, skew: float) -> tuple[Rows, Mask]:
        """For each wanted group a member, and where the group is empty."""
        if not len(self._members):
            return np.zeros_like(group), np.ones(len(group), dtype=np.bool_)
        if skew not in self._spreads:
            self._spreads[skew] = zipf_spread(self._bounds, skew)
        rank = zipf_rank(uniform, self._bounds[group], skew, self._spreads[skew][group])
        at = np.minimum(self._starts[group] + rank, len(self._members) - 1)
        return self._members[at], self._sizes[group] == 0
