"""From differences to verdicts: tests with a margin, one family corrected by Holm, looks at fixed numbers of blocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from scipy.special import stdtr

from harness.stats.effect import estimate, lag_one, log_ratios, noise_bound, unlike
from harness.stats.holm import holm
from harness.stats.model import Decision, Effect, Evidence, Rules, Ruling, Series, Verdict
from harness.stats.power import blocks_needed, detectable_effect, spread
from harness.stats.signed_rank import probability_greater, probability_less

Key = TypeVar("Key", bound=Hashable)
Evidential = TypeVar("Evidential")
Judged = TypeVar("Judged", bound=Ruling)

FEWEST_BLOCKS = 6
"""Below six blocks the smallest p-value, 2**-5, exceeds what one look may spend on a single query."""

MOST_LAG = 3.0
"""Standard errors, 1 / sqrt(K), that the correlation of independent blocks exceeds once in a thousand comparisons."""


def gather_evidence(differences: Sequence[float], margin: float, delta: float) -> Evidence:
    """The p-values of slower (beyond +margin), faster (beyond -margin) and equivalent (within +-delta, both sides).

    The tests are Wilcoxon's; equivalence is the larger p-value of two one-sided tests (Schuirmann 1987).
    """
    if not differences:
        return Evidence()
    inner, outer = math.log1p(margin), math.log1p(delta)
    return Evidence(
        slower=probability_greater(differences, inner),
        faster=probability_less(differences, -inner),
        equivalent=max(probability_less(differences, outer), probability_greater(differences, -outer)),
    )


def taken_looks(blocks: int, rules: Rules) -> tuple[int, ...]:
    """The looks of a run that ended after `blocks` blocks: the planned ones, and a last one where it ended between."""
    planned = tuple(look for look in rules.looks if look <= blocks)
    ended_between = blocks > 0 and len(planned) < len(rules.looks) and (not planned or planned[-1] < blocks)
    return (*planned, blocks) if ended_between else planned


def decide_family(family: Mapping[Key, Series], blocks: int, rules: Rules) -> dict[Key, Decision]:
    """The verdict on every comparison of a family that was fixed at the start, after `blocks` blocks.

    Replays the looks: what is settled at one keeps its p-values in the family of the later ones and its verdict for
    good, so that the same blocks always give the same verdicts, asked during the run or after it. At each look the
    family-wise error of "slower" and of "faster" is at most alpha / looks (Holm), hence at most alpha in all.
    """
    return replay_looks(
        family,
        taken_looks(blocks, rules),
        lambda series, look: _assess(series, look, rules),
        lambda item, slower, faster: _decide(item, slower, faster, len(family), rules),
    )


def replay_looks(
    family: Mapping[Key, Evidential],
    looks: Sequence[int],
    assess: Callable[[Evidential, int], Judged],
    decide: Callable[[Judged, float, float], Judged],
) -> dict[Key, Judged]:
    """The looks one after the other: `assess` gathers each comparison's evidence from so many blocks, `decide` judges.

    `decide` gets the p-values of slower and faster after Holm over the family. What is settled keeps its p-values in
    the family of the later looks and its verdict for good.
    """
    settled: dict[Key, Judged] = {}
    latest: dict[Key, Judged] = {}
    for look in looks or (0,):
        latest = {key: settled.get(key) or assess(series, look) for key, series in family.items()}
        slower = dict(zip(latest, holm([item.evidence.slower for item in latest.values()]), strict=True))
        faster = dict(zip(latest, holm([item.evidence.faster for item in latest.values()]), strict=True))
        for key in latest.keys() - settled.keys():
            latest[key] = decide(latest[key], slower[key], faster[key])
            if latest[key].settled:
                settled[key] = latest[key]
    return latest


def _assess(series: Series, look: int, rules: Rules) -> Decision:
    """Effect, margin and evidence of one comparison at one look; the verdict is still open."""
    control, unreadable = log_ratios(series.baseline, series.control, look)
    margin = max(rules.margin, noise_bound(control, rules.level))
    differences, warnings = log_ratios(series.baseline, series.changed, look)
    if series.invalid:
        differences, warnings = (), (series.invalid,)
    effect = estimate(differences, rules.level) if not warnings else Effect(level=rules.level)
    doubt = series.doubt(look) or next((f"the equal arm: {reason}" for reason in unreadable), "")
    limits = (_lean(control, margin, rules), unlike(effect, series.whole[:look], rules.delta))
    evidence = Evidence() if doubt else _limited(gather_evidence(differences, margin, rules.delta), *limits)
    return Decision(
        verdict="inconclusive",
        effect=effect,
        evidence=evidence,
        margin=margin,
        look=look,
        doubtful=bool(doubt or limits[1]),
        warnings=tuple(filter(None, (doubt, *warnings, limits[0], _whole(limits[1]), *effect.warnings))),
    )


def _lean(control: Sequence[float], margin: float, rules: Rules) -> str:
    """That two equal arms are proven to differ, beyond the margin: by something that is in this comparison, too."""
    found = gather_evidence(control, rules.margin, rules.delta)
    if min(found.slower, found.faster) > rules.look_alpha:
        return ""
    return f"two equal arms differ here, by up to {margin:.1%}: a change of that size would not show"


def _whole(whole: Effect | None) -> str:
    if whole is None:
        return ""
    return (
        f"all operations together take {whole.ratio:.3g} times as long ({whole.ci_low:.3g} to {whole.ci_high:.3g}): "
        "some do not change like the typical one"
    )


def _limited(evidence: Evidence, lean: str, whole: Effect | None) -> Evidence:
    """Evidence without what the equal arm or all operations together contradict.

    Nothing is equivalent beside equal arms that differ, nor what holds for the typical operation alone; and where all
    together are proven to have changed the other way, neither direction is the query's.
    """
    if lean or whole:
        evidence = replace(evidence, equivalent=1.0)
    if whole is None or whole.ci_low is None or whole.ci_high is None:
        return evidence
    return replace(
        evidence,
        slower=1.0 if whole.ci_high < 1 else evidence.slower,
        faster=1.0 if whole.ci_low > 1 else evidence.faster,
    )


def _decide(item: Decision, slower: float, faster: float, family: int, rules: Rules) -> Decision:
    differences = item.effect.differences
    if not differences or item.evidence == Evidence():
        return item
    verdict = in_precedence(slower, faster, item.evidence.equivalent, rules.look_alpha)
    return replace(
        item,
        verdict=verdict,
        p_adjusted=min(1.0, min(slower, faster) * len(rules.looks)),
        blocks_needed=blocks_needed(differences, item.margin, family, rules) if verdict == "inconclusive" else None,
        detectable=detectable_effect(len(differences), spread(differences), item.margin, family, rules),
        warnings=(*item.warnings, *_cautions(item, verdict, family, rules)),
    )


def in_precedence(slower: float, faster: float, equivalent: float, alpha: float) -> Verdict:
    """The precedence: slower, faster, equivalent, inconclusive."""
    if slower <= alpha:
        return "slower"
    if faster <= alpha:
        return "faster"
    return "equivalent" if equivalent <= alpha else "inconclusive"


def _cautions(item: Decision, verdict: Verdict, family: int, rules: Rules) -> tuple[str, ...]:
    cautions = []
    differences = item.effect.differences
    count = len(differences)
    if count < FEWEST_BLOCKS:
        cautions.append(f"fewer than {FEWEST_BLOCKS} blocks ({count}) can prove nothing")
    elif 0.5**count > rules.look_alpha / family:
        cautions.append(
            f"too few blocks ({count}) to prove a difference in one of {family} queries, however large it is"
        )
    lag = lag_one(differences) if count >= FEWEST_BLOCKS else None
    if lag is not None and lag * math.sqrt(count) > MOST_LAG:
        cautions.append(
            f"blocks depend on the one before (correlation {lag:.2f}): interval and verdict look surer than they are"
        )
    disagreement = _students_disagreement(item, verdict, family, rules)
    return (*cautions, disagreement) if disagreement else tuple(cautions)


def _students_disagreement(item: Decision, verdict: Verdict, family: int, rules: Rules) -> str:
    """What Student's t-test says otherwise, or nothing: a check on the signed-rank test, not a second vote.

    A difference that was found is held against t's unadjusted p-value, one that was not found against Bonferroni's:
    in between the two tests may differ by chance alone.
    """
    differences = item.effect.differences
    if len(differences) < FEWEST_BLOCKS or spread(differences) < 1e-9:
        return ""
    bound = math.log1p(item.margin)
    slower = _students_p([value - bound for value in differences])
    faster = _students_p([-value - bound for value in differences])
    found = {"slower": slower, "faster": faster}.get(verdict)
    if found is not None and found > rules.look_alpha:
        return f"Student's t-test does not see it {verdict} (p = {found:.3g}): single blocks may carry the verdict"
    if found is None and min(slower, faster) * family <= rules.look_alpha:
        direction = "slower" if slower < faster else "faster"
        return f"Student's t-test calls it {direction} (p = {min(slower, faster):.3g}), the signed-rank test does not"
    return ""


def _students_p(differences: Sequence[float]) -> float:
    """One-sided p-value of "the mean is above zero" (Student 1908); the differences are not all equal."""
    count = len(differences)
    statistic = math.fsum(differences) / count / (spread(differences) / math.sqrt(count))
    return float(stdtr(count - 1, -statistic))
