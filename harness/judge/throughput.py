"""Comparisons of throughput: what each query, and the weighted mix of all, manages in a closed loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from harness.judge.view import CONTROL, QueryRules, View
from harness.measure.model import BASELINE, MIX, BlockTable, Load
from harness.result import Comparison
from harness.stats import Decision, Rules, Series, decide_family


def throughput(
    table: BlockTable,
    queries: Mapping[str, QueryRules],
    rules: Rules | None = None,
    invalid: Mapping[Load, str] | None = None,
) -> tuple[Comparison, ...]:
    """Operations per second of the closed load, per query and for the weighted mix: arm over `before`.

    A ratio above one is more throughput, hence "faster"; the times are seconds per operation of all clients together.
    A mix of which one query could not be measured is no mix: it has no figure. Nor has what an arm did not complete
    once in some block.
    """
    view = View(table, queries, invalid)
    found = []
    for arm in view.others:
        family = {load: _series(view, load, arm) for load in view.loads}
        levels = dict.fromkeys(clients for _, clients in view.loads)
        family |= {(MIX, clients): _mix(family, queries, clients) for clients in levels}
        decisions = decide_family(family, view.blocks, rules or Rules())
        found += [_comparison(view, load, arm, series, decisions[load]) for load, series in family.items()]
    return tuple(found)


def _series(view: View, load: Load, arm: str) -> Series:
    def per_operation(name: str) -> tuple[float | None, ...]:
        return tuple(
            item.wall_s / item.executions if item and item.executions else None for item in view.good(load, name)
        )

    series = view.series(load, arm, "p50", "response")
    counts = {name: [item.executions for item in view.good(load, name) if item] for name in (BASELINE, arm, CONTROL)}
    return replace(
        series,
        invalid=series.invalid or idle(counts),
        baseline=per_operation(BASELINE),
        changed=per_operation(arm),
        control=per_operation(CONTROL) if arm != CONTROL else (),
        whole=(),
    )


def idle(completed: Mapping[str, Sequence[int]]) -> str:
    """Which arm completed nothing in some of its blocks; nothing where none did.

    An operation takes no finite time there. Leaving such blocks out would take an arm's worst ones away, so that there
    is no figure at all, as of a latency of zero.
    """
    for arm, counts in completed.items():
        if none := sum(not count for count in counts):
            return f"{arm} completed nothing in {none} of {len(counts)} blocks: no ratio exists"
    return ""


def _mix(family: Mapping[Load, Series], queries: Mapping[str, QueryRules], clients: int) -> Series:
    """Seconds per operation of the mix: the weighted mean over its queries, in blocks in which all of them ran."""
    members = [
        (queries[query].weight, series)
        for (query, level), series in family.items()
        if level == clients and queries[query].weight > 0
    ]

    def mixed(sides: Sequence[tuple[float | None, ...]]) -> tuple[float | None, ...]:
        weights = [weight for weight, _ in members]
        return tuple(_weighted(weights, block) for block in zip(*sides, strict=True))

    return Series(
        baseline=mixed([series.baseline for _, series in members]),
        changed=mixed([series.changed for _, series in members]),
        control=mixed([series.control for _, series in members]),
        invalid="; ".join(dict.fromkeys(series.invalid for _, series in members if series.invalid)),
        doubts=tuple(
            "; ".join(dict.fromkeys(filter(None, block)))
            for block in zip(*[series.doubts for _, series in members], strict=True)
        ),
    )


def _weighted(weights: Sequence[float], values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    if len(there) < len(weights):
        return None
    return sum(weight * value for weight, value in zip(weights, there, strict=True)) / sum(weights)


def _comparison(view: View, load: Load, arm: str, series: Series, decision: Decision) -> Comparison:
    effect = decision.effect
    pairs = rested_on(series, decision)
    measured = effect.ratio is not None
    return Comparison(
        query=load[0],
        arm=arm,
        metric="throughput",
        basis="response",
        clients=load[1],
        ratio=inverse(effect.ratio),
        ci_low=inverse(effect.ci_high),
        ci_high=inverse(effect.ci_low),
        p_adjusted=decision.p_adjusted,
        blocks=effect.blocks,
        void_blocks=0 if load[0] == MIX else view.void_blocks(load, arm),
        samples=0 if load[0] == MIX else view.samples(load, arm),
        verdict=decision.verdict,
        before_s=median(a for a, _ in pairs) if measured else None,
        after_s=median(b for _, b in pairs) if measured else None,
        margin=decision.margin,
        advisory=True,
        blocks_needed=decision.blocks_needed,
        doubtful=decision.doubtful,
        warnings=decision.warnings,
    )


def rested_on(series: Series, decision: Decision) -> list[tuple[float, float]]:
    """The figures of both sides in the blocks that the decision rests on."""
    paired = zip(series.baseline, series.changed, strict=True)
    return [(a, b) for a, b in paired if a is not None and b is not None][: decision.effect.blocks]


def inverse(value: float | None) -> float | None:
    """Of times the ratio of rates, and the other way round."""
    return None if value is None else 1 / value
