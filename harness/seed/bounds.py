"""What a column's generator can give at most: NULL, how long a text, which words, which type."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from harness.seed.anomalies import SOURCE_KINDS
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
from harness.seed.expression import lone_name, parse_expression
from harness.seed.generate import PART
from harness.seed.intervals import Interval
from harness.seed.ranges import Counts, anomalies_at, choices, expression_range, is_flag, origin, rows_shown
from harness.seed.references import Problems, near, nodes, passing_columns, shown, target
from harness.seed.spec import FakerPool, ListsPool, ProsePool, SeedSpec, ValuesPool
from harness.seed.words import SLUG_LENGTH


def nullable(spec: SeedSpec, table: str, name: str, planted: bool = True) -> bool:
    """Whether a column can come out NULL; `planted` counts the NULLs that anomalies put into its own cells."""
    entry = spec.tables[table].columns[name]
    if planted and any(item.kind in ("null_parent", "missing") for item in anomalies_at(spec, table, name)):
        return True
    if entry.nulls or entry.when or entry.kind == "previous":
        return True
    if isinstance(entry, CopyColumn) and (parent := target(spec, table, entry.through)):
        return nullable(spec, table, entry.through, False) or nullable(spec, parent, entry.column, False)
    return any(nullable(spec, table, other, False) for other in passing_columns(entry))


def max_length(spec: SeedSpec, counts: Counts, table: str, name: str, planted: bool = True) -> int:
    """The most characters that a column's text can have; `planted` counts what anomalies do to its own cells."""
    length = _made_length(spec, counts, table, name)
    for item in anomalies_at(spec, table, name):
        if item.kind == "odd_text":
            length = max(length, pool_length(spec, item.pool))
        elif item.kind == "at_limit":
            length = max(length, item.length)
        elif planted and item.kind == "padded":
            length += item.length
        elif planted and item.kind == "foreign_word":
            length = max(length, *map(len, item.words))
        elif planted and item.kind == "orphan" and isinstance(key := origin(spec, table, name)[2], SequenceColumn):
            length = max(length, _sequence_length(key, rows_shown(spec, counts, table, name)))
    return length


def _made_length(spec: SeedSpec, counts: Counts, table: str, name: str) -> int:
    entry = spec.tables[table].columns[name]
    match entry:
        case PoolColumn(pool=pool):
            return pool_length(spec, pool)
        case ChoiceColumn():
            return max(map(len, choices(spec, table, name)))
        case SequenceColumn():
            return _sequence_length(entry, counts[table])
        case NumberColumn(min=least, max=most, scale=scale):
            return _digits((least, most), scale)
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
        case ExpressionColumn(scale=scale) if (found := expression_range(spec, counts, table, name)) is not None:
            return _digits(found, scale)
        case _:
            return 36


def _sequence_length(entry: SequenceColumn, rows: int) -> int:
    return len(entry.prefix) + max(entry.width, *(len(str(entry.start + row)) for row in (0, rows - 1)))


def _digits(ends: Interval, scale: int) -> int:
    return max(len(f"{end:.{scale}f}") for end in ends)


def _template_length(spec: SeedSpec, counts: Counts, table: str, entry: TemplateColumn) -> int:
    length = len(PART.sub("", entry.text))
    for match in PART.finditer(entry.text):
        if match[1] == "row":
            length += len(str(counts[table]))
        else:
            length += SLUG_LENGTH if match[2] else max_length(spec, counts, table, match[1], planted=False)
    return length if entry.max_length is None else min(length, entry.max_length)


def pool_length(spec: SeedSpec, name: str) -> int:
    """The most characters that a word of the pool, or of one of its lists, can have."""
    match spec.pools[name]:
        case ValuesPool(values=values):
            return max(map(len, values))
        case FakerPool(max_length=length) | ProsePool(max_length=length):
            return length
        case ListsPool(words=words):
            return pool_length(spec, words)


def idle_words(spec: SeedSpec) -> Problems:
    """Values that `when` and `cases` wait for in a column that never has them, as far as its words are known."""
    for table, name in nodes(spec):
        entry = spec.tables[table].columns[name]
        waited = dict(entry.when)
        if isinstance(entry, ChoiceColumn) and entry.by is not None:
            waited[entry.by] = (*waited.get(entry.by, ()), *entry.cases)
        for other, wanted in waited.items():
            known = choices(spec, table, other)
            anomalies = [item for node in shown(spec, table, other) for item in anomalies_at(spec, *node)]
            altered = any(item.kind in SOURCE_KINDS for item in anomalies)
            for word in wanted if known and not altered else ():
                if word not in known:
                    yield f"tables.{table}.columns.{name}", f"{other} is never {word!r}{near(word, known)}"


def tells_rows(spec: SeedSpec, table: str, name: str) -> bool:
    """Whether a column's values have one text, here and in the database: keys, texts and whole numbers do."""
    entry = origin(spec, table, name)[2]
    if isinstance(entry, PoolColumn):
        return not isinstance(spec.pools[entry.pool], ListsPool)
    return isinstance(entry, UuidColumn | SequenceColumn | ChoiceColumn | TemplateColumn) or (
        isinstance(entry, NumberColumn) and entry.scale == 0
    )


def gives(spec: SeedSpec, table: str, name: str, wanted: pa.DataType) -> bool:
    """Whether a column's values can be stored as the Arrow type."""
    made_in, _, entry = origin(spec, table, name)
    return any(fits(wanted) for fits in _forms(spec, made_in, entry))


def _forms(spec: SeedSpec, table: str, entry: Generator) -> tuple[Callable[[pa.DataType], bool], ...]:
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
        case ExpressionColumn(expression=expression) if is_flag(spec, table, parse_expression(expression)):
            return (pa.types.is_boolean,)
        case ExpressionColumn(scale=scale):
            return whole if scale == 0 else whole[1:]
        case _:
            return (pa.types.is_string_view, pa.types.is_string)
