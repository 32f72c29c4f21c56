"""Expressions over a row's columns."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from harness.seed.expression import evaluate, lone_name, names_in
from harness.seed.values import Coded, Column, Flag, Moment, Number, Text
from harness.seed.words import Words
from tests.unit.seed.tiny import plain

NULL_LAST = np.array([False, False, True])
COLUMNS: dict[str, Column] = {
    "price": Number(np.array([1050, 200, 300]), 2, NULL_LAST),
    "count": Number(np.array([3, -4, 5])),
    "state": Coded(np.array([0, 1, 1]), Words(pa.array(["open", "done"])), NULL_LAST),
    "name": Text.of(pa.array(["a", "b", None])),
    "at": Moment(np.array([0, 3_600_000_000, 7_200_000_000])),
    "good": Flag(np.array([True, False, True])),
}


def value(expression: str, scale: int = 2) -> list[Any]:
    return plain(evaluate(expression, COLUMNS.__getitem__, 3, scale))


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("price * count", [Decimal("31.50"), Decimal("-8.00"), None]),
        ("-count + 1", [Decimal("-2.00"), Decimal("5.00"), Decimal("-4.00")]),
        ("count / 3", [Decimal("1.00"), Decimal("-1.33"), Decimal("1.67")]),
        ("at / 3600", [Decimal("0.00"), Decimal("1.00"), Decimal("2.00")]),
        ("price", [Decimal("10.50"), Decimal("2.00"), None]),
        ("state == 'open'", [True, False, None]),
        ("state != 'open'", [False, True, None]),
        ("name == 'b'", [False, True, None]),
        ("price > 5 and not good", [False, False, None]),
        ("count < 0 or good", [True, True, True]),
        ("(state == 'open') * count", [Decimal("3.00"), Decimal("0.00"), None]),
        ("7", [Decimal("7.00")] * 3),
        ("7 / 0 + 0 / 0", [Decimal("0.00")] * 3),
    ],
)
def test_values(expression: str, wanted: list[Any]) -> None:
    assert value(expression) == wanted


def test_halves_are_rounded_away_from_zero() -> None:
    assert value("count / 2", scale=0) == [2, -2, 3]


def test_the_columns_that_it_reads_are_known_in_order() -> None:
    assert names_in("b + a * b > 3") == ("b", "a")
    assert lone_name(" price ") == "price"
    assert lone_name("price + 0") is None


@pytest.mark.parametrize(
    "expression", ["f(x)", "x.y", "x[0]", "lambda: 1", "x +", "1 < x < 2", "x == None", "x ** 9", "'a' in x", "[x]"]
)
def test_anything_else_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"is not allowed in an expression|is no expression"):
        names_in(expression)


@pytest.mark.parametrize("expression", ["name > 'a'", "name + 1 == 2", "good and 5"])
def test_values_that_do_not_go_together_are_refused(expression: str) -> None:
    with pytest.raises(TypeError):
        value(expression)
