"""What reladiff and datacompy report of the tables and views of a migrated database, each beside its old table."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.catalogue import Relation
from harness.copying import SCHEMA, copy_columns
from harness.prove import Bench
from harness.prove.ground import Ground, Stand
from harness.sqltext import quote_ident, quote_qualified
from tests.benchmarks.integrity import place

Report = Mapping[tuple[str, str], str]
"""What a rival (first) reports of a pair (second), as one text; an error is its report, too."""


@dataclass(frozen=True)
class Pair:
    """An old table and what now stands for it; `columns` are pairs of names, those of the key first."""

    old: Relation
    new: Relation
    columns: tuple[tuple[str, str], ...]
    keys: int

    @property
    def name(self) -> str:
        """`sales beside sales_with_details`."""
        return f"{self.old.display} beside {self.new.display}"

    @property
    def copy(self) -> str:
        """The name of the old table's copy in the clone."""
        return f"rivals_{self.old.oid}_{self.new.oid}"

    def side(self, which: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The key's columns and the others, of the old (0) or the new side (1)."""
        names = tuple(pair[which] for pair in self.columns)
        return names[: self.keys], names[self.keys :]


def pairs_of(ground: Ground) -> Iterator[Pair]:
    """Every view beside the table that it stands for, whatever else was there before beside itself.

    A rival needs a key: a view's is that of a table that it reads, if it shows it.
    """
    before = ground.before
    for stand in ground.stands:
        yield Pair(stand.change.old, stand.view, tuple(_shown(stand)), len(stand.key))
    for old in before.relations.values():
        new = ground.after.named(old.schema, old.name)
        if old.partition or new is None or old.is_table != new.is_table:
            continue
        common = {column.name for column in old.columns if new.column(column.name)}
        below = [old.oid] if old.is_table else sorted(before.reads_transitively(old.oid))
        keys = (before.row_key(oid) for oid in below)
        key = next((key for key in keys if key and common.issuperset(key)), None)
        if key is not None:
            names = [*key, *(column.name for column in old.columns if column.name in common.difference(key))]
            yield Pair(old, new, tuple((name, name) for name in names), len(key))


def _shown(stand: Stand) -> Iterator[tuple[str, str]]:
    """The key, the lost columns, and those that the view shows as the table still holds them."""
    yield from zip(stand.change.key, stand.key, strict=True)
    for number, column in enumerate(stand.view.columns):
        if number in stand.lost:
            yield stand.lost[number].name, column.name
        elif stand.passes(number) and column.name not in stand.key and stand.change.old.column(column.name):
            yield column.name, column.name


async def ask(bench: Bench, database: str, pairs: Sequence[Pair]) -> Report:
    """What each rival reports of each pair in this database, into which the old tables are copied whole."""
    address, before = bench.databases.server.address, bench.databases.name(bench.before)
    for pair in pairs:
        names = tuple(old for old, _ in pair.columns)
        await copy_columns(address, before, database, pair.old, (), names, pair.copy)
    where = place(address, database)
    return await asyncio.to_thread(_ask_all, where, pairs)


def _ask_all(where: Mapping[str, Any], pairs: Sequence[Pair]) -> Report:
    said = {}
    for pair in pairs:
        for rival, work in RIVALS.items():
            try:
                said[rival, pair.name] = work(where, pair)
            except Exception as error:  # noqa: BLE001 - whatever a rival raises is what its user sees
                text = f"{type(error).__name__}: {error}"
                said[rival, pair.name] = text.replace(str(where["dbname"]), "the database")
    return said


def _reladiff(where: Mapping[str, Any], pair: Pair, algorithm: str) -> str:
    """Rows that differ, and the types of the columns, which its command compares in one database."""
    import reladiff

    database = reladiff.connect({"driver": "postgresql", **where}, thread_count=1)
    try:
        sides = []
        for which, path in enumerate(((SCHEMA, pair.copy), (pair.new.schema, pair.new.name))):
            key, others = pair.side(which)
            sides.append(reladiff.TableSegment(database, path, key, extra_columns=others))
        types = database.query_table_schema(sides[1].table_path)
        with reladiff.diff_tables(
            *sides, algorithm=reladiff.Algorithm(algorithm), max_threadpool_size=1, allow_empty_tables=True
        ) as found:
            rows = sorted(map(str, found))
        return f"{[types[name] for _, name in pair.columns]}\n{rows}"
    finally:
        database.close()


def _pandas(where: Mapping[str, Any], pair: Pair) -> str:
    import datacompy
    import pandas as pd
    import sqlalchemy

    engine = sqlalchemy.create_engine("postgresql+psycopg2://", connect_args=dict(where))
    try:
        with engine.connect() as connection:
            frames = [pd.read_sql(sqlalchemy.text(query), connection, coerce_float=False) for query in _queries(pair)]
    finally:
        engine.dispose()
    return _report(datacompy.PandasCompare(*frames, join_columns=list(pair.side(1)[0])))


def _polars(where: Mapping[str, Any], pair: Pair) -> str:
    import datacompy
    import polars as pl
    import psycopg2

    connection = psycopg2.connect(**where)
    try:
        frames = [pl.read_database(query, connection, infer_schema_length=None) for query in _queries(pair)]
    finally:
        connection.close()
    return _report(datacompy.PolarsCompare(*frames, join_columns=list(pair.side(1)[0])))


def _report(compare: Any) -> str:
    """The report without its samples, which it draws at random."""
    return str(compare.report(sample_count=0))


def _queries(pair: Pair) -> tuple[str, str]:
    """The old copy under the new names, and all that the new relation shows: a column too many is reported, too."""
    shown = ", ".join(f"{quote_ident(old)} AS {quote_ident(new)}" for old, new in pair.columns)
    return f"SELECT {shown} FROM {quote_qualified(SCHEMA, pair.copy)}", f"SELECT * FROM {pair.new.sql}"


RIVALS: Mapping[str, Callable[[Mapping[str, Any], Pair], str]] = {
    "joindiff": lambda where, pair: _reladiff(where, pair, "joindiff"),
    "hashdiff": lambda where, pair: _reladiff(where, pair, "hashdiff"),
    "pandas": _pandas,
    "polars": _polars,
}
