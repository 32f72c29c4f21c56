"""Comparisons of the open load: the mix at one rate on every arm, and beside it each of its queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from harness.judge.throughput import idle, inverse, rested_on
from harness.judge.view import CONTROL, QueryRules, View
from harness.measure.model import BASELINE, MIX, Load, Measurement, SliceRecord
from harness.result import Comparison
from harness.stats import ABSENT_BELOW, ADVISORY_BELOW, Decision, Rules, Series, decide_family

COMPLETED = "throughput"
"""The metric of what succeeds within the schedule, an operation; a ratio above one is more."""


def mixed_load(
    measurement: Measurement, queries: Mapping[str, QueryRules], rules: Rules | None = None
) -> tuple[Comparison, ...]:
    """Quantiles from the intended instant, and operations completed a second: the mix first, then its queries.

    The mix is a family of its own, for it is the one question that the open load answers; its queries explain it. An
    arm that does not keep the rate has no latency: what it would show is how long the measurement went on. Empty
    where there was no open load.
    """
    table = measurement.open_table
    if not table.slices:
        return ()
    mixed = {name: item for name, item in queries.items() if item.weight > 0}
    view = View(table, {MIX: QueryRules(), **mixed}, measurement.invalid_open_loads())
    found = []
    for arm in view.others:
        for loads in ([load for load in view.loads if load[0] == MIX], [load for load in view.loads if load[0] != MIX]):
            for metric in (*ABSENT_BELOW, COMPLETED):
                family = {load: _series(view, load, arm, metric) for load in loads}
                decisions = decide_family(family, view.blocks, rules or Rules())
                found += [
                    _comparison(view, load, arm, metric, family[load], decisions[load], measurement.rate_per_s)
                    for load in loads
                ]
    return tuple(found)


def _series(view: View, load: Load, arm: str, metric: str) -> Series:
    series = view.series(load, arm, "p50" if metric == COMPLETED else metric, "response")
    if metric != COMPLETED:
        return replace(series, invalid=series.invalid or _saturation(view, load[1], arm))
    asked = {
        name: [item.completed for item in view.good(load, name) if item and item.intended]
        for name in (BASELINE, arm, CONTROL)
    }
    return replace(
        series,
        invalid=series.invalid or idle(asked),
        baseline=_seconds_each(view.good(load, BASELINE)),
        changed=_seconds_each(view.good(load, arm)),
        control=_seconds_each(view.good(load, CONTROL)) if arm != CONTROL else (),
    )


def _seconds_each(slices: Sequence[SliceRecord | None]) -> tuple[float | None, ...]:
    return tuple(item.wall_s / item.completed if item and item.completed else None for item in slices)


def _saturation(view: View, clients: int, arm: str) -> str:
    """Which of the arms does not keep the rate, in most of its slices; nothing where both do."""
    for name in (BASELINE, arm):
        slices = [item for item in view.good((MIX, clients), name) if item]
        if sum(item.saturated for item in slices) * 2 > len(slices):
            kept = median(item.completed / item.wall_s for item in slices)
            asked = median(item.intended / item.wall_s for item in slices)
            return f"saturated: {name} completes {kept:.3g} of {asked:.3g} operations a second, so it has no latency"
    return ""


def _comparison(
    view: View, load: Load, arm: str, metric: str, series: Series, decision: Decision, rate_per_s: float | None
) -> Comparison:
    pairs = rested_on(series, decision)
    effect, measured, more = decision.effect, decision.effect.ratio is not None, metric == COMPLETED
    ran = [item for name in (BASELINE, arm) for item in view.slices(load, name) if item]
    samples = view.samples(load, arm)
    few = samples < ADVISORY_BELOW.get(metric, 0)
    remarks = [f"{metric} needs {ADVISORY_BELOW[metric]} samples per arm and block, these are {samples}"] if few else []
    return Comparison(
        query=load[0],
        arm=arm,
        metric=metric,
        basis="response",
        clients=load[1],
        ratio=inverse(effect.ratio) if more else effect.ratio,
        ci_low=inverse(effect.ci_high) if more else effect.ci_low,
        ci_high=inverse(effect.ci_low) if more else effect.ci_high,
        p_adjusted=decision.p_adjusted,
        blocks=effect.blocks,
        void_blocks=view.void_blocks(load, arm),
        samples=samples,
        verdict=decision.verdict,
        before_s=median(a for a, _ in pairs) if measured else None,
        after_s=median(b for _, b in pairs) if measured else None,
        margin=decision.margin,
        advisory=True,
        blocks_needed=decision.blocks_needed,
        doubtful=decision.doubtful,
        warnings=(*decision.warnings, *view.queries[load[0]].remarks, *remarks),
        load="open",
        rate_per_s=rate_per_s,
        intended=sum(item.intended for item in ran),
        late=sum(item.late for item in ran),
        skipped=sum(item.skipped for item in ran),
    )
