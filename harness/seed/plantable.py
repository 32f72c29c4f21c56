"""Whether the anomalies of a seed specification can be planted where it says, without spreading unrecorded."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from harness.seed.anomalies import COPY_KINDS, KEY_KINDS, SOURCE_KINDS
from harness.seed.bounds import nullable, tells_rows
from harness.seed.column_type import ColumnType
from harness.seed.columns import CopyColumn, ExpressionColumn, NumberColumn, UuidColumn
from harness.seed.references import Node, Problems, is_moment, near, nodes, shown, source, target
from harness.seed.spec import Anomaly, ListsPool, SeedSpec, ValuesPool
from harness.seed.words import VIEW

_TEXT_KINDS = SOURCE_KINDS | {"truncated", "padded", "blank", "foreign_word"}


def anomaly_problems(spec: SeedSpec) -> Problems:
    """Everything that is wrong with the anomalies of a specification whose tables are right."""
    for table in spec.tables:
        yield from ((f"tables.{table}.row_key", words) for words in _unreadable(spec, table))
    for number, anomaly in enumerate(spec.anomaly, start=1):
        place = f"anomaly[{number}] ({anomaly.kind}, {anomaly.table})"
        yield from ((place, words) for words in _problems(spec, anomaly))


def _problems(spec: SeedSpec, anomaly: Anomaly) -> Iterator[str]:
    if anomaly.table not in spec.tables:
        yield f"there is no table {anomaly.table!r}{near(anomaly.table, spec.tables)}"
        return
    columns = spec.tables[anomaly.table].columns
    key = spec.tables[anomaly.table].key
    if not columns[key].stored and not spec.tables[anomaly.table].row_key:
        yield f"the table does not store its key {key!r}, by which anomalies are recorded; name others in its `row_key`"
    for name in (*anomaly.columns, *([anomaly.after] if anomaly.kind == "deleted" else [])):
        if name not in columns or not columns[name].stored:
            yield f"the table stores no column {name!r}{near(name, columns)}"
            return
    if anomaly.kind == "odd_text" and anomaly.pool not in spec.pools:
        yield f"there is no pool {anomaly.pool!r}{near(anomaly.pool, spec.pools)}"
    elif anomaly.kind == "odd_text" and isinstance(spec.pools[anomaly.pool], ListsPool):
        yield f"the pool {anomaly.pool!r} holds lists; this kind wants texts"
    for name in anomaly.columns:
        yield from _misplaced(spec, anomaly, name)
        twins = [item for item in spec.anomaly if (item.kind, item.table) == (anomaly.kind, anomaly.table)]
        if any(name in item.columns for item in twins if item is not anomaly):
            yield f"{name} has two anomalies of this kind"


def _unreadable(spec: SeedSpec, table: str) -> Iterator[str]:
    """Why rows are not known by the text of the columns that are to tell them apart."""
    entry = spec.tables[table]
    if len(set(entry.row_key)) < len(entry.row_key):
        yield "it names a column twice"
    for name in entry.row_key:
        if name not in entry.stored_columns:
            yield f"the table stores no column {name!r}{near(name, entry.stored_columns)}"
        elif nullable(spec, table, name, planted=False):
            yield f"{name} can be NULL"
        elif not tells_rows(spec, table, name):
            yield f"{name} is neither a key, a text nor a whole number"


def _misplaced(spec: SeedSpec, anomaly: Anomaly, name: str) -> Iterator[str]:
    """A kind that the column cannot have, or whose traces would spread to tables where nobody records them."""
    entry = spec.tables[anomaly.table].columns[name]
    key_of = target(spec, anomaly.table, name)
    if name in (spec.tables[anomaly.table].key, *spec.tables[anomaly.table].row_key):
        yield f"{name} is the table's key, by which anomalies are recorded"
    elif anomaly.kind in KEY_KINDS | {"other_parent"}:
        if key_of is None:
            yield f"{name} does not hold keys of a table"
    elif key_of is not None:
        yield f"{name} holds keys; this kind is for values"
    elif anomaly.kind in ("stale", "blank") and not isinstance(entry, CopyColumn):
        yield f"{name} is no copy"
    elif anomaly.kind == "stale" and isinstance(source(spec, anomaly.table, name), UuidColumn):
        yield f"{name} shows a uuid, which never changes"
    elif anomaly.kind == "off_by" and not isinstance(
        source(spec, anomaly.table, name), NumberColumn | ExpressionColumn
    ):
        yield f"{name} is no number"
    elif anomaly.kind == "deleted" and not (
        is_moment(spec, anomaly.table, name) and is_moment(spec, anomaly.table, anomaly.after)
    ):
        yield f"{name} and {anomaly.after} must be points in time"
    if anomaly.kind in COPY_KINDS | KEY_KINDS:
        for table, other in nodes(spec):
            copy = spec.tables[table].columns[other]
            if isinstance(copy, CopyColumn) and copy.stored and _leans_on(spec, (table, other), (anomaly.table, name)):
                yield f"{table}.{other} is copied from {name}: the anomaly would spread there unrecorded"


def _leans_on(spec: SeedSpec, copy: Node, node: Node) -> bool:
    """Whether a copy takes its value from the node, or reaches it across the node from another table's row."""
    table, name = copy
    entry = spec.tables[table].columns[name]
    if not isinstance(entry, CopyColumn) or (parent := target(spec, table, entry.through)) is None:
        return False
    inner = (parent, entry.column)
    through_copied = isinstance(spec.tables[table].columns[entry.through], CopyColumn)
    inner_entry = spec.tables[parent].columns[entry.column]
    if inner == node or (isinstance(inner_entry, CopyColumn) and (parent, inner_entry.through) == node):
        return True
    return _leans_on(spec, inner, node) or (through_copied and _leans_on(spec, (table, entry.through), node))


def reaching(spec: SeedSpec, table: str, column: str) -> Iterator[Anomaly]:
    """The anomalies that change what a column holds: its own, and those at its sources that every copy follows."""
    for place, node in enumerate(shown(spec, table, column)):
        for anomaly in spec.anomaly:
            if anomaly.table == node[0] and node[1] in anomaly.columns and (place == 0 or anomaly.kind in SOURCE_KINDS):
                yield anomaly


def unstorable(spec: SeedSpec, anomaly: Anomaly, table: str, column: str, kind: ColumnType) -> Iterator[str]:
    """Why a column of this type cannot hold what an anomaly that reaches it plants."""
    what = f"the anomaly {anomaly.kind!r}"
    target_type = kind.arrow()
    assert target_type is not None
    if pa.types.is_list(target_type):
        yield f"{what} cannot be planted in lists"
    elif anomaly.kind in _TEXT_KINDS and target_type != VIEW:
        yield f"{what} is for texts, the column is of type {kind.name}"
    elif anomaly.kind in _TEXT_KINDS and kind.labels:
        words = _planted_words(spec, anomaly)
        if words is None:
            yield f"{what} gives texts that are no value of the enum {kind.name}"
        elif foreign := sorted(words - set(kind.labels)):
            yield f"{what} plants {foreign[0]!r}, no value of the enum {kind.name} ({', '.join(kind.labels)})"
    elif anomaly.kind == "off_by" and pa.types.is_boolean(target_type):
        yield f"{what} is for numbers, the column is of type {kind.name}"
    elif anomaly.kind == "off_by":
        entry = source(spec, table, column)
        assert isinstance(entry, NumberColumn | ExpressionColumn)
        if round(anomaly.amount * 10**entry.scale) == 0:
            yield f"{what} adds {anomaly.amount:g}, the generator has {entry.scale} decimals"


def _planted_words(spec: SeedSpec, anomaly: Anomaly) -> set[str] | None:
    """What an anomaly writes into a text; None where that is not a few words known beforehand."""
    if anomaly.kind == "odd_text":
        pool = spec.pools[anomaly.pool]
        return set(pool.values) if isinstance(pool, ValuesPool) else None
    return {"empty": {""}, "blank": {""}, "foreign_word": set(anomaly.words)}.get(anomaly.kind)
