"""A small, safe language for values computed from the row's other columns: arithmetic, comparisons, and, or, not."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.seed.draw import Array, Floats, Mask, Rows
from harness.seed.values import Coded, Column, Flag, Moment, Number, Text, either
from harness.seed.words import TEXT

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}

_MOST_PARTS = 500
"""Names, constants, operators and what joins them: each is read from within what it stands in."""

_LARGEST = 1e300
"""Constants below this leave room to be calculated with."""


@dataclass(frozen=True)
class _Part:
    """Floats or booleans with their NULLs; strings only until they are compared."""

    values: Any
    null: Mask | None = None


def lone_name(expression: str) -> str | None:
    """The column's name where the expression is nothing else."""
    return expression.strip() if expression.strip().isidentifier() else None


def names_in(expression: str) -> tuple[str, ...]:
    """The columns that the expression reads. Raises ValueError where it is not of this language."""
    tree = parse_expression(expression)
    if (parts := sum(1 for _ in ast.walk(tree))) > _MOST_PARTS:
        raise ValueError(f"it has {parts} parts; {_MOST_PARTS} are the most that an expression can have")
    for node in ast.walk(tree):
        if not _is_allowed(node):
            raise ValueError(f"{ast.unparse(node)!r} is not allowed in an expression")
    return tuple(dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)))


_ALLOWED = (
    ast.BoolOp, ast.Name, ast.Load,
    ast.USub, ast.Not, ast.And, ast.Or, *_ARITHMETIC, *_COMPARE,
)  # fmt: skip


def _is_allowed(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=value):
            if isinstance(value, str):
                return True
            return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST
        case ast.Compare(ops=ops):
            return len(ops) == 1 and type(ops[0]) in _COMPARE
        case ast.BinOp(op=op):
            return type(op) in _ARITHMETIC
        case ast.UnaryOp(op=op):
            return isinstance(op, ast.USub | ast.Not)
        case _:
            return isinstance(node, _ALLOWED)


def parse_expression(expression: str) -> ast.expr:
    """The expression's tree. Raises ValueError where it is none."""
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"{expression!r} is no expression: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise ValueError("it is too deep to be read as an expression") from None


def evaluate(expression: str, column: Callable[[str], Column], rows: int, scale: int) -> Column:
    """The expression's value for each of `rows` rows; NULL where a column that it reads is NULL.

    A lone name is that column unchanged; numbers are rounded half away from zero to `scale` decimals; points in time
    count as seconds. Raises TypeError for values that do not go together.
    """
    tree = parse_expression(expression)
    if isinstance(tree, ast.Name):
        return column(tree.id)
    part = _value(tree, column)
    if _is_text(part.values):
        raise TypeError("an expression gives a number, or true or false; a text is a choice or a template")
    values = np.broadcast_to(part.values, rows)
    if values.dtype == np.bool_:
        return Flag(values, part.null)
    return Number(rounded(values, scale), scale, part.null)


def rounded(values: Array, scale: int) -> Rows:
    """Units of 10**-scale, half away from zero; NaN and infinities (of NULLs) become 0."""
    scaled: Array = values * 10.0**scale
    finite = np.isfinite(scaled)
    if not finite.all():
        scaled = np.where(finite, scaled, 0.0)
    return (scaled + np.copysign(0.5, scaled)).astype(np.int64)  # which cuts the decimals off


def _value(node: ast.expr, column: Callable[[str], Column]) -> _Part:
    match node:
        case ast.Constant(value=str() as text):
            return _Part(text)
        case ast.Constant(value=int() | float() as number):
            return _Part(np.float64(number))  # which divides by zero like a column
        case ast.Name(id=name):
            return _read(column(name))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _value(operand, column)
            if _is_text(inner.values) or np.asarray(inner.values).dtype == np.bool_:
                raise TypeError("only a number can have a minus before it")
            return _Part(-inner.values, inner.null)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _value(operand, column)
            if _is_text(inner.values):
                raise TypeError("texts can only be compared with == and !=")
            return _Part(~np.asarray(inner.values, dtype=np.bool_), inner.null)
        case ast.BinOp(left=left, op=op, right=right):
            return _join(_ARITHMETIC[type(op)], _value(left, column), _value(right, column))
        case ast.BoolOp(op=op, values=operands):
            combine = operator.and_ if isinstance(op, ast.And) else operator.or_
            whole = _value(operands[0], column)
            for operand in operands[1:]:
                whole = _join(combine, whole, _value(operand, column))
            return whole
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _join(_COMPARE[type(op)], _value(left, column), _value(right, column))
        case _:
            raise TypeError(f"{ast.unparse(node)!r} cannot be evaluated")


def _join(combine: Callable[[Any, Any], Any], one: _Part, other: _Part) -> _Part:
    left, right = one.values, other.values
    if _is_text(left) or _is_text(right):
        return _Part(_compare_texts(combine, left, right), either(one.null, other.null))
    with np.errstate(divide="ignore", invalid="ignore"):
        return _Part(combine(left, right), either(one.null, other.null))


def _is_text(value: Any) -> bool:
    return isinstance(value, str | Coded | Text)


def _compare_texts(combine: Callable[[Any, Any], Any], left: Any, right: Any) -> Mask:
    if combine not in (operator.eq, operator.ne):
        raise TypeError("texts can only be compared with == and !=")
    if isinstance(left, Coded) and isinstance(right, str):  # the words are compared, not the rows
        equal = np.asarray(pc.equal(left.words.array, right))[left.codes]
    else:
        equal = np.asarray(pc.equal(_arrow(left), _arrow(right)).fill_null(False))
    return equal if combine is operator.eq else ~equal


def _arrow(value: Any) -> Any:
    if not _is_text(value):
        raise TypeError("a text cannot be compared with something else")
    return pa.scalar(value, TEXT) if isinstance(value, str) else value.arrow(TEXT)


def _read(values: Column) -> _Part:
    match values:
        case Number(units=units, scale=scale):
            return _Part(_floats(units) / 10.0**scale, values.null)
        case Moment(micros=micros):
            return _Part(_floats(micros) / 1e6, values.null)
        case Flag(values=flags):
            return _Part(flags, values.null)
        case Coded(words=words) if not words.are_texts:
            raise TypeError("a list cannot be part of an expression")
        case Coded() | Text():
            return _Part(values, values.null)
        case _:
            raise TypeError("a key cannot be part of an expression")


def _floats(units: Rows) -> Floats:
    return units.astype(np.float64)
