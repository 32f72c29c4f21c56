"""Pages and plans of each query while it was timed, by the server's account, and where its plan changed meanwhile."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence

from harness.measure.model import WARMUP_BLOCKS, Measurement, SlicePages
from harness.result import QueryIo

CHANGED = 1.5
"""Whole cycles of the same parameters touch the same pages in every block, unless the plan is another."""

_LEAST_PAGES = 5.0


def query_io(measurement: Measurement) -> tuple[QueryIo, ...]:
    """A record per query, arm and level that the server accounts for; the warm-up is left out."""
    plans = {(item.query, item.arm): (item.generic, item.custom) for item in measurement.plan_counts}
    slices: dict[tuple[str, str, int], list[SlicePages]] = defaultdict(list)
    for item in measurement.pages:
        if item.block >= WARMUP_BLOCKS:
            slices[item.query, item.arm, item.clients].append(item)
    return tuple(
        _record(load, found, plans.get(load[:2], (0, 0)), load[0] in measurement.writes)
        for load, found in sorted(slices.items())
    )


def _record(load: tuple[str, str, int], slices: Sequence[SlicePages], plans: tuple[int, int], writes: bool) -> QueryIo:
    executions = sum(item.executions for item in slices)

    def mean(name: str) -> float:
        return round(float(sum(getattr(item, name) * item.executions for item in slices)) / executions, 2)

    return QueryIo(
        query=load[0],
        arm=load[1],
        clients=load[2],
        executions=executions,
        hit_per_execution=mean("hit"),
        read_per_execution=mean("read"),
        temp_per_execution=mean("temp"),
        generic_plans=plans[0],
        custom_plans=plans[1],
        changed_in_blocks=() if writes else _changes(slices),
    )


def _changes(slices: Sequence[SlicePages]) -> tuple[int, ...]:
    """Blocks that touch many more or fewer pages per execution than the one before: their plan is another."""
    ordered = sorted(slices, key=lambda item: item.block)
    pairs = [(a.hit + a.read, b.hit + b.read, b.block) for a, b in itertools.pairwise(ordered)]
    return tuple(
        block for was, now, block in pairs if max(was, now) > CHANGED * min(was, now) and abs(was - now) >= _LEAST_PAGES
    )
