"""Definitions of views rewritten: one thing changed, the rest as it was, names of columns kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.sqltext.nodes import columns_equated, equated
from harness.sqltext.rewrite import ViewText

TEXT = """
    SELECT a.x, (COALESCE(b.y, c.y))::varchar(5) AS y, sum(a.z) AS z
    FROM ((a LEFT JOIN b ON ((b.id = a.b_id))) LEFT JOIN c ON (((c.id = a.c_id) AND (c.live OR c.old))))
    WHERE a.k OR a.l
"""
FROM = "FROM a LEFT JOIN b ON b.id = a.b_id LEFT JOIN c ON c.id = a.c_id AND (c.live OR c.old) WHERE a.k OR a.l"
VIEW = ViewText(TEXT)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda: VIEW.sql, f"SELECT a.x AS x, COALESCE(b.y, c.y)::varchar(5) AS y, sum(a.z) AS z {FROM}"),
        (
            lambda: VIEW.with_expression(0, "lower(a.x)"),
            f"SELECT lower(a.x) AS x, COALESCE(b.y, c.y)::varchar(5) AS y, sum(a.z) AS z {FROM}",
        ),
        (
            lambda: VIEW.with_swapped(0, 1),
            f"SELECT COALESCE(b.y, c.y)::varchar(5) AS x, a.x AS y, sum(a.z) AS z {FROM}",
        ),
        (lambda: VIEW.without_column(1), f"SELECT a.x AS x, sum(a.z) AS z {FROM}"),
        (lambda: VIEW.without_fallback(1), f"SELECT a.x AS x, b.y::varchar(5) AS y, sum(a.z) AS z {FROM}"),
        (
            lambda: VIEW.with_reversed_fallback(1),
            f"SELECT a.x AS x, COALESCE(c.y, b.y)::varchar(5) AS y, sum(a.z) AS z {FROM}",
        ),
        (
            lambda: VIEW.with_function(0, "max"),
            f"SELECT a.x AS x, COALESCE(b.y, c.y)::varchar(5) AS y, max(a.z) AS z {FROM}",
        ),
    ],
)
def test_one_column_is_changed(change: Callable[[], str], expected: str) -> None:
    assert change() == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda: VIEW.with_join_kind(0, "INNER"), "FROM a JOIN b ON b.id = a.b_id LEFT JOIN c"),
        (lambda: VIEW.with_join_kind(1, "FULL"), "b.id = a.b_id FULL JOIN c"),
        (lambda: VIEW.with_join_column(VIEW.conditions[0], outer="c_id"), "LEFT JOIN b ON b.id = a.c_id"),
        (lambda: VIEW.with_join_column(VIEW.conditions[1], inner="k", outer="k"), "LEFT JOIN c ON c.k = a.k AND"),
        (lambda: VIEW.with_join_filter(0, "b.k IS NULL OR b.l"), "ON b.id = a.b_id AND (b.k IS NULL OR b.l)"),
        (lambda: VIEW.with_filter("a.m OR a.n"), "WHERE (a.k OR a.l) AND (a.m OR a.n)"),
        (lambda: VIEW.with_left_join("d AS e", "e.id = a.id"), "(c.live OR c.old) LEFT JOIN d e ON e.id = a.id WHERE"),
        (lambda: VIEW.with_limit(7), "WHERE a.k OR a.l LIMIT 7"),
        (lambda: VIEW.with_distinct_on("a.k"), "SELECT DISTINCT ON (a.k) a.x AS x"),
    ],
)
def test_rows_and_joins_are_changed(change: Callable[[], str], expected: str) -> None:
    assert expected in change()
    assert VIEW.sql.endswith(FROM), "the view's own text stays"


def test_a_union_is_read_and_changed_in_its_first_part() -> None:
    view = ViewText("SELECT a.x FROM a UNION ALL SELECT b.x FROM b")
    assert (view.is_set_operation, view.is_union_all, view.expressions) == (True, True, ("a.x",))
    assert view.with_all_removed() == "SELECT a.x AS x FROM a UNION SELECT b.x FROM b"
    assert view.with_expression(0, "1") == "SELECT 1 AS x FROM a UNION ALL SELECT b.x FROM b"


def test_columns_that_are_held_equal_are_found_wherever_they_stand() -> None:
    text = "SELECT 1 FROM a JOIN b USING (u) WHERE a.v = b.w AND a.x = 1 AND EXISTS (SELECT FROM c WHERE c.y = a.z)"
    assert columns_equated(text) == {"u", "v", "w", "y", "z"}


@pytest.mark.parametrize(
    "operator", ["= ANY (b.ids)", "= ALL (b.ids)", "IS DISTINCT FROM b.id", "IS NOT DISTINCT FROM b.id"]
)
def test_a_join_by_what_is_no_equality_has_no_key(operator: str) -> None:
    assert ViewText(f"SELECT a.x FROM a JOIN b ON a.id {operator}").conditions == ()


def test_the_sides_of_all_that_a_condition_requires_are_told() -> None:
    words = "((a.x = b.x) AND (a.y = ANY (b.ys)) AND (a.z IS DISTINCT FROM true) AND (a.n = ALL (b.ns)) AND a.live)"
    (x, y, *others) = equated(words)
    assert x is not None
    assert y is not None
    assert [(side.alias, side.column) for side in (*x, *y)] == [("a", "x"), ("b", "x"), ("a", "y"), ("", "")]
    assert y[1].aliases == {"b"}
    assert others == [None, None, None]
