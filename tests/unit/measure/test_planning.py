"""The plan: slices from pilots, costs, and what gives way where the budget does not hold all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.measure.model import TURN_S, MeasureOptions
from harness.measure.planning import (
    CROWDED_TURN_S,
    Pilot,
    Plan,
    SlicePlan,
    announce,
    blocks_affordable,
    first_look_s,
    holds_mixed_load,
    plan_slice,
    plan_slices,
)
from harness.measure.schedule import Task

TASK = Task(0, 1)


def pilot(fast_s: float, slow_s: float, sets: int = 8, reads: bool = True, query: int = 0) -> Pilot:
    return Pilot(Task(query, 1), reads, sets, {"before": fast_s, "after": slow_s})


def test_a_fast_query_runs_whole_cycles_for_about_the_slice() -> None:
    plan = plan_slice(pilot(0.001, 0.001), 0.1)
    assert plan == SlicePlan(96, tuple(range(8)), share_cores=False, turns=48)


def test_a_slow_query_runs_three_times_over_three_of_its_sets_spread_evenly() -> None:
    assert plan_slice(pilot(2.0, 2.0, sets=16), 0.1) == SlicePlan(3, (0, 5, 10), turns=3)


def test_a_query_without_parameters_runs_at_least_three_times() -> None:
    assert plan_slice(pilot(2.0, 2.0, sets=1), 0.1) == SlicePlan(3, (0,), turns=3)


def test_the_faster_arm_gets_its_forty_milliseconds_as_long_as_the_slower_keeps_to_five_hundred() -> None:
    plan = plan_slice(pilot(0.001, 0.004, sets=1), 0.04)
    assert plan.executions * 0.001 >= 0.04
    plan = plan_slice(pilot(0.0001, 0.1, sets=1), 0.04)
    assert plan.executions == 5


def test_writes_keep_all_their_sets_however_slow() -> None:
    plan = plan_slice(pilot(1.0, 1.0, sets=16, reads=False), 0.1)
    assert plan == SlicePlan(16, tuple(range(16)), turns=16)


@pytest.mark.parametrize("budget_s", [10.0, 60.0, 600.0])
def test_slices_are_as_long_as_the_budget_lets_the_last_look_be_reached(budget_s: float) -> None:
    pilots = [pilot(0.0005, 0.0005, query=number) for number in range(10)]
    plan = plan_slices(pilots, budget_s, MeasureOptions(budget_s))
    slices = [item.executions * 0.0005 for item in plan.slices.values()]
    assert 0.04 <= min(slices) <= max(slices) <= 0.27
    if budget_s >= 60:
        assert blocks_affordable(budget_s, plan.block_s) >= 38


def lengths(plan: Plan, pilots: list[Pilot]) -> list[float]:
    return [plan.slices[item.task].executions * item.seconds["before"] for item in pilots]


def test_slices_are_the_longer_the_more_their_executions_outlast_a_turn_up_to_four_times() -> None:
    pilots = [pilot(each, each, sets=1, query=query) for query, each in enumerate((0.0005, 0.002, 0.004, 0.008, 0.016))]
    found = lengths(plan_slices(pilots, 60.0, MeasureOptions(60.0)), pilots)
    assert [item / found[0] for item in found[1:]] == pytest.approx([1, 2, 4, 4], rel=0.1)
    assert lengths(plan_slices(pilots, 1e6, MeasureOptions(1e6)), pilots)[-1] == pytest.approx(0.5, rel=0.05)


def test_slow_queries_have_no_longer_slices_where_the_first_look_would_not_be_reached_with_them() -> None:
    pilots = [pilot(each, each, sets=1, query=query) for query, each in enumerate((0.0005, 0.01, 0.01))]
    budget_s = first_look_s(pilots, 0.0, MeasureOptions(1.0)) + 0.1
    plan = plan_slices(pilots, budget_s, MeasureOptions(1.0))
    assert plan.left_out == ()
    assert blocks_affordable(budget_s, plan.block_s) == 12
    assert lengths(plan, pilots) == pytest.approx([0.04, 0.04, 0.04])
    more = lengths(plan_slices(pilots, 2 * budget_s, MeasureOptions(1.0)), pilots)
    assert more[0] == pytest.approx(0.04)
    assert 0.08 < more[1] <= 0.16


def test_queries_that_cost_more_than_the_budget_are_left_out_dearest_first() -> None:
    plan = plan_slices([pilot(0.001, 0.001), pilot(3.0, 3.0, query=1)], 20.0, MeasureOptions(20.0))
    assert plan.left_out == (Task(1, 1),)
    assert set(plan.slices) == {Task(0, 1)}


def test_sparse_arms_give_way_where_the_budget_would_not_reach_the_first_look_with_them() -> None:
    arms = ("before", "after", "control", "before_indexes", "after_noindexes")
    pilots = [Pilot(Task(query, 1), True, 8, dict.fromkeys(arms, 0.0005)) for query in range(10)]
    rich = plan_slices(pilots, 60.0, MeasureOptions(60.0))
    assert rich.absent_arms == frozenset()
    poor = plan_slices(pilots, 22.0, MeasureOptions(22.0))
    assert poor.absent_arms == {"before_indexes", "after_noindexes"}
    assert blocks_affordable(22.0, poor.block_s) >= 12
    assert plan_slices(pilots, 22.0, MeasureOptions(22.0, sparse_arms=frozenset())).absent_arms == frozenset()


def test_the_time_up_to_the_first_look_is_what_a_budget_must_hold_and_not_much_less() -> None:
    arms = ("before", "after", "control", "before_indexes", "after_noindexes")
    pilots = [Pilot(Task(query, 1), True, 8, dict.fromkeys(arms, 0.3 + query)) for query in range(4)]
    enough_s = first_look_s(pilots, 0.0, MeasureOptions(1.0))
    plan = plan_slices(pilots, enough_s + 0.1, MeasureOptions(1.0))
    assert blocks_affordable(enough_s + 0.1, plan.block_s) == 12
    assert plan.left_out == ()
    assert plan_slices(pilots, 0.95 * enough_s, MeasureOptions(1.0)).left_out == (Task(3, 1),)


def test_a_quarter_gives_way_so_that_the_others_reach_the_first_look_and_none_where_more_would_have_to() -> None:
    cheap = [pilot(0.01, 0.01, query=query) for query in range(9)]
    dear = [pilot(0.4, 0.4, query=query) for query in range(9, 12)]
    budget_s = first_look_s(cheap, 0.0, MeasureOptions(1.0)) + 1
    found = plan_slices([*cheap, *dear], budget_s, MeasureOptions(1.0))
    assert set(found.left_out) == {item.task for item in dear}
    assert blocks_affordable(budget_s, found.block_s) >= 12
    few = plan_slices([*cheap[1:], *dear], 40.0, MeasureOptions(1.0))
    assert few.left_out == ()
    assert 1 <= blocks_affordable(40.0, few.block_s) < 12


def test_slices_get_shorter_before_a_query_is_left_out() -> None:
    cheap = [pilot(0.001, 0.001, query=query) for query in range(8)]
    dear = pilot(0.6, 0.6, query=8)
    budget_s = first_look_s([*cheap, dear], 0.0, MeasureOptions(1.0)) + 1
    plan = plan_slices([*cheap, dear], budget_s, MeasureOptions(1.0))
    assert plan.left_out == ()
    assert blocks_affordable(budget_s, plan.block_s) >= 12


def test_the_mixed_load_has_its_share_where_that_costs_no_query_its_verdict() -> None:
    cheap = [pilot(0.001, 0.001, query=query) for query in range(8)]
    assert holds_mixed_load(cheap, 60.0, 0.2, MeasureOptions(60.0))
    dear = [*cheap, pilot(0.5, 0.5, query=8)]
    enough_s = first_look_s(dear, 0.0, MeasureOptions(1.0))
    assert not holds_mixed_load(dear, 1.1 * enough_s, 0.2, MeasureOptions(60.0))
    assert holds_mixed_load(dear, 1.5 * enough_s, 0.2, MeasureOptions(60.0))
    hopeless = [*cheap, pilot(60.0, 60.0, query=8)]  # which has no place in any case
    assert holds_mixed_load(hopeless, 1.1 * enough_s, 0.2, MeasureOptions(60.0))


def test_the_announcement_says_what_the_looks_cost_and_what_the_budget_reaches() -> None:
    plan = Plan({TASK: SlicePlan(5, (0,))}, {TASK: 2.0}, ())
    enough = announce(plan, 3, 100.0, (12, 20, 40))
    assert enough == (
        "a block of 1 queries on 3 arms takes about 2.0 s: 12 blocks 28 s, 20 blocks 44 s, 40 blocks 84 s; "
        "100 s are left and reach about 40, which find a slow-down of 4% if blocks scatter by 4%"
    )
    assert "fewer than the 12 that verdicts are planned for" in announce(plan, 3, 20.0, (12, 20, 40))


def test_a_turn_takes_some_milliseconds_of_the_faster_arm_and_one_execution_at_the_least() -> None:
    plan = plan_slice(pilot(0.0001, 0.0003), 0.1)
    assert plan.executions * 0.0001 / plan.turns == pytest.approx(TURN_S, rel=0.1)
    assert plan_slice(pilot(0.02, 0.02), 0.2).turns == plan_slice(pilot(0.02, 0.02), 0.2).executions


def test_the_turns_of_several_clients_are_longer_for_each_begins_and_ends_at_its_own_instant() -> None:
    plan = plan_slice(Pilot(Task(0, 4), True, 8, {"before": 0.001, "after": 0.001}), 0.2)
    assert plan.executions * 0.001 / plan.turns == pytest.approx(CROWDED_TURN_S, rel=0.25)


def test_options_can_shorten_the_slices() -> None:
    options = replace(MeasureOptions(600.0), slice_s=0.04)
    plan = plan_slices([pilot(0.001, 0.001)], 600.0, options)
    assert plan.slices[TASK].executions == 40


def test_short_queries_share_a_core_with_their_server_process_and_long_ones_do_not() -> None:
    assert plan_slice(pilot(0.0002, 0.0004), 0.1).share_cores
    assert not plan_slice(pilot(0.0002, 0.0006), 0.1).share_cores
