"""What runs when: the arms and the order of a block, and the operations of a client in a slice; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
    tasks: Sequence[Task], writes: frozenset[int], arms: Sequence[str], generator: np.random.Generator
) -> list[tuple[Task, str]]:
    """The slices of a block in order: queries shuffled, those that write last, the arms shuffled within each query."""
    reading = [task for task in tasks if task.query not in writes]
    writing = [task for task in tasks if task.query in writes]
    return [
        (group[int(place)], arms[int(arm)])
        for group in (reading, writing)
        for place in generator.permutation(len(group))
        for arm in generator.permutation(len(arms))
    ]


def operation_numbers(order: SliceOrder, client: int, reads: bool, claims: Sequence[object] = ()) -> Iterable[int]:
    """The operations of one client in a slice; number n takes the parameter set n modulo the cycle's length.

    Where the sets have askers (`claims`, one for each set), those of one asker come one after the other, so that a
    connection changes hands but once for each; every client begins with another asker.
    """
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
    is made: a worker's memory holds 40 bytes for each sample and nothing besides.
    """
    length = len(order.cycle)
    if reads:
        return range(order.first_op + client, order.first_op + client + order.executions)
    writers = min(order.clients, length) if length > 1 else order.clients
    everything = range(order.first_op, order.first_op + order.executions * order.clients)
    parted = length if length > 1 else order.clients
    return (number for number in everything if number % parted % writers == client)
