"""What a column's generator can give at most: NULL, how long a text, which words, which type."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from harness.seed.columns import (
    AfterColumn,
    ChoiceColumn,
    CopyColumn,
    ExpressionColumn,
    Generator,
    NumberColumn,
    PoolColumn,
    SequenceColumn,
    TemplateColumn,
    TimelineColumn,
    UuidColumn,
)
from harness.seed.expression import lone_name
from harness.seed.generate import PART
from harness.seed.references import passing_columns, source, target
from harness.seed.spec import Anomaly, FakerPool, ListsPool, Pool, ProsePool, SeedSpec, ValuesPool
from harness.seed.words import SLUG_LENGTH

_ROW_DIGITS = 10


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


def max_length(spec: SeedSpec, table: str, name: str, planted: bool = True) -> int:
    """The most characters that a column's text can have; `planted` counts what anomalies do to its own cells."""
    length = _made_length(spec, table, name)
    for item in _planted(spec, table, name):
        if item.kind == "odd_text":
            length = max(length, pool_length(spec.pools[item.pool]))
        elif item.kind == "at_limit":
            length = max(length, item.length)
        elif planted and item.kind == "padded":
            length += item.length
        elif planted and item.kind == "foreign_word":
            length = max(length, *map(len, item.words))
    return length


def _made_length(spec: SeedSpec, table: str, name: str) -> int:
    entry = spec.tables[table].columns[name]
    match entry:
        case PoolColumn(pool=pool):
            return pool_length(spec.pools[pool])
        case ChoiceColumn():
            return max(map(len, choices(spec, table, name)))
        case SequenceColumn(prefix=prefix, width=width, start=start):
            return len(prefix) + max(width, _ROW_DIGITS, len(str(start)))
        case NumberColumn():
            return _number_length(entry)
        case CopyColumn(through=through, column=column):
            parent = target(spec, table, through)
            assert parent is not None
            return max_length(spec, parent, column, planted=False)
        case TemplateColumn():
            return _template_length(spec, table, entry)
        case ExpressionColumn(expression=expression) if (other := lone_name(expression)) is not None:
            return max_length(spec, table, other, planted=False)
        case _:
            return 36


def _number_length(entry: NumberColumn) -> int:
    return max(len(f"{bound:.{entry.scale}f}") for bound in (entry.min, entry.max))


def _template_length(spec: SeedSpec, table: str, entry: TemplateColumn) -> int:
    length = len(PART.sub("", entry.text))
    for match in PART.finditer(entry.text):
        if match[1] == "row":
            length += _ROW_DIGITS
        else:
            length += SLUG_LENGTH if match[2] else max_length(spec, table, match[1], planted=False)
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
    if (keys_of := target(spec, table, name)) is not None:
        entry: Generator = spec.tables[keys_of].columns[spec.tables[keys_of].key]
    else:
        entry = source(spec, table, name)
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
