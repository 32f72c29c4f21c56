"""Comparisons of latency: per query, level, arm, metric and basis, each family judged by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median

from harness.judge.view import Basis, QueryRules, View
from harness.measure.model import BlockTable, Load, Measurement
from harness.result import Comparison
from harness.stats import ABSENT_BELOW, ADVISORY_BELOW, Decision, Rules, decide_family, median_interval

CHANGED = "after"
"""The arm whose comparisons decide; all others explain."""


def judge(measurement: Measurement, queries: Mapping[str, QueryRules]) -> tuple[Comparison, ...]:
    """Every latency comparison of a run, those that could not be made included, with the reason."""
    return judge_table(measurement.table, queries, invalid=measurement.invalid_loads())


def judge_table(
    table: BlockTable,
    queries: Mapping[str, QueryRules],
    rules: Rules | None = None,
    invalid: Mapping[Load, str] | None = None,
) -> tuple[Comparison, ...]:
    """The comparisons of a table of blocks; the same table always gives the same ones.

    The family of each (arm, metric, basis) holds all queries at all levels, whatever became of them.
    """
    view = View(table, queries, invalid)
    families: list[tuple[str, Basis]] = [(metric, "response") for metric in ABSENT_BELOW]
    if any(item.server_mean_s is not None for item in table.slices):
        families.append(("mean", "server"))
    return tuple(
        comparison
        for arm in view.others
        for metric, basis in families
        for comparison in _family(view, arm, metric, basis, rules or Rules())
    )


def decider(queries: Mapping[str, QueryRules], rules: Rules | None = None) -> Callable[[BlockTable], set[Load]]:
    """What `measure` asks at each look: the loads whose deciding comparison is settled."""

    def settled(table: BlockTable) -> set[Load]:
        view = View(table, queries)
        found = set()
        for load in view.loads:
            deciding = view.headline(load, CHANGED)
            if _decisions(view, CHANGED, *deciding, rules or Rules())[load].verdict != "inconclusive":
                found.add(load)
        return found

    return settled


def _decisions(view: View, arm: str, metric: str, basis: Basis, rules: Rules) -> dict[Load, Decision]:
    family = {load: view.series(load, arm, metric, basis) for load in view.loads}
    return decide_family(family, view.blocks, rules)


def _family(view: View, arm: str, metric: str, basis: Basis, rules: Rules) -> list[Comparison]:
    decisions = _decisions(view, arm, metric, basis, rules)
    return [_comparison(view, load, arm, metric, basis, decisions[load]) for load in view.loads]


def _comparison(view: View, load: Load, arm: str, metric: str, basis: Basis, decision: Decision) -> Comparison:
    query, clients = load
    rules = view.queries[query]
    samples = view.samples(load, arm)
    few = samples < ADVISORY_BELOW.get(metric, 0)
    headline = view.headline(load, arm) == (metric, basis)
    before, after = view.times(load, arm, metric, basis, decision.effect.blocks)
    ends = median_interval(after, 0.95) or (None, None)
    return Comparison(
        query=query,
        arm=arm,
        metric=metric,
        basis=basis,
        clients=clients,
        ratio=decision.effect.ratio,
        ci_low=decision.effect.ci_low,
        ci_high=decision.effect.ci_high,
        p_adjusted=decision.p_adjusted,
        blocks=decision.effect.blocks,
        void_blocks=view.void_blocks(load, arm),
        samples=samples,
        verdict=decision.verdict,
        before_s=median(before) if before else None,
        after_s=median(after) if after else None,
        margin=decision.margin,
        gated=rules.gated and headline and arm == CHANGED,
        advisory=few or not headline or arm != CHANGED,
        max_slowdown=rules.max_slowdown,
        blocks_needed=decision.blocks_needed,
        after_low_s=ends[0],
        after_high_s=ends[1],
        doubtful=decision.doubtful,
        warnings=(*decision.warnings, *rules.remarks, *_remarks(metric, samples, few, headline, basis)),
    )


def _remarks(metric: str, samples: int, few: bool, headline: bool, basis: Basis) -> list[str]:
    remarks = []
    if few:
        remarks.append(f"{metric} needs {ADVISORY_BELOW[metric]} samples per arm and block, these are {samples}")
    if headline and basis == "server":
        remarks.append(
            "the client takes more than a third of the response: the server's time, to the answer's last byte, decides"
        )
    return remarks
