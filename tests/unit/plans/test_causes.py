"""Each rule finds its cause, in the direction of the verdict, and only the remedy that is certain is offered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.plans import Facts, IndexColumns, derive_causes, plan_changes
from harness.result import PlanChange
from tests.unit.plans.plans import node, record, scan

NAMES = (("orders", "orders_made"), ("orders", "orders"), ("orders", "made"), ("old.orders", "orders_made"))
LIST = scan("Index Scan", "orders", rows=50, ms=1.0, pages=50, index_name="orders_made")


def causes(verdict: Any, old: Any, new: Any, facts: Facts | None = None, **top: Any) -> list[tuple[str, str]]:
    found = derive_causes(
        verdict, [record(old)], [record(new, "after", **top)], facts or Facts(planned_anew=(0.0, 0.0))
    )
    return [(item.kind, item.sentence) for item in found]


def joined(inner: Any, rows: int = 50) -> Any:
    return node("Nested Loop", LIST, inner, rows=rows, ms=0.5)


def test_a_table_more_is_named_with_its_method_and_how_often() -> None:
    inner = scan("Index Scan", "customers", rows=1, loops=50, ms=2.0, pages=150, index_name="customers_pkey")
    assert causes("slower", LIST, joined(inner))[0] == (
        "tables_added",
        "reads 1 more table: customers (Index Scan using customers_pkey, 50 times, 50 rows)",
    )
    assert causes("faster", joined(inner), LIST)[0][1].startswith("reads 1 table fewer: customers")


def test_another_method_is_told_with_the_rows_of_both() -> None:
    whole = scan("Seq Scan", "orders", rows=50, ms=30.0, pages=4000, rows_removed_by_filter=99_950)
    assert causes("slower", LIST, whole)[0] == (
        "scan_method",
        "reads orders by Seq Scan, 100,000 rows, where the old plan read it by Index Scan using orders_made, 50 rows",
    )
    made = {name: Facts(new_indexes=frozenset({name}), planned_anew=(0.0, 0.0)) for name in NAMES}
    sentences = {name: causes("faster", whole, LIST, facts)[0][1] for name, facts in made.items()}
    told = {name for name, words in sentences.items() if "(an index that the migration made)" in words}
    assert told == {("orders", "orders_made")}


def test_a_sort_in_place_of_an_ordered_index_is_told() -> None:
    sort = node("Limit", node("Sort", scan("Seq Scan", "orders", rows=100_000, ms=20.0), rows=50, ms=40.0), rows=50)
    assert ("sort", "sorts 100,000 rows where the old plan read an index in order") in causes(
        "slower", node("Limit", LIST, rows=50), sort
    )


def test_an_index_that_gave_no_order_is_not_told_as_read_in_order() -> None:
    sort = node("Sort", scan("Seq Scan", "orders", rows=100_000, ms=20.0), rows=50, ms=40.0)
    none = ("sort", "sorts 100,000 rows, the old plan none")
    names = scan("Index Scan", "customers", rows=1, loops=50, ms=1.0, index_name="customers_pkey")
    beside = node("Nested Loop", scan("Seq Scan", "orders", rows=50, ms=1.0), names, rows=50)
    assert none in causes("slower", beside, sort), "found by its key, and in the order of what refers to it"
    hashed = node("Hash Join", LIST, node("Hash", names, rows=50), rows=50, ms=0.5)
    assert none in causes("slower", hashed, sort), "a hash join keeps no order"
    merged = node("Merge Join", sort, names, rows=50, ms=0.5)
    assert none in causes("slower", LIST, merged), "sorted to be joined, not for the result"
    assert ("sort", "sorts 100,000 rows where the old plan read an index in order") in causes("slower", LIST, sort)


def test_spills_and_jit_have_their_amounts() -> None:
    sort = node("Sort", LIST, rows=50, ms=90.0, temp=384)
    assert ("spill", "spills 3.00 MiB to disk, the old plan nothing") in causes("slower", LIST, sort)
    compiled = causes("slower", LIST, LIST | {"Actual Total Time": 40.0}, JIT={"Timing": {"Total": 39.0}})
    assert compiled[0] == ("jit", "is now JIT-compiled: 39.0 ms")


def test_pages_are_fewer_because_rows_are_narrower_only_where_they_are() -> None:
    old, new = (scan("Seq Scan", "orders", rows=900, ms=ms, pages=pages) for ms, pages in ((9.0, 100), (8.0, 91)))
    narrower = Facts(row_bytes={"orders": (400.0, 364.0)}, planned_anew=(0.0, 0.0))
    assert causes("faster", old, new)[0] == ("pages_of_table", "reads 9.0 % fewer pages of orders for the same rows")
    assert causes("faster", old, new, narrower)[0][1].endswith("they are narrower (364 bytes each, not 400)")


def test_planning_counts_as_often_as_it_happens() -> None:
    inner = scan("Index Scan", "customers", rows=1, ms=0.02)
    always = causes("slower", LIST, joined(inner), Facts(planned_anew=(1.0, 1.0)), planning_ms=5.0)
    assert always[0] == ("planning", "planning takes 5.00 ms, of the old form 0.10 ms")
    assert "planning" not in dict(
        causes("slower", LIST, joined(inner), Facts(planned_anew=(0.0, 0.0)), planning_ms=5.0)
    )


def test_a_write_says_how_many_rows_it_spares() -> None:
    def update(table: str, rows: int, ms: float) -> Any:
        return scan("ModifyTable", table, rows=0, ms=ms) | {"Plans": [scan("Seq Scan", table, rows=rows)]}

    old = [record(update("orders", 130, 9.0)), record(update("customers", 1, 0.1))]
    found = derive_causes("faster", old, [record(update("customers", 1, 0.1), "after")], Facts(planned_anew=(0.0, 0.0)))
    assert found[0].sentence == "writes 1 row in customers, the old form 131 in orders and customers"


def test_what_moves_the_time_the_other_way_is_no_cause() -> None:
    inner = scan("Index Scan", "customers", rows=1, loops=50, ms=2.0, pages=150)
    faster_all_the_same = causes("faster", scan("Seq Scan", "orders", rows=50, ms=90.0, pages=4000), joined(inner))
    assert [kind for kind, _ in faster_all_the_same] == ["scan_method", "pages"]


def test_plans_that_do_the_same_explain_nothing_and_say_so() -> None:
    assert causes("slower", LIST, LIST) == [("unexplained", "the plans do the same work: nothing in them explains it")]


def test_a_plan_that_did_not_run_yields_no_cause_and_no_difference() -> None:
    failed = [replace(record(LIST, "after"), error="timed out")]
    assert derive_causes("slower", [record(LIST)], failed, Facts()) == ()
    assert plan_changes([record(LIST)], failed) == ()


def hash_join(kept: int, condition: str = "(o.tag = c.code)", kind: str = "Inner") -> Any:
    inner = scan("Seq Scan", "customers", rows=20_000, ms=5.0, pages=300)
    return node("Hash Join", LIST, node("Hash", inner, rows=20_000), rows=kept, hash_cond=condition, join_type=kind)


def test_a_join_key_without_index_whose_table_is_read_whole_gets_its_statement() -> None:
    (found,) = [
        item for item in derive_causes("slower", [record(LIST)], [record(hash_join(50))], Facts()) if item.remedy
    ]
    assert found.remedy == 'CREATE INDEX ON "public"."customers" ("code");'
    assert found.sentence == "reads all 20,000 rows of customers to join on code, which no index leads"


def test_no_index_is_offered_that_is_there_or_that_would_not_help() -> None:
    there = Facts(indexes=(IndexColumns("public", "customers", ("code", "name")),))
    filtered = scan("Seq Scan", "customers", rows=50, ms=5.0, rows_removed_by_filter=19_950)
    driving = node("Hash Join", filtered, node("Hash", LIST, rows=50), rows=50, hash_cond="(o.id = c.order_id)")
    many = node(
        "Hash Join", LIST | {"Actual Rows": 15_000}, hash_join(50)["Plans"][1], rows=50, hash_cond="(o.a = c.b)"
    )
    unequal = hash_join(50, "(o.tag < c.code)")
    for new, facts in (
        (hash_join(50), there),
        *((new, Facts()) for new in (hash_join(19_000), unequal, driving, many)),
    ):
        assert not [item for item in derive_causes("slower", [record(LIST)], [record(new)], facts) if item.remedy]


def remedies(new: Any, facts: Facts | None = None) -> list[str]:
    found = derive_causes("slower", [record(LIST)], [record(new, "after")], facts or Facts())
    return [item.remedy for item in found if item.remedy]


def parallel(inner: Any, ran: int = 1) -> Any:
    """What three processes do, as often as the Gather above them runs."""
    return node("Gather", inner, rows=inner["Actual Rows"] * 3, loops=ran)


def test_a_scan_that_processes_share_is_told_as_one() -> None:
    shared = scan("Seq Scan", "customers", rows=0, loops=3, ms=30.0, rows_removed_by_filter=20_000, parallel_aware=True)
    keyed = shared | {"Filter": "(c.code = 'c7'::text)"}
    new = joined(parallel(keyed))
    assert causes("slower", LIST, new)[0][1] == "reads 1 more table: customers (Seq Scan, 60,000 rows)"
    (found,) = [item for item in derive_causes("slower", [record(LIST)], [record(new)], Facts()) if item.remedy]
    assert found.sentence == "reads all 60,000 rows of customers to find those of one code, which no index leads"
    again = joined(parallel(keyed | {"Actual Loops": 6}, ran=2))
    assert causes("slower", LIST, again)[0][1].endswith("customers (Seq Scan, 2 times, 120,000 rows)")
    each = joined(parallel(keyed | {"Parallel Aware": False}))
    assert causes("slower", LIST, each)[0][1].endswith("customers (Seq Scan, 3 times, 60,000 rows)")


def test_a_cte_that_stands_before_a_joins_sides_is_neither_of_them() -> None:
    cte = scan("Seq Scan", "lines", rows=30_000, parent_relationship="InitPlan", subplan_name="CTE l")
    with_cte = hash_join(50)
    with_cte["Plans"].insert(0, cte)
    assert remedies(with_cte) == remedies(hash_join(50)) == ['CREATE INDEX ON "public"."customers" ("code");']
    ordered = node("Sort", cte, LIST, rows=50, ms=40.0)
    assert "sorts 50 rows where" in dict(causes("slower", LIST, ordered))["sort"]


@pytest.mark.parametrize(
    "condition",
    [
        "(lower(o.tag) = lower(c.code))",
        "(o.tag = lower(c.code))",
        "((o.number + 1) = (c.number + 1))",
        "((o.tag)::text = (c.number)::text)",
        "(o.total = (c.number)::numeric)",
        "((o.tag = c.code) OR (o.name = c.name))",
        "(NOT (o.tag = c.code))",
    ],
)
def test_a_column_within_an_expression_or_a_choice_gets_no_index(condition: str) -> None:
    assert remedies(hash_join(50, condition)) == []


def test_what_a_further_condition_throws_away_is_no_reason_for_an_index_on_the_key() -> None:
    alike = hash_join(50) | {"Join Filter": "(o.made < c.made)", "Rows Removed by Join Filter": 900}
    assert remedies(alike) == ['CREATE INDEX ON "public"."customers" ("code");'], "few rows have the key"
    assert remedies(alike | {"Rows Removed by Join Filter": 19_950}) == []
    lines = scan("Seq Scan", "lines", rows=3, ms=9.0, rows_removed_by_filter=89_997)
    for further in ("(l.name ~~* '%x%'::text)", "(l.price > o.price)", "l.is_open", "(l.gone IS NULL)"):
        assert remedies(joined(lines | {"Filter": f"((l.order_id = o.id) AND {further})"})) == []
        assert remedies(joined(lines | {"Filter": f"((l.order_id = 7) AND {further})"})) == []


def test_a_fixed_value_beside_a_join_key_is_in_the_index() -> None:
    lines = scan("Seq Scan", "lines", rows=3, ms=9.0, rows_removed_by_filter=89_997)
    both = lines | {"Filter": "((l.kind = 3) AND (l.order_id = o.id))"}
    assert remedies(joined(both)) == ['CREATE INDEX ON "public"."lines" ("kind", "order_id");']


def test_a_cast_that_changes_nothing_leaves_the_column_a_key() -> None:
    facts = Facts(texts=frozenset({("public", "customers", "code")}))
    assert remedies(hash_join(50, "((o.tag)::text = (c.code)::text)"), facts)
    assert remedies(hash_join(50, "(lower(o.tag) = (c.code)::text)"), facts)


def test_a_key_of_several_columns_gets_one_index_with_the_unindexed_column_first() -> None:
    both = "((o.tenant = c.tenant) AND (o.tag = c.code))"
    assert remedies(hash_join(50, both)) == ['CREATE INDEX ON "public"."customers" ("tenant", "code");']

    def having(*columns: str, unique: bool = False) -> Facts:
        return Facts(indexes=(IndexColumns("public", "customers", columns, unique),))

    assert remedies(hash_join(50, both), having("tenant")) == [
        'CREATE INDEX ON "public"."customers" ("code", "tenant");'
    ]
    assert remedies(hash_join(50, both), having("code", "tenant", "name")) == []
    assert remedies(hash_join(50, both), having("code", unique=True)) == []


def test_a_side_whose_every_row_is_wanted_gets_no_index() -> None:
    assert remedies(hash_join(50, kind="Right Anti")) == []
    assert remedies(hash_join(50, kind="Anti"))


def test_one_value_is_a_join_key_only_in_a_table_that_the_view_adds() -> None:
    one = scan("Seq Scan", "lines", rows=3, ms=9.0, rows_removed_by_filter=89_997, filter="(l.order_id = 7)")
    assert remedies(joined(one)) == ['CREATE INDEX ON "public"."lines" ("order_id");']
    found = derive_causes("slower", [record(joined(one))], [record(joined(one), "after")], Facts())
    assert not [item for item in found if item.remedy]


def test_a_function_that_the_view_calls_is_the_cause_and_not_the_pages_it_touches() -> None:
    calling = LIST | {"Calls": ["name_of"], "Shared Hit Blocks": 9000, "Actual Total Time": 50.0}
    facts = Facts(functions=frozenset({"name_of"}), planned_anew=(0.0, 0.0))
    assert causes("slower", LIST, calling, facts)[0] == (
        "function",
        "calls the function name_of for 50 rows, the old plan not",
    )
    assert causes("faster", calling, LIST, facts)[0] == ("function", "no longer calls the function name_of")
    assert "pages_of_table" not in dict(causes("slower", LIST, calling, facts))
    assert "function" not in dict(causes("slower", LIST, calling))  # the server's own functions are nobody's cause


def test_a_function_in_place_of_a_table_is_told() -> None:
    rows = node("Function Scan", rows=30_000, ms=20.0, function_name="all_names", schema="public")
    assert causes("slower", LIST, joined(rows))[0] == (
        "function",
        "calls the function all_names for 30,000 rows, the old plan not",
    )


def test_tables_of_one_name_in_two_schemas_are_two() -> None:
    kept = scan("Seq Scan", "orders", rows=30_000, ms=20.0, pages=200) | {"Schema": "archive"}
    assert causes("slower", LIST, joined(kept))[0][1] == "reads 1 more table: archive.orders (Seq Scan, 30,000 rows)"


def test_what_got_dearer_although_it_reads_less_is_no_cause() -> None:
    old, new = (scan("Seq Scan", "orders", rows=900, ms=ms, pages=pages) for ms, pages in ((8.0, 100), (9.0, 91)))
    assert causes("slower", old, new) == [("unexplained", "no single part of the plans explains it")]


def test_a_subquery_that_reads_its_table_again_for_each_row_wants_an_index() -> None:
    inner = scan(
        "Seq Scan", "tags", rows=2, loops=50, ms=90.0, rows_removed_by_filter=998, filter="(t.order_id = o.id)"
    )
    (found,) = [
        item for item in derive_causes("slower", [record(LIST)], [record(joined(inner))], Facts()) if item.remedy
    ]
    assert found.remedy == 'CREATE INDEX ON "public"."tags" ("order_id");'


def test_the_differences_are_records() -> None:
    inner = scan("Index Scan", "customers", rows=500, expected=1, ms=2.0, pages=150, index_name="customers_pkey")
    old, new = [record(LIST)], [record(node("Nested Loop", LIST, inner, rows=500), "after")]
    assert plan_changes(old, new) == (
        PlanChange("q", "after", "custom", "appeared", "customers", "", "Index Scan using customers_pkey"),
        PlanChange("q", "after", "custom", "appeared", "Nested Loop", "0", "1"),
        PlanChange("q", "after", "custom", "buffers", "", "50", "200"),
        PlanChange("q", "after", "custom", "estimate", "Index Scan on customers using customers_pkey", "1", "500"),
    )
    assert plan_changes(old, [record(LIST, "after")]) == ()
