"""What runs when: the arms and the order of a block, and the operations of a client in a slice; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from harness.measure.orders import SliceOrder


@dataclass(frozen=True)
class Task:
    """One query (by index) at one level of concurrency: what is scheduled, settled, and left out."""

    query: int
    clients: int


def arms_of_block(arms: Sequence[str], sparse: Iterable[str], block: int) -> tuple[str, ...]:
    """The arms that take part in a block: the sparse ones in every other block, the first one included."""
    return tuple(arm for arm in arms if block % 2 == 0 or arm not in frozenset(sparse))


def order_of_block(
    turns: Mapping[Task, int], writes: frozenset[int], arms: Sequence[str], generator: np.random.Generator
) -> list[tuple[Task, list[tuple[str, ...]]]]:
    """The tasks of a block in order, those that write last, and for each of its turns the arms in order.

    Tasks are shuffled, and the arms within each turn.
    """
    reading = [task for task in turns if task.query not in writes]
    writing = [task for task in turns if task.query in writes]
    order = []
    for group in (reading, writing):
        for place in generator.permutation(len(group)):
            task = group[int(place)]
            shuffled = [generator.permutation(len(arms)) for _ in range(turns[task])]
            order.append((task, [tuple(arms[int(arm)] for arm in arms_of_turn) for arms_of_turn in shuffled]))
    return order


def operation_numbers(order: SliceOrder, client: int, reads: bool, claims: Sequence[object] = ()) -> Iterable[int]:
    """The operations of one client in a slice; number n takes the parameter set n modulo the cycle's length.

    Where the sets have askers (`claims`, one for each set), those of one asker come one after the other, so that a
    connection changes hands but once for each; every client begins with another asker. A turn is a part of that list.
    """
    if order.turns > 1:
        whole = replace(order, turn=0, turns=1)
        count = order.executions if reads else sum(1 for _ in operation_numbers(whole, client, reads, claims))
        ends = [count * turn // order.turns for turn in (order.turn, order.turn + 1)]
        return islice(operation_numbers(whole, client, reads, claims), *ends)
    asker = [claims[chosen] for chosen in order.cycle] if claims else []
    askers = list(dict.fromkeys(asker))
    if len(askers) < 2:
        return _numbers(order, client, reads)
    length, first = len(asker), client % len(askers)
    return (
        number
        for one in (*askers[first:], *askers[:first])
        for number in _numbers(order, client, reads)
        if asker[number % length] == one
    )


def _numbers(order: SliceOrder, client: int, reads: bool) -> Iterable[int]:
    """The same in the order of their numbers.

    Reading clients all run the whole list, each from another start, so that they do not march in step. Writing
    clients share one list: each has its own parameter sets, so that no two ever write the same key at once. No list
    is made: a worker's memory holds 44 bytes for each sample and nothing besides.
    """
    length = len(order.cycle)
    if reads:
        return range(order.first_op + client, order.first_op + client + order.executions)
    writers = min(order.clients, length) if length > 1 else order.clients
    everything = range(order.first_op, order.first_op + order.executions * order.clients)
    parted = length if length > 1 else order.clients
    return (number for number in everything if number % parted % writers == client)
