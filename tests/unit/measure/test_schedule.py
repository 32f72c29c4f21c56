"""The schedule: the order of a block, and the operations of a client."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from harness.measure.orders import SliceOrder
from harness.measure.schedule import Task, arms_of_block, operation_numbers, order_of_block

TASK = Task(0, 1)


def order(clients: int, executions: int, cycle: int, first_op: int = 0) -> SliceOrder:
    return SliceOrder(((0,),), 0, clients, executions, first_op, tuple(range(cycle)), 0.0, 0.0)


def test_sparse_arms_join_every_other_block() -> None:
    arms = ("before", "after", "after_noindexes")
    assert arms_of_block(arms, {"after_noindexes"}, 0) == arms
    assert arms_of_block(arms, {"after_noindexes"}, 1) == ("before", "after")


def test_a_block_holds_every_task_once_writes_last_and_every_arm_once_in_each_of_its_turns() -> None:
    turns = {Task(query, 1): query + 1 for query in range(6)}
    arms = ("before", "after", "control")
    block = order_of_block(turns, frozenset({2, 4}), arms, np.random.default_rng(1))
    assert sorted(task.query for task, _ in block) == list(range(6))
    assert {task.query for task, _ in block[-2:]} == {2, 4}
    for task, order in block:
        assert [sorted(one) for one in order] == [sorted(arms)] * turns[task]
    longest = next(order for task, order in block if task.query == 5)
    assert len(set(longest)) > 1  # each turn has an order of its own


def test_the_order_is_that_of_the_seed_and_differs_between_blocks() -> None:
    turns = {Task(query, 1): 2 for query in range(5)}
    orders = []
    for _ in range(2):
        generator = np.random.default_rng(9)
        orders.append([order_of_block(turns, frozenset(), ("a", "b", "c"), generator) for _ in range(3)])
    assert orders[0] == orders[1]
    assert orders[0][0] != orders[0][1]


def test_every_arm_comes_first_about_equally_often() -> None:
    generator = np.random.default_rng(3)
    blocks = [order_of_block({TASK: 3}, frozenset(), ("a", "b", "c"), generator) for _ in range(1000)]
    firsts = Counter(turn[0] for block in blocks for _, order in block for turn in order)
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


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize(("clients", "cycle"), [(1, 8), (3, 8), (4, 2), (4, 1), (2, 7)])
@pytest.mark.parametrize("askers", [1, 3])
def test_the_turns_of_a_slice_are_its_list_in_parts(clients: int, cycle: int, reads: bool, askers: int) -> None:
    claims = [f"asker {number % askers}" for number in range(cycle)]
    whole = order(clients, 3 * cycle, cycle, first_op=cycle)
    for client in range(clients):
        parts = [
            list(operation_numbers(replace(whole, turn=turn, turns=5), client, reads, claims)) for turn in range(5)
        ]
        assert list(itertools.chain.from_iterable(parts)) == list(operation_numbers(whole, client, reads, claims))
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


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
