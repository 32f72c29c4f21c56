"""The schedule: slices from a pilot, orders, operations, costs."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from harness.measure.model import MeasureOptions
from harness.measure.orders import SliceOrder
from harness.measure.schedule import (
    Pilot,
    Plan,
    SlicePlan,
    Task,
    announce,
    arms_of_block,
    blocks_affordable,
    operation_numbers,
    order_of_block,
    plan_slice,
    plan_slices,
)

TASK = Task(0, 1)


def pilot(fast_s: float, slow_s: float, sets: int = 8, reads: bool = True, query: int = 0) -> Pilot:
    return Pilot(Task(query, 1), reads, sets, {"before": fast_s, "after": slow_s})


def order(clients: int, executions: int, cycle: int, first_op: int = 0) -> SliceOrder:
    return SliceOrder(0, 0, clients, executions, first_op, tuple(range(cycle)), 0.0, 0.0)


def test_a_fast_query_runs_whole_cycles_for_about_the_slice() -> None:
    plan = plan_slice(pilot(0.001, 0.001), 0.1)
    assert plan == SlicePlan(96, tuple(range(8)), share_cores=False)


def test_a_slow_query_runs_five_times_over_five_of_its_sets_spread_evenly() -> None:
    assert plan_slice(pilot(2.0, 2.0, sets=16), 0.1) == SlicePlan(5, (0, 3, 6, 9, 12))


def test_a_query_without_parameters_runs_at_least_five_times() -> None:
    assert plan_slice(pilot(2.0, 2.0, sets=1), 0.1) == SlicePlan(5, (0,))


def test_the_faster_arm_gets_its_forty_milliseconds_as_long_as_the_slower_keeps_to_five_hundred() -> None:
    plan = plan_slice(pilot(0.001, 0.004, sets=1), 0.04)
    assert plan.executions * 0.001 >= 0.04
    plan = plan_slice(pilot(0.0001, 0.1, sets=1), 0.04)
    assert plan.executions == 5


def test_writes_keep_all_their_sets_however_slow() -> None:
    plan = plan_slice(pilot(1.0, 1.0, sets=16, reads=False), 0.1)
    assert plan == SlicePlan(16, tuple(range(16)))


@pytest.mark.parametrize("budget_s", [10.0, 60.0, 600.0])
def test_slices_are_as_long_as_the_budget_lets_the_last_look_be_reached(budget_s: float) -> None:
    pilots = [pilot(0.0005, 0.0005, query=number) for number in range(10)]
    plan = plan_slices(pilots, budget_s, MeasureOptions(budget_s))
    slices = [item.executions * 0.0005 for item in plan.slices.values()]
    assert 0.04 <= min(slices) <= max(slices) <= 0.27
    if budget_s >= 60:
        assert blocks_affordable(budget_s, plan.block_s) >= 38


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


def test_sparse_arms_join_every_other_block() -> None:
    arms = ("before", "after", "after_noindexes")
    assert arms_of_block(arms, {"after_noindexes"}, 0) == arms
    assert arms_of_block(arms, {"after_noindexes"}, 1) == ("before", "after")


def test_a_block_holds_every_slice_once_with_the_arms_of_a_query_together_and_writes_last() -> None:
    tasks = [Task(query, 1) for query in range(6)]
    arms = ("before", "after", "control")
    block = order_of_block(tasks, frozenset({2, 4}), arms, np.random.default_rng(1))
    assert Counter(block) == Counter((task, arm) for task in tasks for arm in arms)
    queries = [task.query for task, _ in block]
    assert queries == [query for query in dict.fromkeys(queries) for _ in arms]
    assert set(queries[-6:]) == {2, 4}


def test_the_order_is_that_of_the_seed_and_differs_between_blocks() -> None:
    tasks = [Task(query, 1) for query in range(5)]
    orders = []
    for _ in range(2):
        generator = np.random.default_rng(9)
        orders.append([order_of_block(tasks, frozenset(), ("a", "b", "c"), generator) for _ in range(3)])
    assert orders[0] == orders[1]
    assert orders[0][0] != orders[0][1]


def test_every_arm_comes_first_about_equally_often() -> None:
    generator = np.random.default_rng(3)
    firsts = Counter(order_of_block([TASK], frozenset(), ("a", "b", "c"), generator)[0][1] for _ in range(3000))
    assert min(firsts.values()) > 900


def test_reading_clients_run_the_same_sets_from_different_starts() -> None:
    lists = [[number % 8 for number in operation_numbers(order(3, 16, 8), client, reads=True)] for client in range(3)]
    assert all(Counter(numbers) == Counter(range(8)) + Counter(range(8)) for numbers in lists)
    assert lists[0][0] != lists[1][0]


@pytest.mark.parametrize(("clients", "cycle"), [(1, 8), (3, 8), (4, 16), (4, 2), (4, 1)])
def test_writing_clients_share_the_operations_and_never_a_parameter_set(clients: int, cycle: int) -> None:
    chosen = order(clients, 16, cycle, first_op=64)
    shares = [list(operation_numbers(chosen, client, reads=False)) for client in range(clients)]
    assert sorted(number for share in shares for number in share) == list(range(64, 64 + 16 * clients))
    if cycle > 1:
        sets = [{number % cycle for number in share} for share in shares]
        assert sum(len(one) for one in sets) == cycle


def test_operations_of_one_asker_come_one_after_the_other_and_every_client_begins_with_another_asker() -> None:
    claims = ("a", "a", "b", "b", "b", "c", "c", "c")
    firsts = set()
    for client in range(3):
        plain = list(operation_numbers(order(3, 24, 8), client, reads=True))
        grouped = list(operation_numbers(order(3, 24, 8), client, reads=True, claims=claims))
        assert sorted(grouped) == sorted(plain)
        asked = [claims[number % 8] for number in grouped]
        assert sum(one != two for one, two in itertools.pairwise(asked)) == 2
        firsts.add(asked[0])
    assert firsts == {"a", "b", "c"}


def test_the_askers_are_those_of_the_sets_that_a_cut_cycle_holds() -> None:
    chosen = replace(order(1, 6, 3), cycle=(0, 4, 7))
    claims = ("a", "a", "b", "b", "b", "c", "c", "c")
    assert list(operation_numbers(chosen, 0, reads=True, claims=claims)) == [0, 3, 1, 4, 2, 5]


def test_writing_clients_share_the_operations_whoever_asks() -> None:
    chosen = order(3, 16, 8, first_op=64)
    shares = [list(operation_numbers(chosen, client, reads=False, claims=("a", "b") * 4)) for client in range(3)]
    assert sorted(number for share in shares for number in share) == list(range(64, 64 + 16 * 3))
    assert sum(len({number % 8 for number in share}) for share in shares) == 8


def test_the_announcement_says_what_the_looks_cost_and_what_the_budget_reaches() -> None:
    plan = Plan({TASK: SlicePlan(5, (0,))}, {TASK: 2.0}, ())
    enough = announce(plan, 3, 100.0, (12, 20, 40))
    assert enough == (
        "a block of 1 queries on 3 arms takes about 2.0 s: 12 blocks 28 s, 20 blocks 44 s, 40 blocks 84 s; "
        "100 s are left and reach about 40, which find a slow-down of 4% if blocks scatter by 4%"
    )
    assert "fewer than the 12 that verdicts are planned for" in announce(plan, 3, 20.0, (12, 20, 40))


def test_options_can_shorten_the_slices() -> None:
    options = replace(MeasureOptions(600.0), slice_s=0.04)
    plan = plan_slices([pilot(0.001, 0.001)], 600.0, options)
    assert plan.slices[TASK].executions == 40


def test_short_queries_share_a_core_with_their_server_process_and_long_ones_do_not() -> None:
    assert plan_slice(pilot(0.0002, 0.0004), 0.1).share_cores
    assert not plan_slice(pilot(0.0002, 0.0006), 0.1).share_cores
