"""A plan's nodes get their own share, and wrong estimates are told from nodes that were left early."""

from __future__ import annotations

from typing import Any

import pytest

from harness.plans import figures, outline, read_tree, shape
from tests.unit.plans.plans import node, scan

JOIN = node(
    "Nested Loop",
    scan("Seq Scan", "orders", rows=50, ms=2.0, pages=40, rows_removed_by_filter=950),
    scan("Index Scan", "customers", rows=1, loops=50, ms=1.0, pages=150, index_name="customers_pkey"),
    rows=50,
    ms=0.5,
)


def test_each_node_has_its_own_time_and_pages() -> None:
    tree = read_tree([{"Plan": JOIN}])
    assert [round(item.self_s * 1e3, 6) for item in tree] == [0.5, 2.0, 1.0]
    assert [item.pages for item in tree] == [0, 40, 150]
    assert [item.rows for item in tree] == [50, 50, 50]


def test_figures_add_up_what_the_scans_looked_at() -> None:
    found = figures({"Plan": JOIN, "Execution Time": 3.6, "Planning Time": 0.2, "JIT": {"Timing": {"Total": 40.0}}})
    assert (found.rows, found.rows_read, found.hit) == (50, 1050, 190)
    assert (found.execution_s, found.planning_s, found.jit_s) == (0.0036, 0.0002, 0.04)


def test_what_workers_do_side_by_side_is_counted_once() -> None:
    parallel = node("Gather", scan("Seq Scan", "orders", rows=100, loops=3, ms=30.0, workers=2), rows=300)
    parallel["Actual Total Time"] = 11.0
    gather, below = read_tree({"Plan": parallel})
    assert below.self_s == pytest.approx(0.010)
    assert gather.self_s == pytest.approx(0.001)


def test_an_estimate_off_by_ten_or_more_is_flagged_in_both_directions() -> None:
    low, high = scan("Seq Scan", "orders", rows=500, expected=10), scan("Seq Scan", "orders", rows=10, expected=500)
    assert [read_tree({"Plan": plan}).estimate_factor for plan in (low, high)] == [50.0, 50.0]
    assert "expected 10: off by 50×" in outline(read_tree({"Plan": low}))[0]


def test_a_scan_that_a_limit_leaves_early_is_not_wrongly_estimated() -> None:
    limited = node("Limit", scan("Seq Scan", "orders", rows=10, expected=5000), rows=10)
    assert figures({"Plan": limited}).worst.estimate_factor == 1.0
    sorted_first = node("Limit", node("Sort", scan("Seq Scan", "orders", rows=10, expected=5000), rows=10), rows=10)
    assert figures({"Plan": sorted_first}).worst.relation == "orders"
    assert figures({"Plan": sorted_first}).worst.estimate_factor == 500.0


def test_a_node_that_never_ran_has_no_estimate_error() -> None:
    idle = read_tree({"Plan": scan("Seq Scan", "orders", rows=0, expected=900) | {"Actual Loops": 0}})
    assert idle.estimate_factor == 1.0
    assert outline(idle) == ["Seq Scan on orders (expected 900 rows, not executed)"]


def test_two_plans_have_the_same_shape_whatever_their_figures() -> None:
    one, other = scan("Seq Scan", "orders", rows=1), scan("Seq Scan", "orders", rows=900, pages=80)
    assert shape(read_tree({"Plan": one})) == shape(read_tree({"Plan": other}))
    assert shape(read_tree({"Plan": one})) != shape(read_tree({"Plan": scan("Seq Scan", "customers")}))


def test_anything_else_than_a_plan_is_refused() -> None:
    wrong: Any
    for wrong in ("Seq Scan", [], {"Node Type": "Seq Scan"}, None):
        with pytest.raises(ValueError, match="no plan"):
            read_tree(wrong)
