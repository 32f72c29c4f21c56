"""Arithmetic and comparisons of intervals: what comes out of them as each number goes from end to end."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence

Interval = tuple[float, float]
"""The least and the most, both of them included."""

Value = Interval | str | None
"""A number's or a flag's interval, a text, or a text that is not known."""


class UnknownError(Exception):
    """The values are not known beforehand."""


def as_number(value: Value) -> Interval:
    """The value, which the evaluation would refuse if it were a text."""
    if value is None or isinstance(value, str) or not all(map(math.isfinite, value)):
        raise UnknownError
    return value


def rounded(value: Interval, scale: int) -> Interval:
    """Half away from zero, as the values are."""
    low, high = (math.copysign(math.floor(abs(end) * 10**scale + 0.5), end) / 10**scale for end in value)
    return low, high


def each_end(pick: Callable[[list[float]], float], values: Sequence[Interval]) -> Interval:
    """What `pick` picks of the lower ends, and of the upper ones."""
    return pick([low for low, _ in values]), pick([high for _, high in values])


def add(one: Interval, other: Interval) -> Interval:
    """The sum."""
    return one[0] + other[0], one[1] + other[1]


def combined(op: ast.operator, one: Interval, other: Interval) -> Interval:
    """The sum, difference, product or quotient; raises UnknownError for a division by what may be 0."""
    match op:
        case ast.Add():
            return add(one, other)
        case ast.Sub():
            return one[0] - other[1], one[1] - other[0]
        case ast.Mult():
            found = [left * right for left in one for right in other]
        case _:
            if other[0] <= 0 <= other[1]:  # how near to zero it comes is not known
                raise UnknownError
            found = [left / right for left in one for right in other]
    return min(found), max(found)


def compared(op: ast.cmpop, one: Value, other: Value) -> Interval:
    """(1, 1) where a comparison always holds, (0, 0) where it never does."""
    if isinstance(one, str) and isinstance(other, str):
        holds = (one == other) == isinstance(op, ast.Eq)
        return float(holds), float(holds)
    if one is None or other is None:
        return 0.0, 1.0
    left, right = as_number(one), as_number(other)
    if isinstance(op, ast.Gt | ast.GtE):
        left, right = right, left
    match op:
        case ast.Lt() | ast.Gt():
            always, never = left[1] < right[0], left[0] >= right[1]
        case ast.LtE() | ast.GtE():
            always, never = left[1] <= right[0], left[0] > right[1]
        case _:
            always, never = left == right and left[0] == left[1], left[1] < right[0] or right[1] < left[0]
            if isinstance(op, ast.NotEq):
                always, never = never, always
    return float(always), float(not never)
