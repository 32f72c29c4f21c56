"""Plans the mixed load: which queries it consists of, its rate, the length of its slices; or why there is none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from harness.measure.coordinator import Coordinator
from harness.measure.mixed import FINDING_SHARE, Mix, MixedLoad, OpenPlan, plan_open, shortest_s
from harness.measure.model import WARMUP_BLOCKS, MeasureOptions, OpenLoad
from harness.measure.planning import Pilot


@dataclass(frozen=True)
class PlannedMix:
    """The load and the plan of its slices, both None where it is left out; `note` says what was planned, or why not."""

    note: str
    load: MixedLoad | None = None
    plan: OpenPlan | None = None


async def plan_mix(
    coordinator: Coordinator,
    load: OpenLoad,
    pilots: Sequence[Pilot],
    arms: Sequence[str],
    options: MeasureOptions,
    budget_s: float,
) -> PlannedMix:
    """Finds the rate of the mixed load, unless it is given, and the length of its slices within `budget_s` in all."""
    mix = _mix(coordinator, pilots)
    if not mix.queries:
        return PlannedMix("the mixed load is left out: no query of the mix runs on every arm")
    if shortest_s(len(arms), WARMUP_BLOCKS + 1) > budget_s * (1 - FINDING_SHARE):
        return PlannedMix(f"the mixed load is left out: {max(budget_s, 0.0):.0f} s hold no block of it")
    began = time.perf_counter()
    mixed = MixedLoad(coordinator, load, mix, options.seed)
    rate, words = load.rate_per_s, "as asked for"
    if rate is None:
        capacity = await mixed.find_capacity(arms, pilots, FINDING_SHARE * budget_s)
        if capacity is None:
            return PlannedMix("the mixed load is left out: what the arms manage could not be found")
        rate = float(f"{load.utilisation * capacity:.3g}")
        words = f"{load.utilisation:.0%} of the {capacity:,.0f} that the slower arm manages"
    budget_s -= time.perf_counter() - began
    plan = plan_open(rate, budget_s, len(arms), WARMUP_BLOCKS + options.looks[0], len(coordinator.crew.workers))
    if plan.block_s(len(arms)) * (WARMUP_BLOCKS + 1) > budget_s:
        return PlannedMix(
            f"the mixed load is left out: {budget_s:.0f} s hold no block of it at {rate:g} operations a second"
        )
    without = f", without {', '.join(mix.missing)}" if mix.missing else ""
    return PlannedMix(
        f"the mix{without} runs at {rate:g} operations a second on every arm, {words}, over {load.connections} "
        f"connections, in slices of {plan.slice_s:.1f} s; its schedule's seed is {options.seed} and the block",
        mixed,
        plan,
    )


def _mix(coordinator: Coordinator, pilots: Sequence[Pilot]) -> Mix:
    """Every query with a weight whose pilot ran; the others are missing."""
    usable = {pilot.task.query for pilot in pilots} - {task.query for task in coordinator.left_out}
    weighted = {place: work for place, work in enumerate(coordinator.works) if work.weight > 0}
    return Mix(
        queries=tuple(place for place in weighted if place in usable),
        weights=tuple(work.weight for place, work in weighted.items() if place in usable),
        missing=tuple(work.query for place, work in weighted.items() if place not in usable),
    )
