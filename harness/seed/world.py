"""All tables of a specification at one scale and seed: any column of any rows, made from their numbers alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.errors import ScenarioError
from harness.seed.anomalies import alter_source, altering
from harness.seed.draw import Rows, stream
from harness.seed.frame import Groups
from harness.seed.generate import make
from harness.seed.keys import SerialKey, UuidKey, key_maker
from harness.seed.pools import Pools
from harness.seed.scale import row_counts
from harness.seed.spec import Anomaly, SeedSpec
from harness.seed.values import Column, Ref

LENT_ROWS = 150_000
"""A parent of up to so many rows is made once and copied from; a larger one is evaluated where it is needed."""


class World:
    """The seeded data as a function. `realistic` plants the specification's anomalies."""

    def __init__(
        self, spec: SeedSpec, scale: int, seed: int, pools: Pools, *, realistic: bool, lent_rows: int = LENT_ROWS
    ) -> None:
        self.spec = spec
        self.seed = seed
        self.pools = pools
        self.counts = row_counts(spec, scale)
        self.anomalies: tuple[Anomaly, ...] = spec.anomaly if realistic else ()
        self._lent_rows = lent_rows
        self._keys: dict[tuple[str, ...], np.uint64] = {}
        self._key_makers: dict[str, UuidKey | SerialKey] = {}
        self._whole: dict[tuple[str, str], Column] = {}
        self._groups: dict[tuple[str, str], Groups] = {}

    def key(self, *names: str) -> np.uint64:
        """The random stream of these names."""
        if names not in self._keys:
            self._keys[names] = stream(self.seed, *names)
        return self._keys[names]

    def key_of(self, table: str) -> UuidKey | SerialKey:
        """How a table's keys are made; those of a table that lends are made beforehand."""
        if table not in self._key_makers:
            name = self.spec.tables[table].key
            maker = key_maker(self.spec.tables[table].columns[name], self.key(table, name, ""))
            if isinstance(maker, UuidKey) and self.lends(table):
                maker = replace(maker, made=maker.draw(np.arange(self.counts[table])))
            self._key_makers[table] = maker
        return self._key_makers[table]

    def frame(self, table: str, rows: Rows, former: bool = False) -> TableFrame:
        """Some rows of a table; `former` gives the values that they had before a change."""
        return TableFrame(self, table, rows, former)

    def lends(self, table: str) -> bool:
        """Whether the table is small enough to be made once."""
        return self.counts[table] <= self._lent_rows

    def whole(self, table: str, column: str) -> Column:
        """A column of all rows of a table, made once."""
        if (table, column) not in self._whole:
            self._whole[table, column] = self.frame(table, np.arange(self.counts[table])).column(column)
        return self._whole[table, column]

    def groups(self, table: str, column: str) -> Groups:
        """The rows of a table by the key in one of its columns, sorted once."""
        if (table, column) not in self._groups:
            keys = self.whole(table, column)
            assert isinstance(keys, Ref)
            kept = np.arange(len(keys)) if keys.null is None else np.flatnonzero(~keys.null)
            shuffle = self.key(table, column, "shuffle")
            self._groups[table, column] = Groups(kept, keys.rows[kept], self.counts[keys.table], shuffle)
        return self._groups[table, column]


class TableFrame:
    """Some rows of one table; a column is made when it is first asked for and kept as long as the frame."""

    def __init__(self, world: World, table: str, rows: Rows, former: bool) -> None:
        self.world = world
        self.table = table
        self.rows = rows
        self._former = former
        self._columns: dict[str, Column] = {}
        self._parents: dict[str, TableFrame] = {}

    @property
    def pools(self) -> Pools:
        """See Frame."""
        return self.world.pools

    def key(self, column: str, purpose: str = "") -> np.uint64:
        """See Frame."""
        return self.world.key(self.table, column, f"former {purpose}" if self._former else purpose)

    def count(self, table: str) -> int:
        """See Frame."""
        return self.world.counts[table]

    def key_of(self, table: str) -> UuidKey | SerialKey:
        """See Frame."""
        return self.world.key_of(table)

    def at(self, rows: Rows, former: bool = False) -> TableFrame:
        """See Frame."""
        return TableFrame(self.world, self.table, rows, former or self._former)

    def column(self, name: str) -> Column:
        """The column as every copy of it sees it: generated, then altered where the profile says so."""
        if name not in self._columns:
            column = self._make(name)
            if not self._former:
                for anomaly in altering(self.world.anomalies, self.table, name):
                    column = alter_source(anomaly, self, name, column)[0]
            self._columns[name] = column
        return self._columns[name]

    def _make(self, name: str) -> Column:
        try:
            return make(self.world.spec.tables[self.table].columns[name], self, name)
        except TypeError as error:
            place = f"{self.world.spec.source}: tables.{self.table}.columns.{name}"
            raise ScenarioError(f"{place}: {error}", "mend this entry") from error

    def parents(self, through: str) -> TableFrame:
        """See Frame."""
        if through not in self._parents:
            ref = self.column(through)
            assert isinstance(ref, Ref)
            rows = ref.rows if ref.null is None else np.where(ref.null, 0, ref.rows)
            self._parents[through] = self.world.frame(ref.table, rows)
        return self._parents[through]

    def copied(self, through: str, column: str) -> Column:
        """See Frame."""
        parents = self.parents(through)
        if self.world.lends(parents.table):
            return self.world.whole(parents.table, column).take(parents.rows)
        return parents.column(column)

    def groups(self, table: str, column: str) -> Groups:
        """See Frame."""
        return self.world.groups(table, column)
