"""What is run for how long, and what gives way: slices and blocks planned from pilots and a budget; pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.measure.affinity import SHORT_S
from harness.measure.model import TURN_S, WARMUP_BLOCKS, MeasureOptions
from harness.measure.schedule import Task
from harness.stats import Rules, detectable_effect
from harness.workload import spread

SHORTEST_SLICE_S = 0.04
LONGEST_SLICE_S = 0.5
FEWEST_EXECUTIONS = 3
MOST_LONGER = 4.0
"""How many times longer the slices of slow queries are than those of short ones, at the most.

What slows a machine down for tens of milliseconds meets all arms of a turn alike where its executions are short, and
one arm's alone where each takes as long as that. Standard deviation of blocks of the CRM at 100k, times the root of the
slice's seconds, before clients had real-time turns: 1 to 1.5 % where executions take less than 2 ms, 3 to 4 % where
they take 10 and more. For a time in all, the variances' sum is least with slices in proportion to these (Neyman 1934).
"""

USUAL_SPREAD = 0.04
"""Standard deviation between blocks of the log ratio of two arms, as measured; what is announced assumes it."""

CROWDED_TURN_S = 0.04
"""A turn where several clients run at once, for they begin and end it each at its own instant."""

OVERHEAD_S = 0.003
"""What a slice costs beside its executions and turns: counters, records."""

TURN_OVERHEAD_S = 0.0003
"""What a turn costs beside its executions: its start and its share of the order and the report."""

_HALVINGS = 8
"""So exactly is the length of the slices found: to a part of 256 of what is possible."""


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

    The executions are parted into `turns`, between which the other arms have theirs. `share_cores`: the query is short
    enough for each worker to share a core with its server processes.
    """

    executions: int
    cycle: tuple[int, ...]
    share_cores: bool = False
    turns: int = 1


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

    The slices get shorter, down to 40 ms, before blocks get fewer: first those of short queries, and all of them
    where the budget would not reach the first look, at which there can be verdicts. Sparse arms, which explain
    verdicts, give way where with them it would not be reached. Where it is not reached without them, the dearest tasks
    are left out (`_affordable`).
    """
    plan = _plan_slices(pilots, budget_s, options)
    absent = options.sparse_arms & {arm for pilot in pilots for arm in pilot.seconds}
    if not absent:
        return plan
    bare = _plan_slices([_without(pilot, absent) for pilot in pilots], budget_s, options)
    reached = blocks_affordable(budget_s, plan.block_s) >= options.looks[0]
    if reached and len(plan.left_out) <= len(bare.left_out):
        return plan
    return replace(bare, absent_arms=absent)


def _without(pilot: Pilot, arms: frozenset[str]) -> Pilot:
    return replace(pilot, seconds={arm: value for arm, value in pilot.seconds.items() if arm not in arms})


def holds_mixed_load(pilots: Sequence[Pilot], budget_s: float, share: float, options: MeasureOptions) -> bool:
    """Whether the mixed load's share of the budget costs no task its place, and no verdict.

    The sparse arms may give way for it.
    """
    plan = plan_slices(pilots, (1 - share) * budget_s, options)
    reached = blocks_affordable((1 - share) * budget_s, plan.block_s) >= options.looks[0]
    return reached and len(plan.left_out) <= len(plan_slices(pilots, budget_s, options).left_out)


def first_look_s(pilots: Sequence[Pilot], others_s: float, options: MeasureOptions) -> float:
    """Seconds that the blocks up to the first look take at the least, if a block of other tasks takes `others_s`."""
    return _blocks_s(options.looks[0], [others_s, *(least_cost_s(pilot, options) for pilot in pilots)])


def least_cost_s(pilot: Pilot, options: MeasureOptions) -> float:
    """Seconds of a block of the task with the shortest slices, without the arms that would give way for it."""
    bare = _without(pilot, options.sparse_arms)
    return slice_cost(bare, plan_slice(bare, SHORTEST_SLICE_S, options.turn_s), frozenset())


def least_block_s(seconds: Iterable[float]) -> float:
    """Seconds of a block of a task that takes so long on each arm, before all of its pilot is known."""
    return FEWEST_EXECUTIONS * sum(seconds)


def _plan_slices(pilots: Sequence[Pilot], budget_s: float, options: MeasureOptions) -> Plan:
    first, last = options.looks[0], options.looks[-1]
    plan = _longest(pilots, budget_s / (WARMUP_BLOCKS + last), SHORTEST_SLICE_S, options.slice_s, options)
    if blocks_affordable(budget_s, plan.block_s) < first:
        block_s = budget_s / (WARMUP_BLOCKS + first)
        plan = _longest(pilots, block_s, SHORTEST_SLICE_S / MOST_LONGER, SHORTEST_SLICE_S, options)
    kept = _affordable(plan.seconds, budget_s, first)
    return Plan(
        slices={task: item for task, item in plan.slices.items() if task in kept},
        seconds={task: cost for task, cost in plan.seconds.items() if task in kept},
        left_out=tuple(task for task in plan.seconds if task not in kept),
    )


def _longest(
    pilots: Sequence[Pilot], block_s: float, shortest_s: float, longest_s: float, options: MeasureOptions
) -> Plan:
    """The longest slices with which a block takes `block_s`, else the shortest; lengths are those of short queries."""
    found = _all_slices(pilots, longest_s, options)
    if found.block_s <= block_s:
        return found
    found = _all_slices(pilots, shortest_s, options)
    for _ in range(_HALVINGS):
        middle_s = (shortest_s + longest_s) / 2
        tried = _all_slices(pilots, middle_s, options)
        if tried.block_s > block_s:
            longest_s = middle_s
        else:
            found, shortest_s = tried, middle_s
    return found


def _all_slices(pilots: Sequence[Pilot], slice_s: float, options: MeasureOptions) -> Plan:
    slices = {
        pilot.task: plan_slice(pilot, _slice_s(pilot, slice_s, options.turn_s), options.turn_s) for pilot in pilots
    }
    costs = {pilot.task: slice_cost(pilot, slices[pilot.task], options.sparse_arms) for pilot in pilots}
    return Plan(slices, costs, ())


def _slice_s(pilot: Pilot, short_s: float, turn_s: float) -> float:
    """How long its slices are where those of short queries take `short_s`: longer the longer its turns have to be."""
    longer = min(max(min(pilot.seconds.values()) / turn_s, 1.0), MOST_LONGER)
    return max(longer * short_s, SHORTEST_SLICE_S)


def _affordable(seconds: Mapping[Task, float], budget_s: float, first_look: int) -> list[Task]:
    """The tasks whose blocks the budget holds up to the first look, the dearest left out.

    Were more than a quarter of them to go for that, then all stay of which the budget holds the warm-up and one block:
    effects without verdicts tell more than verdicts on some.
    """
    by_cost = sorted(seconds, key=seconds.__getitem__)

    def fitting(blocks: int) -> list[Task]:
        kept = list(by_cost)
        while kept and _blocks_s(blocks, [seconds[task] for task in kept]) > budget_s:
            kept.pop()
        return kept

    kept = fitting(first_look)
    return kept if 4 * len(kept) >= 3 * len(by_cost) else fitting(1)


def _blocks_s(blocks: int, seconds: Iterable[float]) -> float:
    """What so many blocks take after the warm-up, with it, if one block of each task takes so many seconds."""
    return (WARMUP_BLOCKS + blocks) * sum(seconds)


def plan_slice(pilot: Pilot, slice_s: float, turn_s: float = TURN_S) -> SlicePlan:
    """Whole cycles of the parameter sets, at least three executions, 40 to 500 ms on each arm where that is possible.

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
    executions = cycles * length
    if pilot.task.clients > 1:
        turn_s = max(turn_s, CROWDED_TURN_S)
    turns = min(max(int(executions * fast / turn_s), 1), executions)
    return SlicePlan(executions, spread(pilot.sets, length), share_cores=slow < SHORT_S, turns=turns)


def slice_cost(pilot: Pilot, plan: SlicePlan, sparse: frozenset[str]) -> float:
    """Seconds that one block of the task takes, all arms together; sparse arms count half."""
    beside_s = OVERHEAD_S + plan.turns * TURN_OVERHEAD_S
    return sum(_weight(arm, sparse) * (plan.executions * seconds + beside_s) for arm, seconds in pilot.seconds.items())


def _weight(arm: str, sparse: frozenset[str]) -> float:
    return 0.5 if arm in sparse else 1.0


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
