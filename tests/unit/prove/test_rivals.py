"""Who catches what: a rival's reports held against those of the undamaged migration, and summed up by class."""

from __future__ import annotations

from harness.verify.kinds import KINDS
from tests.benchmarks.battery import PAGE, Row, as_markdown, catchers, sections, summed

UNDAMAGED = {
    ("joindiff", "a"): "[]",
    ("hashdiff", "a"): "[]",
    ("pandas", "a"): "5 rows",
    ("polars", "a"): "5 rows",
    ("polars", "b"): "TypeError: no such type",
}


def test_a_rival_catches_what_it_reports_otherwise_and_reladiff_what_either_algorithm_does() -> None:
    assert catchers(UNDAMAGED, UNDAMAGED) == frozenset()
    assert catchers(UNDAMAGED, UNDAMAGED | {("hashdiff", "a"): "['+']"}) == {"hashdiff", "reladiff"}
    assert catchers(UNDAMAGED, {("pandas", "a"): "4 rows", ("polars", "a"): "KeyError: a"}) == {"pandas", "polars"}
    assert catchers(UNDAMAGED, {("polars", "b"): "TypeError: no such type"}) == frozenset()
    assert catchers(UNDAMAGED, {}) == frozenset()


def test_every_kind_that_may_be_planted_has_its_class() -> None:
    found = sections(PAGE.read_text(encoding="utf-8"))
    assert found.keys() >= KINDS.keys()
    assert (found["value_differs"], found["row_missing"]) == ("Values", "Rows")


def test_the_sums_are_by_class_and_in_all() -> None:
    rows = [
        Row("Rows", "one row left out", 1, frozenset({"bench", "reladiff", "joindiff", "pandas"})),
        Row("Rows", "a row more", 1, frozenset({"reladiff", "hashdiff"})),
        Row("Rights", "a right given", 0, frozenset({"bench"})),
    ]
    sums = summed(rows)
    assert list(sums) == ["Rows", "Rights", "all"]
    assert sums["Rows"] == {
        "defects": 2, "given": 2, "bench": 1, "reladiff": 2, "joindiff": 1, "hashdiff": 1, "pandas": 1, "polars": 0,
    }  # fmt: skip
    assert (sums["all"]["defects"], sums["all"]["given"], sums["all"]["bench"]) == (3, 2, 2)
    table = as_markdown(sums).splitlines()
    assert table[0] == "| class | defects | given | bench | reladiff | joindiff | hashdiff | pandas | polars |"
    assert table[-1] == "| all | 3 | 2 | 2 | 2 | 1 | 1 | 1 | 0 |"
