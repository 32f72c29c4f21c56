"""Two runs against each other: did the effect of the migration move since the stored one?

Both runs hold paired log ratios of their blocks, so that each run's machine cancels within it; the two samples are
independent, and their shift is tested by the rank-sum test with a margin, corrected by Holm over a fixed family. The
new run's looks are replayed against the whole of the stored run. Beside the margin of every comparison, the control's
own shift between the same two runs is the noise that a shift has to exceed: what differs from run to run but not from
block to block (where the clones lie on the disk, say) shows there and in no interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.special import ndtri, stdtr

from harness.stats.effect import estimate, log_ratios, logs_of
from harness.stats.model import Effect, Evidence, Pair, Rules, Series, Shift, ShiftDecision, Verdict
from harness.stats.power import EFFICIENCY
from harness.stats.rank_sum import (
    hodges_lehmann_shift,
    probability_above,
    probability_below,
    shift_interval,
    smallest_probability,
)
from harness.stats.verdict import FEWEST_BLOCKS, Key, in_precedence, replay_looks, taken_looks

Differences = tuple[float, ...]


def decide_shifts(family: Mapping[Key, Pair], blocks: int, rules: Rules) -> dict[Key, ShiftDecision]:
    """The verdict on every comparison of a family that was fixed at the start; `blocks` are those of the new run."""
    return replay_looks(
        family,
        taken_looks(blocks, rules),
        lambda pair, look: _assess(pair, look, rules),
        lambda item, slower, faster: _decide(item, slower, faster, len(family), rules),
    )


def estimate_shift(base: Differences, new: Differences, level: float) -> Shift:
    """exp(Hodges-Lehmann shift) of two samples of log ratios, with its rank-sum interval."""
    if not base or not new:
        return Shift(level=level)
    interval = shift_interval(base, new, level)
    return Shift(
        ratio=math.exp(hodges_lehmann_shift(base, new)),
        ci_low=math.exp(interval[0]) if interval else None,
        ci_high=math.exp(interval[1]) if interval else None,
        level=level,
    )


def shift_noise(base: Differences, new: Differences, level: float) -> float:
    """How far, as a ratio minus one, the controls of two runs may lie apart: the far end of their shift's interval.

    Where blocks are too few for it, the largest difference between them stands in. Zero where a run has no control.
    """
    if not base or not new:
        return 0.0
    ends = shift_interval(base, new, level) or (min(new) - max(base), max(new) - min(base))
    return math.expm1(max(abs(ends[0]), abs(ends[1])))


def welch_p(first: Differences, second: Differences, shift: float = 0.0) -> float:
    """One-sided p-value of "the second mean lies above the first by more than `shift`" (Welch 1947).

    1.0 where a sample has fewer than two values or neither varies.
    """
    if min(len(first), len(second)) < 2:
        return 1.0
    parts = [float(np.var(values, ddof=1)) / len(values) for values in (first, second)]
    if sum(parts) < 1e-18:
        return 1.0
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(values) - 1) for part, values in zip(parts, (first, second), strict=True)
    )
    statistic = (float(np.mean(second)) - float(np.mean(first)) - shift) / math.sqrt(sum(parts))
    return float(stdtr(freedom, -statistic))


def _assess(pair: Pair, look: int, rules: Rules) -> ShiftDecision:
    """Shift, margin and evidence of one comparison at one look; the verdict is still open.

    Where all operations together are proven slower by more than delta, what holds for the typical one does not pass,
    nor does anything where equal arms are proven to have moved between the runs.
    """
    base, base_warnings = _effect(pair.base, None, rules)
    new, new_warnings = _effect(pair.new, look, rules)
    controls = (_control(pair.base, None), _control(pair.new, look))
    margin = max(rules.shift_margin, shift_noise(*controls, rules.level))
    doubtful = pair.base.doubt() or pair.new.doubt(look)
    tested = (base.differences, new.differences) if not doubtful else ((), ())
    warnings = tuple(
        f"{run}: {warning}"
        for run, found in (("baseline", base_warnings), ("new run", new_warnings))
        for warning in found
    )
    if not all(controls):
        warnings += ("a run without an A/A control: what differs from run to run is not in the margin",)
    evidence = _evidence(*tested, margin, rules.delta)
    not_slower = probability_below(*tested, math.log1p(rules.delta))
    if _moved(*controls, rules):
        warnings += (
            f"equal arms moved, by up to {margin:.1%}, between the runs: a change of that size would not show",
        )
        evidence, not_slower = replace(evidence, equivalent=1.0), 1.0
    if others := _whole_slower(pair, look, rules):
        evidence, not_slower = replace(evidence, equivalent=1.0, faster=1.0), 1.0
        warnings += (others,)
    return ShiftDecision(
        verdict="inconclusive",
        passes=False,
        shift=estimate_shift(base.differences, new.differences, rules.level),
        base=base,
        new=new,
        evidence=evidence,
        not_slower=not_slower,
        margin=margin,
        look=look,
        warnings=warnings,
    )


def _moved(base: Differences, new: Differences, rules: Rules) -> bool:
    """Whether arms without any difference are proven to lie otherwise in the new run, beyond the margin."""
    found = _evidence(base, new, rules.shift_margin, rules.delta)
    return min(found.slower, found.faster) <= rules.look_alpha


def _whole_slower(pair: Pair, look: int, rules: Rules) -> str:
    """That all operations together take longer than in the stored run, beyond delta, where that is proven."""
    base, new = logs_of(pair.base.whole), logs_of(pair.new.whole[:look])
    shift = estimate_shift(base, new, rules.level)
    if shift.ratio is None or shift.ci_low is None or shift.ci_high is None or shift.ci_low <= 1 + rules.delta:
        return ""
    return (
        f"all operations together take {shift.ratio:.3g} times as long as in the baseline "
        f"({shift.ci_low:.3g} to {shift.ci_high:.3g})"
    )


def _effect(series: Series, look: int | None, rules: Rules) -> tuple[Effect, tuple[str, ...]]:
    differences, warnings = log_ratios(series.baseline, series.changed, look)
    if series.invalid:
        differences, warnings = (), (series.invalid,)
    effect = estimate(differences, rules.level) if not warnings else Effect(level=rules.level)
    doubts = (doubt,) if (doubt := series.doubt(look)) else ()
    return effect, (*doubts, *warnings, *effect.warnings)


def _control(series: Series, look: int | None) -> Differences:
    return log_ratios(series.baseline, series.control, look)[0]


def _evidence(base: Differences, new: Differences, margin: float, delta: float) -> Evidence:
    if not base or not new:
        return Evidence()
    inner, outer = math.log1p(margin), math.log1p(delta)
    return Evidence(
        slower=probability_above(base, new, inner),
        faster=probability_below(base, new, -inner),
        equivalent=max(probability_below(base, new, outer), probability_above(base, new, -outer)),
    )


def _decide(item: ShiftDecision, slower: float, faster: float, family: int, rules: Rules) -> ShiftDecision:
    base, new = item.base.differences, item.new.differences
    if not base or not new or item.evidence == Evidence():
        return item
    verdict = in_precedence(slower, faster, item.evidence.equivalent, rules.look_alpha)
    return replace(
        item,
        verdict=verdict,
        passes=verdict != "slower" and item.not_slower <= rules.look_alpha,
        p_adjusted=min(1.0, min(slower, faster) * len(rules.looks)),
        detectable=_detectable(base, new, item.margin, family, rules),
        warnings=(*item.warnings, *_cautions(item, verdict, family, rules)),
    )


def _detectable(base: Differences, new: Differences, margin: float, family: int, rules: Rules) -> float | None:
    """The smallest slow-down that so many blocks of both runs find at the rules' power (normal approximation)."""
    single = rules.look_alpha / max(family, 1)
    if min(len(base), len(new)) < 2 or smallest_probability(len(base), len(new)) > single:
        return None
    error = math.sqrt(sum(float(np.var(values, ddof=1)) / len(values) for values in (base, new)) / EFFICIENCY)
    return math.expm1(math.log1p(margin) - float(ndtri(single) + ndtri(1 - rules.power)) * error)


def _cautions(item: ShiftDecision, verdict: Verdict, family: int, rules: Rules) -> tuple[str, ...]:
    base, new = item.base.differences, item.new.differences
    if min(len(base), len(new)) < FEWEST_BLOCKS:
        return (f"fewer than {FEWEST_BLOCKS} blocks ({min(len(base), len(new))}) in one of the runs prove little",)
    if smallest_probability(len(base), len(new)) > rules.look_alpha / family:
        return (f"too few blocks ({len(base)} and {len(new)}) to prove a shift in one of {family} queries",)
    bound = math.log1p(item.margin)
    found = {"slower": welch_p(base, new, bound), "faster": welch_p(new, base, bound)}.get(verdict)
    if found is not None and found > rules.look_alpha:
        return (f"Welch's t-test does not see it {verdict} (p = {found:.3g}): the two runs scatter unequally",)
    return ()
