"""Pages per execution while a query was timed, and the blocks in which its plan must have been another."""

from __future__ import annotations

from harness.judge import query_io
from harness.measure.model import BlockTable, Measurement, PlanCount, SlicePages


def measurement(pages: list[float], query: str = "q", executions: int = 10) -> Measurement:
    slices = [SlicePages(query, "after", 1, block, executions, hit, 0.0, 0.0) for block, hit in enumerate(pages)]
    counts = (PlanCount("q", "after", generic=90, custom=10),)
    return Measurement(BlockTable(), ("q", "w"), plan_counts=counts, pages=tuple(slices), writes=frozenset({"w"}))


def test_the_warm_up_does_not_count() -> None:
    (found,) = query_io(measurement([900.0, 900.0, 100.0, 110.0]))
    assert (found.hit_per_execution, found.executions) == (105.0, 20)
    assert (found.generic_plans, found.custom_plans) == (90, 10)
    assert found.changed_in_blocks == ()


def test_a_jump_of_the_pages_is_another_plan() -> None:
    (found,) = query_io(measurement([1.0, 1.0, 100.0, 101.0, 470.0, 465.0, 99.0]))
    assert found.changed_in_blocks == (4, 6)


def test_few_pages_and_writes_may_jump() -> None:
    assert query_io(measurement([1.0, 1.0, 2.0, 4.0]))[0].changed_in_blocks == ()
    assert query_io(measurement([1.0, 1.0, 100.0, 470.0], query="w"))[0].changed_in_blocks == ()
