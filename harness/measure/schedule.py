"""What runs when and for how long, as pure functions: slices from a pilot, blocks, their cost, orders, operations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.measure.affinity import SHORT_S
from harness.measure.model import WARMUP_BLOCKS, MeasureOptions
from harness.measure.orders import SliceOrder
from harness.stats import Rules, detectable_effect
from harness.workload import spread

SHORTEST_SLICE_S = 0.04
LONGEST_SLICE_S = 0.5
FEWEST_EXECUTIONS = 5
USUAL_SPREAD = 0.04
"""Standard deviation between blocks of the log ratio of two arms, as measured; what is announced assumes it."""

OVERHEAD_S = 0.004
"""What a slice costs beside its executions: orders, reports, counters."""


@dataclass(frozen=True)
class Task:
    """One query (by index) at one level of concurrency: what is scheduled, settled, and left out."""

    query: int
    clients: int


@dataclass(frozen=True)
class Pilot:
    """Seconds per execution of a task on each arm, as the pilot saw them; `sets` is its number of parameter sets."""

    task: Task
    reads: bool
    sets: int
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class SlicePlan:
    """How often a client runs a task in each slice, and over which parameter sets (indices): whole cycles.

    `share_cores`: the query is short enough for each worker to share a core with its server processes.
    """

    executions: int
    cycle: tuple[int, ...]
    share_cores: bool = False


@dataclass(frozen=True)
class Plan:
    """The slices of every task, the seconds of one block of each (all arms), and what is left out for its cost.

    `absent_arms` take no part, for with them the budget would not reach the first look.
    """

    slices: Mapping[Task, SlicePlan]
    seconds: Mapping[Task, float]
    left_out: tuple[Task, ...]
    absent_arms: frozenset[str] = frozenset()

    @property
    def block_s(self) -> float:
        """The cost of a block while nothing is settled."""
        return sum(self.seconds.values())


def plan_slices(pilots: Sequence[Pilot], budget_s: float, options: MeasureOptions) -> Plan:
    """Slices such that the budget reaches the last look where it can, and at least a first block in any case.

    The slices get shorter, down to 40 ms, before blocks get fewer: blocks are what verdicts rest on. Where not even
    the warm-up and one block fit, the dearest tasks are left out until they do. Sparse arms, which explain verdicts,
    give way where with them the budget would not reach the first look, at which there can be verdicts.
    """
    plan = _plan_slices(pilots, budget_s, options)
    absent = options.sparse_arms & {arm for pilot in pilots for arm in pilot.seconds}
    if not absent or blocks_affordable(budget_s, plan.block_s) >= options.looks[0]:
        return plan
    fewer = [
        replace(pilot, seconds={arm: value for arm, value in pilot.seconds.items() if arm not in absent})
        for pilot in pilots
    ]
    return replace(_plan_slices(fewer, budget_s, options), absent_arms=absent)


def reaches_first_look(pilots: Sequence[Pilot], budget_s: float, options: MeasureOptions) -> bool:
    """Whether the budget holds the blocks of the first look, without the arms that would give way for it."""
    return blocks_affordable(budget_s, plan_slices(pilots, budget_s, options).block_s) >= options.looks[0]


def _plan_slices(pilots: Sequence[Pilot], budget_s: float, options: MeasureOptions) -> Plan:
    sparse = options.sparse_arms
    slots = sum(_weight(arm, sparse) for pilot in pilots for arm in pilot.seconds)
    wanted = WARMUP_BLOCKS + options.looks[-1]
    slice_s = min(max(budget_s / (wanted * max(slots, 1)) - OVERHEAD_S, SHORTEST_SLICE_S), options.slice_s)
    slices = {pilot.task: plan_slice(pilot, slice_s) for pilot in pilots}
    seconds = {pilot.task: slice_cost(pilot, slices[pilot.task], sparse) for pilot in pilots}
    kept = sorted(seconds, key=seconds.__getitem__)
    while kept and (WARMUP_BLOCKS + 1) * sum(seconds[task] for task in kept) > budget_s:
        kept.pop()
    return Plan(
        slices={task: plan for task, plan in slices.items() if task in kept},
        seconds={task: cost for task, cost in seconds.items() if task in kept},
        left_out=tuple(task for task in seconds if task not in kept),
    )


def plan_slice(pilot: Pilot, slice_s: float) -> SlicePlan:
    """Whole cycles of the parameter sets, at least five executions, 40 to 500 ms on each arm where that is possible.

    A cycle that is too long for a slice of a slow query is cut to some of its sets, evenly chosen and the same on
    every arm and in every block; writes keep whole cycles, for their operations are counted off by set.
    """
    fast, slow = min(pilot.seconds.values()), max(pilot.seconds.values())
    most = max(LONGEST_SLICE_S / slow, FEWEST_EXECUTIONS)
    least = min(max(SHORTEST_SLICE_S / fast, FEWEST_EXECUTIONS), most)
    wanted = min(slice_s / math.sqrt(fast * slow), most)
    length = pilot.sets
    if pilot.reads and length > most:
        length = FEWEST_EXECUTIONS if most < 2 * FEWEST_EXECUTIONS else int(most)
    cycles = max(math.ceil(least / length), round(wanted / length))
    cycle = spread(pilot.sets, length)
    return SlicePlan(cycles * length, cycle, share_cores=slow < SHORT_S)


def slice_cost(pilot: Pilot, plan: SlicePlan, sparse: frozenset[str]) -> float:
    """Seconds that one block of the task takes, all arms together; sparse arms count half."""
    return sum(
        _weight(arm, sparse) * (plan.executions * seconds + OVERHEAD_S) for arm, seconds in pilot.seconds.items()
    )


def _weight(arm: str, sparse: frozenset[str]) -> float:
    return 0.5 if arm in sparse else 1.0


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


def operations_in_slice(plan: SlicePlan, clients: int) -> int:
    """How far the operation number of a writing task moves on with each slice."""
    return plan.executions * clients


def blocks_affordable(budget_s: float, block_s: float) -> int:
    """Blocks after the warm-up that fit into the budget."""
    return max(0, math.floor(budget_s / block_s) - WARMUP_BLOCKS) if block_s > 0 else 0


def announce(plan: Plan, arms: int, budget_s: float, looks: Sequence[int]) -> str:
    """What the blocks of the looks cost and how many the budget reaches, in one line, before anything is timed."""
    costs = ", ".join(f"{look} blocks {(look + WARMUP_BLOCKS) * plan.block_s:.0f} s" for look in looks)
    reached = min(blocks_affordable(budget_s, plan.block_s), looks[-1])
    line = (
        f"a block of {len(plan.slices)} queries on {arms} arms takes about {plan.block_s:.1f} s: {costs}; "
        f"{budget_s:.0f} s are left and reach about {reached}"
    )
    effect = detectable_effect(reached, USUAL_SPREAD, Rules().margin, len(plan.slices), Rules())
    if reached >= looks[0] and effect is not None:
        return f"{line}, which find a slow-down of {effect:.0%} if blocks scatter by {USUAL_SPREAD:.0%}"
    return f"{line}: fewer than the {looks[0]} that verdicts are planned for, so many will be inconclusive"
