"""What an expression reaches is known beforehand where it can be, and nothing is refused that cannot happen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ScenarioError
from harness.seed import check_spec
from harness.seed.ranges import expression_range
from harness.seed.scale import row_counts
from tests.unit.seed.test_spec_errors import catalogue
from tests.unit.seed.tiny import plain, shop_spec, world

SCALE = 1000
COLUMNS: dict[str, dict[str, Any]] = {
    "a": {"kind": "number", "min": 2, "max": 10},
    "b": {"kind": "number", "min": -3, "max": 5},
    "rate": {"kind": "number", "min": 0, "max": 0.5, "scale": 2},
    "c": {"kind": "number", "distribution": "lognormal", "median": 10, "sigma": 0.5, "min": 1, "max": 1_000_000},
    "number": {"kind": "sequence", "start": 100},
    "half": {"kind": "expression", "expression": "a / 2", "scale": 0},
    "big": {"kind": "expression", "expression": "a > 5"},
    "never": {"kind": "number", "max": 10, "nulls": 1},
    "money": {"kind": "choice", "weights": {"EUR": 1, "USD": 1}},
    "word": {"kind": "pool", "pool": "name"},
}


def changes(expression: str, scale: int = 2, **more: Any) -> dict[str, Any]:
    probe = {"kind": "expression", "expression": expression, "scale": scale}
    helpers = {name: {**entry, "stored": False} for name, entry in {**COLUMNS, **more}.items()}
    return {f"tables__sale__columns__{name}": entry for name, entry in {**helpers, "probe": probe}.items()}


def reached(expression: str, **more: Any) -> tuple[float, float] | None:
    spec = shop_spec(**changes(expression, **more))
    return expression_range(spec, row_counts(spec, SCALE), "sale", "probe")


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("a * b", (-30, 50)),
        ("a - b", (-3, 13)),
        ("-a + 1", (-9, -1)),
        ("b / a", (-1.5, 2.5)),
        ("a / b", None),
        ("a / (b * 0)", None),
        ("number * 2", (200, 2198)),
        ("half * 3", (3, 15)),
        ("lines * half", (1, 45)),
        ("a - a", (0, 0)),
        ("a - a * rate", (1, 10)),
        ("a * (a > 5) * 2", (0, 20)),
        ("(a > 5) * b", (-3, 5)),
        ("big * b", (-3, 5)),
        ("((a > 5) + (c > 3)) * b", (-3, 5)),
        ("(money == 'EUR') * a * 3 + (money == 'USD') * c", (1, 74)),
        ("(money == 'SEK') * a", (0, 0)),
        ("(money != 'SEK') * a", (2, 10)),
        ("(word == 'Smith') * a", (0, 10)),
        ("(word == 'Smith') * a + (word == 'Jones') * a", None),
        ("never * 9", None),
        ("(made_at - born_at) / 86400", (0, 1462)),
        ("(made_at - before_at) / 86400", (-30, -1)),
        ("a * 0 + 0.005", (0.01, 0.01)),
        ("a > 3 and b < 9 or not big", (1, 1)),
    ],
)
def test_an_expression_goes_from_end_to_end(expression: str, wanted: tuple[float, float] | None) -> None:
    more: dict[str, Any] = {
        "born_at": {"kind": "timeline", "first": "2019-12-31", "last": "2020-01-01"},
        "before_at": {"kind": "after", "column": "made_at", "min_days": 1, "max_days": 30, "mean_days": 5},
    }
    assert reached(expression, **more) == (None if wanted is None else pytest.approx(wanted))


def test_copies_of_other_tables_rows_are_followed() -> None:
    lines = {"kind": "copy", "through": "sale_id", "column": "lines"}
    total = {"kind": "expression", "expression": "_lines * 1000", "scale": 0}
    spec = shop_spec(tables__line__columns___lines=lines, tables__line__columns__total=total)
    assert expression_range(spec, row_counts(spec, SCALE), "line", "total") == (1000, 9000)


_NAMES = st.sampled_from(["a", "b", "rate", "c", "number", "half", "lines", "3", "0.5", "(money == 'EUR')", "(a > b)"])
_EXPRESSIONS = st.recursive(
    _NAMES, lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
)


@settings(max_examples=60, deadline=None)
@given(_EXPRESSIONS.filter(lambda text: all(text.count(name) <= 1 for name in ("a", "b", "half", "money"))))
def test_no_row_lies_outside(expression: str) -> None:
    """Of an expression that reads each column once; one that reads it twice may go further between the ends."""
    text = f"{expression} + 0"
    try:
        found = reached(text)
        values = plain(world(SCALE, **changes(text)).frame("sale", np.arange(SCALE)).column("probe"))
    except ScenarioError:  # true and false cannot be subtracted
        return
    read_once = all(text.count(name) <= 1 for name in ("rate", "c", "number", "lines"))
    if found is not None and read_once:
        assert found[0] - 0.01 <= float(min(values))
        assert float(max(values)) <= found[1] + 0.01


@pytest.mark.parametrize(
    ("expression", "scale", "kind", "reason"),
    [
        ("number * 10000000", 0, "int", "its generator gives up to 10990000000, the column holds less than"),
        ("number * 1000", 0, "int", ""),
        ("number * 1000", 0, "smallint", "up to 1099000, the column holds less than 32768"),
        ("b * 10922 - 2", 0, "int2", "up to 54608"),
        ("-a * 3276 - 8", 0, "int2", ""),
        ("-a * 3276 - 9", 0, "int2", "up to 32769, the column holds less than 32768"),
        ("a * 99.9999", 2, "numeric(5,2)", "up to 1000, the column holds less than 1e3"),
        ("a * 99.999", 2, "numeric(5,2)", ""),
        ("a / b", 2, "numeric(3,2)", ""),
        ("a * 1e18", 2, "numeric", "up to 1e+19 with 2 decimals; 18 digits in all"),
        ("a * 1e16", 2, "float8", "18 digits in all"),
        ("a * 9e14", 2, "float8", ""),
        ("number + 1", 0, "boolean", "does not give values of type bool"),
        ("number + 1 > 3", 0, "int", "does not give values of type int4"),
        ("(a > 3) * (b > 3)", 0, "int", "does not give values of type int4"),
        ("(a > 3) * b", 0, "int", ""),
        ("big", 2, "boolean", ""),
        ("big", 2, "numeric(9,2)", "does not give values of type numeric"),
        ("a * c", 2, "numeric(4,1)", "2 decimals, the column holds 1"),
        ("c * c", 2, "numeric(8,2)", ""),
        ("10" * 160, 2, "float8", "is not allowed in an expression"),
    ],
)
def test_a_result_that_the_column_cannot_hold_is_named(expression: str, scale: int, kind: str, reason: str) -> None:
    fits = catalogue(("lines int", f"lines int, probe {kind}"))
    if not reason:
        check_spec(shop_spec(**changes(expression, scale)), fits, SCALE)
        return
    with pytest.raises(ScenarioError) as caught:
        check_spec(shop_spec(**changes(expression, scale)), fits, SCALE)
    assert str(caught.value).startswith("shop.toml: tables.sale.columns.probe: ")
    assert reason in str(caught.value)


def test_the_digits_of_an_expression_count_in_a_text() -> None:
    more: dict[str, Any] = {"tables__sale__columns__label": {"kind": "template", "text": "no. {probe}"}}
    narrow = catalogue(("lines int", "lines int, probe numeric(8,2), label varchar(10)"))
    check_spec(shop_spec(**changes("number * 1", 2), **more), narrow, SCALE // 2)
    with pytest.raises(ScenarioError, match=r"columns.label: its generator gives up to 11 characters"):
        check_spec(shop_spec(**changes("number * 1", 2), **more), narrow, SCALE)


def test_the_words_of_lists_must_fit() -> None:
    wide = catalogue(("tags text[]", "tags varchar(6)[]"))
    check_spec(shop_spec(), wide, SCALE)
    with pytest.raises(ScenarioError, match=r"columns.tags: its generator gives words of up to 6 characters, .* 5"):
        check_spec(shop_spec(), catalogue(("tags text[]", "tags varchar(5)[]")), SCALE)
