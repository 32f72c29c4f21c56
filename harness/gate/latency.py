"""Did the effect of the migration on a query move since the stored run? Judged from the blocks of both runs."""

from __future__ import annotations

from dataclasses import dataclass

from harness.judge import QueryRules, View, client_share
from harness.judge.latency import CHANGED
from harness.judge.view import MOST_CLIENT_SHARE, Basis
from harness.measure.model import BASELINE, BlockTable, Load
from harness.result import Outcome, QueryShift
from harness.stats import ABSENT_BELOW, ADVISORY_BELOW, Pair, Rules, Series, ShiftDecision, decide_shifts

ANOTHER_QUESTION = "its text or parameters are not the baseline's, so its effect is not compared"

Family = tuple[str, Basis]
FAMILIES: tuple[Family, ...] = (*((metric, "response") for metric in ABSENT_BELOW), ("mean", "server"))


@dataclass(frozen=True)
class Views:
    """The tables of blocks of both runs, and every load that one of them has: the family of all tests."""

    base: View
    new: View

    @property
    def loads(self) -> list[Load]:
        """Loads of the new run, then those that only the stored one has."""
        return list(dict.fromkeys((*self.new.loads, *self.base.loads)))

    def rules(self, load: Load) -> QueryRules:
        """The new run's rules for the query, or the stored one's where only that has it."""
        return self.new.queries.get(load[0]) or self.base.queries[load[0]]

    def asks_alike(self, query: str) -> bool:
        """Whether the query's text and parameters are the same in both runs, as far as both tell."""
        told = {view.queries[query].fingerprint for view in (self.base, self.new) if query in view.queries}
        return len(told - {""}) < 2

    def comparable(self, load: Load) -> bool:
        """Whether both runs have the load, and asked the same."""
        return load in self.base.loads and load in self.new.loads and self.asks_alike(load[0])

    def headline(self, load: Load) -> Family:
        """Which figure decides: the response's p50, or the server's mean where the client takes too much of it.

        It has to be the same in both runs, so one run with too large a share of the client is enough.
        """
        slices = [view.early(load, arm) for view in (self.base, self.new) for arm in (BASELINE, CHANGED)]
        told = all(any(item and item.server_mean_s is not None for item in side) for side in slices)
        heavy = max(client_share(side) for side in slices) > MOST_CLIENT_SHARE
        return ("mean", "server") if told and heavy else ("p50", "response")

    def decide(self, family: Family, rules: Rules) -> dict[Load, ShiftDecision]:
        """The verdicts on one figure of all loads."""
        pairs = {load: self.pair(load, CHANGED, family) for load in self.loads}
        return decide_shifts(pairs, self.new.blocks, rules)

    def pair(self, load: Load, arm: str, family: Family) -> Pair:
        """The stored run's comparison, and the new run's of the arm; of one kind, whatever the samples can tell.

        What answers another question is not compared: the new run has no valid figure.
        """
        if not self.asks_alike(load[0]):
            other = Series((), (), invalid=ANOTHER_QUESTION)
            return Pair(_series(self.base, load, CHANGED, family, self.base.is_paired(load, *family)), other)
        paired = all(view.is_paired(load, *family) for view in (self.base, self.new))
        return Pair(_series(self.base, load, CHANGED, family, paired), _series(self.new, load, arm, family, paired))


def view_of(table: BlockTable, queries: dict[str, QueryRules], invalid: dict[Load, str]) -> View:
    """A run's table as comparisons read it."""
    return View(table, queries, invalid)


def _series(view: View, load: Load, arm: str, family: Family, paired: bool) -> Series:
    if load not in view.loads:
        return Series((), (), invalid="it was not timed there")
    return view.series(load, arm, *family, paired)


def query_shifts(views: Views, advisory: bool, rules: Rules | None = None) -> tuple[QueryShift, ...]:
    """One record per load and figure, the deciding ones first; a figure that a run lacks is there only if it decides.

    `advisory`: the runs' conditions differ, so that no comparison may set the exit code.
    """
    found = []
    for family in FAMILIES:
        for load, decision in views.decide(family, rules or Rules()).items():
            decides = views.headline(load) == family
            if decides or decision.shift.ratio is not None:
                found.append(_record(views, load, family, decision, decides, advisory))
    return tuple(sorted(found, key=lambda item: not item.gated))


def settled_loads(views: Views, rules: Rules | None = None) -> set[Load]:
    """The loads whose deciding comparison passes or fails for good, or that no further block makes comparable."""
    decisions = {family: views.decide(family, rules or Rules()) for family in {*map(views.headline, views.loads)}}
    return {load for load in views.loads if not views.comparable(load) or decisions[views.headline(load)][load].settled}


def _record(
    views: Views, load: Load, family: Family, decision: ShiftDecision, decides: bool, advisory: bool
) -> QueryShift:
    metric, basis = family
    few = min(view.samples(load, CHANGED) if load in view.loads else 0 for view in (views.base, views.new))
    short = few < ADVISORY_BELOW.get(metric, 0)
    remarks = [f"{metric} needs {ADVISORY_BELOW[metric]} samples per arm and block, these are {few}"] if short else []
    if decides and basis == "server":
        remarks.append(
            "the client takes more than a third of the response: the server's time, to the answer's last byte, decides"
        )
    return QueryShift(
        query=load[0],
        clients=load[1],
        metric=metric,
        basis=basis,
        base_ratio=decision.base.ratio,
        base_low=decision.base.ci_low,
        base_high=decision.base.ci_high,
        base_blocks=decision.base.blocks,
        new_ratio=decision.new.ratio,
        new_low=decision.new.ci_low,
        new_high=decision.new.ci_high,
        new_blocks=decision.new.blocks,
        ratio=decision.shift.ratio,
        ci_low=decision.shift.ci_low,
        ci_high=decision.shift.ci_high,
        p_adjusted=decision.p_adjusted,
        margin=decision.margin,
        verdict=decision.verdict,
        passes=decision.passes,
        outcome=_outcome(decision),
        gated=decides and views.rules(load).gated,
        advisory=advisory or short or not decides,
        detectable=decision.detectable,
        warnings=(*decision.warnings, *remarks),
    )


def _outcome(decision: ShiftDecision) -> Outcome:
    if decision.verdict == "slower":
        return "fail"
    return "pass" if decision.passes else "open"
