"""Verdicts: precedence, margins, the family, the looks, and what each decision says about itself."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from harness.stats import Decision, Rules, Series, decide_family, gather_evidence, taken_looks
from harness.stats.verdict import _students_p

RULES = Rules()


def series(ratio: float, blocks: int = 12, spread: float = 0.01, seed: int = 0, control: float | None = None) -> Series:
    """Blocks whose log ratios scatter around log(ratio), symmetric by construction."""
    noise = np.linspace(-spread, spread, blocks)
    np.random.default_rng(seed).shuffle(noise)
    return Series(
        baseline=(1.0,) * blocks,
        changed=tuple(ratio * math.exp(value) for value in noise),
        control=() if control is None else tuple(control * math.exp(value) for value in noise),
    )


def decide(one: Series, blocks: int = 12, rules: Rules = RULES) -> Decision:
    return decide_family({"query": one}, blocks, rules)["query"]


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [(1.10, "slower"), (0.90, "faster"), (1.00, "equivalent"), (1.02, "equivalent"), (1.04, "slower")],
)
def test_clear_effects_get_their_verdict(ratio: float, verdict: str) -> None:
    assert decide(series(ratio)).verdict == verdict


def test_slower_comes_before_equivalent() -> None:
    # 4 % is proven to exceed the margin of 2 % and proven to lie within 5 %.
    item = decide(series(1.035, spread=0.005))
    assert item.evidence.equivalent <= RULES.look_alpha
    assert item.verdict == "slower"


def test_a_wide_scatter_is_inconclusive_and_says_how_many_blocks_it_needs() -> None:
    item = decide(series(1.05, spread=0.06))
    assert item.verdict == "inconclusive"
    assert item.blocks_needed is not None
    assert 12 < item.blocks_needed <= 40


def test_a_scatter_too_wide_for_any_run_announces_no_blocks() -> None:
    item = decide(series(1.05, spread=0.3))
    assert (item.verdict, item.blocks_needed) == ("inconclusive", None)


def test_the_controls_noise_widens_the_margin_of_its_own_query_only() -> None:
    family = {"noisy": series(1.06, control=1.08), "calm": series(1.06, control=1.0)}
    decisions = decide_family(family, 12, RULES)
    assert decisions["noisy"].margin > 0.08
    assert decisions["noisy"].verdict == "inconclusive"
    assert decisions["calm"].margin == RULES.margin
    assert decisions["calm"].verdict == "slower"


def test_a_large_family_asks_more_of_each_query() -> None:
    # Eight blocks reach 2**-8 = 0.0039 at best: enough for alpha/3 alone, too little for it over 20 queries.
    alone = decide(series(1.5, blocks=8), 8)
    family = decide_family(
        {"slow": series(1.5, blocks=8), **{n: series(1.0, blocks=8) for n in map(str, range(19))}}, 8, RULES
    )
    assert alone.verdict == "slower"
    assert family["slow"].verdict == "inconclusive"
    assert (
        "too few blocks (8) to prove a difference in one of 20 queries, however large it is" in family["slow"].warnings
    )


def test_the_adjusted_probability_is_comparable_with_alpha() -> None:
    # Twelve blocks on one side: 2**-12, times a family of two, times three looks.
    decisions = decide_family({"slow": series(1.5), "same": series(1.0)}, 12, RULES)
    assert decisions["slow"].p_adjusted == pytest.approx(2**-12 * 2 * 3)


def test_what_is_settled_keeps_its_verdict_and_its_place_in_the_family() -> None:
    settled = series(1.10, blocks=12)
    undecided = series(1.03, blocks=20, spread=0.2)
    padded = Series(settled.baseline + (None,) * 8, settled.changed + (None,) * 8)
    decisions = decide_family({"settled": padded, "open": undecided}, 20, RULES)
    assert (decisions["settled"].verdict, decisions["settled"].look) == ("slower", 12)
    assert decisions["open"].look == 20


def test_a_verdict_at_the_first_look_is_not_taken_back_by_later_blocks() -> None:
    first = series(1.10, blocks=12)
    turned = Series(first.baseline + (1.0,) * 8, first.changed + (0.5,) * 8)
    assert decide(turned, 20).verdict == "slower"


def test_looks_are_those_planned_and_one_where_the_budget_ended_between() -> None:
    assert taken_looks(0, RULES) == ()
    assert taken_looks(5, RULES) == (5,)
    assert taken_looks(12, RULES) == (12,)
    assert taken_looks(15, RULES) == (12, 15)
    assert taken_looks(27, RULES) == (12, 20, 27)
    assert taken_looks(40, RULES) == (12, 20, 40)
    assert taken_looks(50, RULES) == (12, 20, 40)


@pytest.mark.parametrize("blocks", [1, 2, 5])
def test_few_blocks_are_inconclusive_and_say_so(blocks: int) -> None:
    item = decide(series(2.0, blocks=blocks), blocks)
    assert item.verdict == "inconclusive"
    assert f"fewer than 6 blocks ({blocks}) can prove nothing" in item.warnings


def test_without_any_block_there_is_a_decision_without_a_figure() -> None:
    item = decide(Series((), ()), 0)
    assert (item.verdict, item.effect.ratio, item.p_adjusted) == ("inconclusive", None, None)


def test_a_zero_latency_is_a_warning_and_no_figure() -> None:
    item = decide(Series((1.0,) * 12, (0.0,) + (1.0,) * 11))
    assert (item.verdict, item.effect.ratio, item.p_adjusted) == ("inconclusive", None, None)
    assert "1 of 12 blocks hold a latency of zero" in item.warnings[0]


def test_equal_latencies_are_equivalent_and_the_suspicion_is_told() -> None:
    item = decide(Series((0.001,) * 12, (0.001,) * 12))
    assert item.verdict == "equivalent"
    assert "every block gives the same ratio" in item.warnings[0]


def test_invalid_series_have_no_figure_but_stay_in_the_family() -> None:
    family = {"bad": Series((1.0,) * 12, (2.0,) * 12, invalid="5 of 100 executions failed"), "good": series(1.5)}
    decisions = decide_family(family, 12, RULES)
    assert decisions["bad"].effect.ratio is None
    assert decisions["bad"].warnings == ("5 of 100 executions failed",)
    assert decisions["good"].p_adjusted == pytest.approx(2**-12 * 2 * 3)


def test_students_p_value_is_scipys() -> None:
    values = np.random.default_rng(3).normal(0.3, 1.0, 12)
    assert _students_p(values.tolist()) == pytest.approx(ttest_1samp(values, 0.0, alternative="greater").pvalue)


def test_a_verdict_that_student_does_not_share_is_marked() -> None:
    # Eleven small slow-downs and one huge speed-up: the ranks say slower, the mean says nothing.
    one = Series((1.0,) * 12, (*(1.04 + 0.001 * k for k in range(11)), 0.2))
    item = decide(one, rules=Rules(alpha=0.3))
    assert item.verdict == "slower"
    assert any("Student's t-test does not see it slower" in warning for warning in item.warnings)


@pytest.mark.parametrize(
    ("typical", "whole", "verdict"),
    [
        (0.9, 1.8, "inconclusive"),
        (0.9, 0.6, "faster"),
        (1.2, 0.7, "inconclusive"),
        (1.2, 2.0, "slower"),
        (1.0, 1.8, "inconclusive"),
        (1.2, 1.2, "slower"),
    ],
)
def test_no_direction_is_the_querys_where_all_operations_together_went_the_other_way(
    typical: float, whole: float, verdict: str
) -> None:
    item = decide(replace(series(typical), whole=series(whole, seed=1).changed))
    assert item.verdict == verdict
    assert item.doubtful == (typical != whole)
    assert any("all operations together" in warning for warning in item.warnings) == (typical != whole)


def test_nothing_is_equivalent_beside_equal_arms_that_differ() -> None:
    assert decide(series(1.0, control=1.0)).verdict == "equivalent"
    item = decide(series(1.0, control=1.08))
    assert item.verdict == "inconclusive"
    assert any("two equal arms differ here" in warning for warning in item.warnings)


def test_what_the_equal_arm_cannot_tell_decides_nothing() -> None:
    item = decide(replace(series(1.2), control=(*[1.0] * 11, 0.0)))
    assert (item.verdict, item.doubtful) == ("inconclusive", True)
    assert item.effect.ratio == pytest.approx(1.2, rel=0.01)
    assert item.warnings[0].startswith("the equal arm: 1 of 12 blocks hold a latency of zero")


def test_a_doubt_counts_at_the_looks_that_had_it() -> None:
    late = series(1.2, blocks=20)
    early = replace(late, doubts=(*["too many void"] * 12, *[""] * 8))
    assert decide(early, 20).look == 20
    assert decide(replace(late, doubts=(*[""] * 12, *["too many void"] * 8)), 20).look == 12
    assert decide(replace(late, doubts=("too many void",) * 20), 20).verdict == "inconclusive"


def test_evidence_of_nothing_is_no_evidence() -> None:
    evidence = gather_evidence([], 0.02, 0.05)
    assert (evidence.slower, evidence.faster, evidence.equivalent) == (1.0, 1.0, 1.0)
