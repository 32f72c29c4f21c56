"""Which numbers and words a column's generator can give: its own bounds, or an expression's by interval arithmetic."""

from __future__ import annotations

import ast
import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

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
    TimelineColumn,
    UuidColumn,
)
from harness.seed.draw import NORMAL_REACH
from harness.seed.expression import lone_name, parse_expression
from harness.seed.intervals import Interval, UnknownError, Value, add, as_number, combined, compared, each_end, rounded
from harness.seed.references import shown, source, target
from harness.seed.spec import Anomaly, SeedSpec, ValuesPool

Counts = Mapping[str, int]
"""Rows of each table."""

_Source = tuple[tuple[str, ...], str, str]
"""A column that is drawn, by the keys that lead to its row, its table and its name."""

_DAY_SECONDS = 86_400.0
_EXPONENTIAL_REACH = 54 * math.log(2)
"""The largest exponential draw with mean 1: from the smallest of the uniform ones."""

_MOST_CORNERS = 1024


def anomalies_at(spec: SeedSpec, table: str, name: str) -> list[Anomaly]:
    """The anomalies that the specification plants in a column."""
    return [item for item in spec.anomaly if item.table == table and name in item.columns]


def origin(spec: SeedSpec, table: str, name: str) -> tuple[str, str, Generator]:
    """Table, column and generator of the keys that a column holds, or of the values that it shows."""
    holder = target(spec, table, name)
    table, name = shown(spec, table, name)[-1] if holder is None else (holder, spec.tables[holder].key)
    return table, name, spec.tables[table].columns[name]


def rows_shown(spec: SeedSpec, counts: Counts, table: str, name: str) -> int:
    """Of so many rows a column can show the key or the value; orphans point behind the last one."""
    orphans = any(item.kind == "orphan" for item in anomalies_at(spec, table, name))
    return counts[origin(spec, table, name)[0]] + (ORPHANS if orphans else 0)


def choices(spec: SeedSpec, table: str, name: str) -> set[str]:
    """The words that a column of kind choice (or a pool of given values) can have; empty for other kinds."""
    return set(_words(spec, source(spec, table, name)))


def _words(spec: SeedSpec, entry: Generator) -> Sequence[str]:
    match entry:
        case ChoiceColumn(weights=weights, cases=cases):
            return list(dict.fromkeys([*weights, *(word for case in cases.values() for word in case)]))
        case PoolColumn(pool=pool) if isinstance(given := spec.pools[pool], ValuesPool):
            return given.values
        case _:
            return ()


def number_range(spec: SeedSpec, counts: Counts, table: str, name: str) -> Interval | None:
    """The least and the most that a column of whole or decimal numbers can have, anomalies in its own cells included;
    None where that is not known beforehand or the column has none."""
    made_in, made_as, entry = origin(spec, table, name)
    added = sum(abs(item.amount) for item in anomalies_at(spec, table, name) if item.kind == "off_by")
    match entry:
        case SequenceColumn(start=start, prefix="", width=0):
            return start - added, start + rows_shown(spec, counts, table, name) - 1 + added
        case NumberColumn(min=least, max=most, scale=scale):
            return round(least, scale) - added, round(most, scale) + added
        case ExpressionColumn() if (found := expression_range(spec, counts, made_in, made_as)) is not None:
            return found[0] - added, found[1] + added
        case _:
            return None


def expression_range(spec: SeedSpec, counts: Counts, table: str, name: str) -> Interval | None:
    """What an expression reaches as the columns that it reads go from end to end; None where that is not known.

    A column that is read more than once is held at each of its ends, a text at each of its words, and the others vary:
    so each bound is one that rows can have, and what lies between the ends of such a column is left out.
    """
    free = _Box(spec, counts, {})
    try:
        free.column((), table, name)
        held = {one: ends for one, ends in free.ends.items() if free.reads[one] > 1 or isinstance(ends[0], str)}
        if None in itertools.chain(*held.values()) or math.prod(map(len, held.values())) > _MOST_CORNERS:
            return None
        corners = [dict(zip(held, values, strict=True)) for values in itertools.product(*held.values())]
        found = [as_number(_Box(spec, counts, corner).column((), table, name)) for corner in corners]
    except UnknownError:
        return None
    return min(low for low, _ in found), max(high for _, high in found)


def is_flag(spec: SeedSpec, table: str, node: ast.expr) -> bool:
    """Whether an expression over a table's columns is true or false."""
    match node:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BinOp(left=left, op=ast.Add() | ast.Mult(), right=right):
            return is_flag(spec, table, left) and is_flag(spec, table, right)
        case ast.Name(id=name):
            made_in, made_as = shown(spec, table, name)[-1]
            entry = spec.tables[made_in].columns[made_as]
            return isinstance(entry, ExpressionColumn) and is_flag(spec, made_in, parse_expression(entry.expression))
        case _:
            return False


@dataclass
class _Box:
    """The values that the columns of a row can have, some of them held at one."""

    spec: SeedSpec
    counts: Counts
    held: Mapping[_Source, Value]
    reads: Counter[_Source] = field(default_factory=Counter)
    ends: dict[_Source, list[Value]] = field(default_factory=dict)

    def column(self, path: tuple[str, ...], table: str, name: str) -> Value:
        """The values of a column of the row to which the keys lead. Raises UnknownError."""
        entry = self.spec.tables[table].columns[name]
        if entry.nulls == 1:
            raise UnknownError
        match entry:
            case CopyColumn(through=through, column=column):
                parent = target(self.spec, table, through)
                assert parent is not None
                return self.column((*path, table, through), parent, column)
            case ExpressionColumn(expression=expression, scale=scale):
                value = self.value(parse_expression(expression), path, table)
                return value if lone_name(expression) else rounded(as_number(value), scale)
            case AfterColumn(column=column):
                return add(
                    as_number(self.column(path, table, column)), as_number(self._drawn((path, table, name), entry))
                )
            case _:
                return self._drawn((path, table, name), entry)

    def _drawn(self, place: _Source, entry: Generator) -> Value:
        self.reads[place] += 1
        if place in self.held:
            return self.held[place]
        if words := _words(self.spec, entry):
            self.ends[place] = list(words)
            return None
        value = _interval(entry, self.counts[place[1]])
        self.ends[place] = [None] if value is None else [(end, end) for end in dict.fromkeys(value)]
        return value

    def value(self, node: ast.expr, path: tuple[str, ...], table: str) -> Value:
        """What a part of an expression can be."""
        match node:
            case ast.Constant(value=str() as text):
                return text
            case ast.Constant(value=int() | float() as number):
                return float(number), float(number)
            case ast.Name(id=name):
                return self.column(path, table, name)

        def part(inner: ast.expr) -> Interval:
            return as_number(self.value(inner, path, table))

        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                low, high = part(operand)
                return -high, -low
            case ast.UnaryOp(operand=operand):
                low, high = part(operand)
                return 1 - high, 1 - low
            case ast.BinOp(left=left, op=ast.Add(), right=right) if is_flag(self.spec, table, node):
                return each_end(max, [part(left), part(right)])
            case ast.BinOp(left=left, op=op, right=right):
                return combined(op, part(left), part(right))
            case ast.BoolOp(op=op, values=operands):
                return each_end(min if isinstance(op, ast.And) else max, [part(operand) for operand in operands])
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return compared(op, self.value(left, path, table), self.value(right, path, table))
        raise UnknownError


def _interval(entry: Generator, rows: int) -> Interval | None:
    """The numbers that a generator draws, points in time as seconds; None for texts."""
    match entry:
        case NumberColumn(distribution="lognormal", min=least, max=most, scale=scale):
            far = math.exp(entry.sigma * NORMAL_REACH)
            return rounded(
                (max(least, min(most, entry.median / far)), max(least, min(most, entry.median * far))), scale
            )
        case NumberColumn(min=least, max=most, scale=scale):
            return rounded((least, most), scale)
        case SequenceColumn(start=start, prefix="", width=0):
            return start, start + rows - 1
        case TimelineColumn(first=first, last=last):
            return _seconds(first), _seconds(last)
        case AfterColumn(min_days=least, mean_days=mean, max_days=most):
            return least * _DAY_SECONDS, min(most, least + mean * _EXPONENTIAL_REACH) * _DAY_SECONDS
        case UuidColumn() | ParentColumn() | PreviousColumn():
            raise UnknownError
        case _:
            return None


def _seconds(day: date) -> float:
    return (day - date(1970, 1, 1)).days * _DAY_SECONDS
