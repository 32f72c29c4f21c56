"""An index is needless beside another of the same key, or of a key that goes on; never where it does something more."""

from __future__ import annotations

from typing import Any

import pytest

from harness.catalogue import Index
from harness.catalogue.coverage import Earlier, duplicate_of, key_of, redundant_with


def index(name: str, key: str, rest: str = "", method: str = "btree", **fields: Any) -> Index:
    values: dict[str, Any] = {
        "relation": 1,
        "name": name,
        "method": method,
        "is_unique": False,
        "is_primary": False,
        "valid": True,
        "immediate": True,
        "partial": False,
        "columns": (key.split(",")[0],),
        "constrains": False,
        "oid": hash(name),
        "definition": f"CREATE INDEX {name} ON public.t USING {method} ({key}){rest}",
    }
    return Index(**(values | fields))


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("a", ("a",)),
        ("a, b DESC", ("a", "b DESC")),
        ("lower(a), (b || ','::text)", ("lower(a)", "(b || ','::text)")),
        ('"odd, (name", b', ('"odd, (name"', "b")),
    ],
)
def test_a_key_is_read_in_its_parts(key: str, parts: tuple[str, ...]) -> None:
    found = key_of(index("i", key, " INCLUDE (c) WHERE (d > 0)"))
    assert (found.method, found.parts, found.rest) == ("btree", parts, "INCLUDE (c) WHERE (d > 0)")


def test_of_two_equal_ones_the_newer_is_the_duplicate() -> None:
    old, new = index("t_a", "a"), index("idx_a", "a")
    assert duplicate_of(new, [old, new], Earlier([old])) == "t_a"
    assert duplicate_of(old, [old, new], Earlier([old])) == ""


def test_what_a_constraint_needs_or_makes_unique_stays() -> None:
    key, plain = index("t_key", "a", is_unique=True, constrains=True), index("idx_a", "a")
    assert duplicate_of(plain, [key, plain], Earlier([plain])) == "t_key"
    assert duplicate_of(key, [key, plain], Earlier()) == ""


def test_another_table_condition_order_or_method_is_no_duplicate() -> None:
    item = index("i", "a")
    for other in (
        index("o", "a", relation=2),
        index("o", "a", " WHERE (b > 0)"),
        index("o", "a DESC"),
        index("o", "a", method="hash"),
        index("o", "a", valid=False),
    ):
        assert duplicate_of(item, [item, other], Earlier([other])) == ""


def test_a_key_that_another_goes_on_with_is_redundant() -> None:
    item, longer = index("i", "a"), index("o", "a, b")
    assert redundant_with(item, [item, longer]) == "o"
    assert redundant_with(longer, [item, longer]) == ""
    assert redundant_with(index("u", "a", is_unique=True), [longer]) == ""
    assert redundant_with(index("i", "a"), [index("o", "b, a")]) == ""
    assert redundant_with(index("i", "a"), [index("o", "a, b", " WHERE (b > 0)")]) == ""
