"""Causes are given for proven verdicts only, at the lowest level, from the plan that most timed executions ran by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.catalogue import Catalogue
from harness.phases.plans import LONG_S, all_causes, all_changes, too_long
from harness.result import PlanRecord, QueryIo, Result
from tests.unit.plans.plans import node, record, scan
from tests.unit.report.cases import EMPTY, compare, stored

NOTHING = Catalogue(relations={}, constraints=(), indexes=(), objects=(), functions=())
STATES = {"before": NOTHING, "after": NOTHING}
OLD = scan("Index Scan", "orders", rows=50, ms=1.0, pages=50, index_name="orders_made")
CUSTOM = node("Nested Loop", OLD, scan("Index Scan", "customers", rows=50, ms=2.0, pages=150), rows=50)
GENERIC = node("Nested Loop", OLD, scan("Seq Scan", "customers", rows=5000, ms=4.0, pages=900), rows=50)


def plans(query: str = "q") -> tuple[PlanRecord, ...]:
    found = (
        record(OLD),
        record(CUSTOM, "after"),
        replace(record(OLD), mode="generic"),
        replace(record(GENERIC, "after"), mode="generic"),
    )
    return tuple(replace(item, query=query) for item in found)


def sentences(*latency: Any, io: tuple[QueryIo, ...] = ()) -> list[str]:
    result: Result = replace(EMPTY, latency=latency, plans=plans(), query_io=io, storage=(stored("before", "t", 1, 1),))
    return [item.sentence for item in all_causes(result, STATES)]


def test_a_proven_verdict_gets_its_causes_and_no_other_does() -> None:
    assert "customers (Index Scan" in sentences(compare("q", 1.5, "slower"))[0]
    assert sentences(compare("q", 1.5, "inconclusive"), compare("other", 1.5, "slower")) == []


def test_a_verdict_at_another_level_is_explained_by_no_plan_of_a_single_session() -> None:
    alone, crowd = compare("q", 1.0, "equivalent", clients=1), compare("q", 1.5, "slower", clients=4)
    assert sentences(alone, crowd) == []


def test_the_generic_plan_explains_what_ran_by_generic_plans() -> None:
    after = QueryIo("q", "after", 1, 100, 0.0, 0.0, 0.0, generic_plans=95, custom_plans=5)
    found = sentences(compare("q", 1.5, "slower"), io=(after,))
    assert "customers (Seq Scan, 5,000 rows)" in found[0]


def test_what_took_long_or_failed_is_not_executed_for_plans_that_explain_no_verdict() -> None:
    quick, slow = record(OLD), replace(record(OLD), execution_s=LONG_S + 1)
    assert too_long("q", [quick]) == ""
    assert "longer than 2 s" in too_long("q", [quick, slow])
    assert too_long("q", [replace(quick, error="timed out")])
    assert too_long("other", [slow]) == ""


def test_every_arm_is_held_against_before_in_the_same_mode() -> None:
    changes = all_changes(plans())
    assert {(item.arm, item.mode) for item in changes} == {("after", "custom"), ("after", "generic")}
    assert ("appeared", "Seq Scan") in {(item.kind, item.after) for item in changes if item.mode == "generic"}
