"""What a column's generator can give at most: NULL, how long a text, which words, which type."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

from harness.seed.anomalies import ORPHANS
from harness.seed.columns import (
    AfterColumn,
    ChoiceColumn,
    CopyColumn,
    ExpressionColumn,
    Generator,
    NumberColumn,
    ParentColumn,
    PoolColumn,
    PreviousColumn,
    SequenceColumn,
    TemplateColumn,
    TimelineColumn,
    UuidColumn,
)
from harness.seed.expression import lone_name
from harness.seed.generate import PART
from harness.seed.references import passing_columns, shown, source, target
from harness.seed.spec import Anomaly, FakerPool, ListsPool, Pool, ProsePool, SeedSpec, ValuesPool
from harness.seed.words import SLUG_LENGTH

Counts = Mapping[str, int]
"""Rows of each table."""


def _planted(spec: SeedSpec, table: str, name: str) -> list[Anomaly]:
    return [item for item in spec.anomaly if item.table == table and name in item.columns]


def nullable(spec: SeedSpec, table: str, name: str, planted: bool = True) -> bool:
    """Whether a column can come out NULL; `planted` counts the NULLs that anomalies put into its own cells."""
    entry = spec.tables[table].columns[name]
    if planted and any(item.kind in ("null_parent", "missing") for item in _planted(spec, table, name)):
        return True
    if entry.nulls or entry.when or entry.kind == "previous":
        return True
    if isinstance(entry, CopyColumn) and (parent := target(spec, table, entry.through)):
        return nullable(spec, table, entry.through, False) or nullable(spec, parent, entry.column, False)
    return any(nullable(spec, table, other, False) for other in passing_columns(entry))


def max_length(spec: SeedSpec, counts: Counts, table: str, name: str, planted: bool = True) -> int:
    """The most characters that a column's text can have; `planted` counts what anomalies do to its own cells."""
    length = _made_length(spec, counts, table, name)
    for item in _planted(spec, table, name):
        if item.kind == "odd_text":
            length = max(length, pool_length(spec.pools[item.pool]))
        elif item.kind == "at_limit":
            length = max(length, item.length)
        elif planted and item.kind == "padded":
            length += item.length
        elif planted and item.kind == "foreign_word":
            length = max(length, *map(len, item.words))
        elif planted and item.kind == "orphan" and isinstance(key := _origin(spec, table, name)[1], SequenceColumn):
            length = max(length, _sequence_length(key, _rows_shown(spec, counts, table, name)))
    return length


def _made_length(spec: SeedSpec, counts: Counts, table: str, name: str) -> int:
    entry = spec.tables[table].columns[name]
    match entry:
        case PoolColumn(pool=pool):
            return pool_length(spec.pools[pool])
        case ChoiceColumn():
            return max(map(len, choices(spec, table, name)))
        case SequenceColumn():
            return _sequence_length(entry, counts[table])
        case NumberColumn():
            return _number_length(entry)
        case ParentColumn(table=parent):
            return max_length(spec, counts, parent, spec.tables[parent].key, planted=False)
        case PreviousColumn() if spec.tables[table].key != name:
            return max_length(spec, counts, table, spec.tables[table].key, planted=False)
        case CopyColumn(through=through, column=column):
            copied = target(spec, table, through)
            assert copied is not None
            return max_length(spec, counts, copied, column, planted=False)
        case TemplateColumn():
            return _template_length(spec, counts, table, entry)
        case ExpressionColumn(expression=expression) if (other := lone_name(expression)) is not None:
            return max_length(spec, counts, table, other, planted=False)
        case _:
            return 36


def _sequence_length(entry: SequenceColumn, rows: int) -> int:
    return len(entry.prefix) + max(entry.width, *(len(str(entry.start + row)) for row in (0, rows - 1)))


def number_range(spec: SeedSpec, counts: Counts, table: str, name: str) -> tuple[float, float] | None:
    """The least and the most that a column of whole or decimal numbers can have, anomalies in its own cells included;
    None where that is not known beforehand (an expression) or the column has none."""
    entry = _origin(spec, table, name)[1]
    added = sum(abs(item.amount) for item in _planted(spec, table, name) if item.kind == "off_by")
    match entry:
        case SequenceColumn(start=start, prefix="", width=0):
            return start - added, start + _rows_shown(spec, counts, table, name) - 1 + added
        case NumberColumn(min=least, max=most, scale=scale):
            return round(least, scale) - added, round(most, scale) + added
        case _:
            return None


def _origin(spec: SeedSpec, table: str, name: str) -> tuple[str, Generator]:
    """The table and the generator of the keys that a column holds, or of the values that it shows."""
    holder = target(spec, table, name)
    table, name = shown(spec, table, name)[-1] if holder is None else (holder, spec.tables[holder].key)
    return table, spec.tables[table].columns[name]


def _rows_shown(spec: SeedSpec, counts: Counts, table: str, name: str) -> int:
    """Of so many rows a column can show the key or the value; orphans point behind the last one."""
    orphans = any(item.kind == "orphan" for item in _planted(spec, table, name))
    return counts[_origin(spec, table, name)[0]] + (ORPHANS if orphans else 0)


def _number_length(entry: NumberColumn) -> int:
    return max(len(f"{bound:.{entry.scale}f}") for bound in (entry.min, entry.max))


def _template_length(spec: SeedSpec, counts: Counts, table: str, entry: TemplateColumn) -> int:
    length = len(PART.sub("", entry.text))
    for match in PART.finditer(entry.text):
        if match[1] == "row":
            length += len(str(counts[table]))
        else:
            length += SLUG_LENGTH if match[2] else max_length(spec, counts, table, match[1], planted=False)
    return length if entry.max_length is None else min(length, entry.max_length)


def pool_length(pool: Pool) -> int:
    """The most characters that a word of the pool can have (0 for lists)."""
    match pool:
        case ValuesPool(values=values):
            return max(map(len, values))
        case FakerPool(max_length=length) | ProsePool(max_length=length):
            return length
        case _:
            return 0


def choices(spec: SeedSpec, table: str, name: str) -> set[str]:
    """The words that a column of kind choice (or a pool of given values) can have; empty for other kinds."""
    entry = source(spec, table, name)
    match entry:
        case ChoiceColumn(weights=weights, cases=cases):
            return set(weights).union(*cases.values())
        case PoolColumn(pool=pool) if isinstance(given := spec.pools[pool], ValuesPool):
            return set(given.values)
        case _:
            return set()


def gives(spec: SeedSpec, table: str, name: str, wanted: pa.DataType) -> bool:
    """Whether a column's values can be stored as the Arrow type."""
    entry = _origin(spec, table, name)[1]
    return any(fits(wanted) for fits in _forms(spec, entry))


def _forms(spec: SeedSpec, entry: Generator) -> tuple[Callable[[pa.DataType], bool], ...]:
    """Tests of the Arrow types as which a generator's values can be stored."""
    whole = (pa.types.is_integer, pa.types.is_decimal, pa.types.is_floating)
    match entry:
        case UuidColumn():
            return (pa.types.is_fixed_size_binary,)
        case SequenceColumn(prefix="", width=0) | NumberColumn(scale=0):
            return whole
        case NumberColumn():
            return whole[1:]
        case TimelineColumn() | AfterColumn():
            return (pa.types.is_timestamp, pa.types.is_date)
        case PoolColumn(pool=pool) if isinstance(spec.pools[pool], ListsPool):
            return (pa.types.is_list,)
        case ExpressionColumn(scale=scale):
            return (pa.types.is_boolean, *(whole if scale == 0 else whole[1:]))
        case _:
            return (pa.types.is_string_view, pa.types.is_string)
