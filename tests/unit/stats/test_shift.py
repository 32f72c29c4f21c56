"""Two runs against each other: verdicts, the pass of the gate, noise between runs, and simulated nights."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_ind

from harness.stats import Decision, Pair, Rules, Series, ShiftDecision, decide_family, decide_shifts
from harness.stats.shift import estimate_shift, shift_noise, welch_p

RULES = Rules()
QUERIES = 20


def series(generator: np.random.Generator, ratio: float, blocks: int, spread: float, *, control: bool = True) -> Series:
    """Blocks whose log ratios scatter around log(ratio), beside a control without effect."""
    return Series(
        baseline=(1.0,) * blocks,
        changed=tuple((ratio * np.exp(generator.normal(0, spread, blocks))).tolist()),
        control=tuple(np.exp(generator.normal(0, spread, blocks)).tolist()) if control else (),
    )


def held(ratio: float, spread: float = 0.02, blocks: int = 20, *, control: bool = True) -> ShiftDecision:
    generator = np.random.default_rng(7)
    base = series(generator, 1.5, blocks, spread, control=control)
    new = series(generator, 1.5 * ratio, blocks, spread, control=control)
    return decide_shifts({"query": Pair(base, new)}, blocks, RULES)["query"]


@pytest.mark.parametrize(
    ("ratio", "verdict", "passes"),
    [(1.2, "slower", False), (0.8, "faster", True), (1.0, "equivalent", True)],
)
def test_clear_shifts_get_their_verdict_whatever_the_effect_itself_is(ratio: float, verdict: str, passes: bool) -> None:
    item = held(ratio, spread=0.01)
    assert (item.verdict, item.passes) == (verdict, passes)
    assert item.shift.ratio == pytest.approx(ratio, rel=0.02)
    assert item.new.ratio == pytest.approx(1.5 * ratio, rel=0.02)


@pytest.mark.parametrize(("ratio", "verdict"), [(1.026, "equivalent"), (1.05, "slower"), (1 / 1.05, "faster")])
def test_what_the_clones_of_two_runs_differ_by_is_no_shift_however_little_the_blocks_scatter(
    ratio: float, verdict: str
) -> None:
    assert held(ratio, spread=0.002).verdict == verdict


def test_a_query_that_may_have_become_faster_passes_without_being_proven_unchanged() -> None:
    item = held(0.96, spread=0.025)
    assert item.verdict == "inconclusive"
    assert item.passes


def test_a_wide_scatter_neither_passes_nor_fails_and_says_what_it_would_have_found() -> None:
    item = held(1.0, spread=0.3)
    assert (item.verdict, item.passes) == ("inconclusive", False)
    assert item.detectable is not None
    assert item.detectable > 0.3


def test_nothing_passes_where_equal_arms_moved_between_the_runs() -> None:
    generator = np.random.default_rng(5)
    base, new = series(generator, 1.5, 20, 0.01), series(generator, 1.5, 20, 0.01)
    assert decide_shifts({"query": Pair(base, new)}, 20, RULES)["query"].passes
    moved = replace(new, control=tuple(1.08 * value for value in new.control if value))
    item = decide_shifts({"query": Pair(base, moved)}, 20, RULES)["query"]
    assert (item.verdict, item.passes) == ("inconclusive", False)
    assert any("equal arms moved" in warning for warning in item.warnings)


def test_what_the_controls_differ_by_is_in_the_margin() -> None:
    generator = np.random.default_rng(3)
    base, new = series(generator, 1.0, 20, 0.01), series(generator, 1.06, 20, 0.01)
    leaning = Series(new.baseline, new.changed, (1.06,) * 20)
    assert decide_shifts({"q": Pair(base, new)}, 20, RULES)["q"].verdict == "slower"
    item = decide_shifts({"q": Pair(base, leaning)}, 20, RULES)["q"]
    assert item.verdict != "slower"
    assert item.margin > 0.06


def test_a_run_without_control_is_told() -> None:
    assert any("without an A/A control" in warning for warning in held(1.0, control=False).warnings)


def test_a_sample_of_one_block_gives_no_interval_and_decides_nothing() -> None:
    generator = np.random.default_rng(5)
    pair = Pair(series(generator, 1.0, 1, 0.01), series(generator, 3.0, 20, 0.01))
    item = decide_shifts({"q": pair}, 20, RULES)["q"]
    assert item.shift.ratio == pytest.approx(3.0, rel=0.05)
    assert item.shift.ci_low is None
    assert (item.verdict, item.passes) == ("inconclusive", False)
    assert any("fewer than 6 blocks (1)" in warning for warning in item.warnings)


def test_a_latency_of_zero_and_constant_ones_are_told_not_judged_in_silence() -> None:
    even = Series((1.0,) * 12, (1.0,) * 12, (1.0,) * 12)
    zero = Series((1.0,) * 12, (0.0,) * 12, (1.0,) * 12)
    item = decide_shifts({"q": Pair(even, zero)}, 12, RULES)["q"]
    assert item.shift.ratio is None
    assert any("latency of zero" in warning for warning in item.warnings)
    constant = decide_shifts({"q": Pair(even, even)}, 12, RULES)["q"]
    assert constant.passes
    assert any("every block gives the same ratio" in warning for warning in constant.warnings)


def test_doubtful_and_invalid_figures_decide_nothing() -> None:
    generator = np.random.default_rng(6)
    base, new = series(generator, 1.0, 20, 0.01), series(generator, 2.0, 20, 0.01)
    doubtful = Series(new.baseline, new.changed, new.control, doubts=("too many void blocks",) * len(new.baseline))
    invalid = Series(new.baseline, new.changed, new.control, invalid="it failed")
    shown = decide_shifts({"q": Pair(base, doubtful)}, 20, RULES)["q"]
    assert shown.shift.ratio == pytest.approx(2.0, rel=0.02)
    assert (shown.verdict, shown.passes) == ("inconclusive", False)
    silent = decide_shifts({"q": Pair(base, invalid)}, 20, RULES)["q"]
    assert silent.shift.ratio is None
    assert "new run: it failed" in silent.warnings


def test_the_larger_difference_of_few_controls_is_their_noise() -> None:
    assert shift_noise((0.0,), (0.1,), 0.95) == pytest.approx(math.expm1(0.1))
    assert shift_noise((), (0.1,), 0.95) == 0.0


def test_welchs_test_agrees_with_scipy() -> None:
    generator = np.random.default_rng(8)
    base, new = tuple(generator.normal(0, 1, 12)), tuple(generator.normal(0.5, 3, 20))
    theirs = ttest_ind(np.array(new) - 0.1, base, equal_var=False, alternative="greater").pvalue
    assert welch_p(base, new, 0.1) == pytest.approx(theirs)
    assert welch_p((1.0,), (2.0,)) == welch_p((1.0, 1.0), (2.0, 2.0)) == 1.0


# --- Simulated nights -------------------------------------------------------------------------------------------------


def stopped(generator: np.random.Generator, ratios: np.ndarray, spread: float) -> dict[int, Series]:
    """A run whose queries each end at the look that settles their own verdict."""
    family = {query: series(generator, ratio, RULES.looks[-1], spread) for query, ratio in enumerate(ratios)}
    decisions: dict[int, Decision] = decide_family(family, RULES.looks[-1], RULES)
    return {
        query: Series(item.baseline[:look], item.changed[:look], item.control[:look])
        for (query, item), look in zip(family.items(), (item.look for item in decisions.values()), strict=True)
    }


def night(generator: np.random.Generator, shift: float, spreads: tuple[float, float]) -> dict[int, ShiftDecision]:
    """A stored run and a new one whose effects are all `shift` times the stored ones, both ended by their own looks."""
    effects = np.linspace(0.9, 1.15, QUERIES)
    base, new = stopped(generator, effects, spreads[0]), stopped(generator, effects * shift, spreads[1])
    return decide_shifts({query: Pair(base[query], new[query]) for query in base}, RULES.looks[-1], RULES)


def test_unchanged_nights_raise_hardly_an_alarm_and_mostly_pass() -> None:
    generator = np.random.default_rng(31)
    items = [item for _ in range(30) for item in night(generator, 1.0, (0.03, 0.03)).values()]
    assert sum(item.verdict == "slower" for item in items) <= 1
    assert sum(item.passes for item in items) >= 0.9 * len(items)


@pytest.mark.parametrize("spreads", [(0.04, 0.04), (0.02, 0.06), (0.06, 0.02)])
def test_on_the_margin_itself_the_family_wise_error_stays_below_alpha_even_if_the_nights_scatter_unequally(
    spreads: tuple[float, float],
) -> None:
    generator = np.random.default_rng(32)
    nights = 40
    alarmed = sum(
        any(item.verdict == "slower" for item in night(generator, 1 + RULES.shift_margin, spreads).values())
        for _ in range(nights)
    )
    # Expected at most 5 % of 40, that is 2; more than 5 would have a probability below 2 %.
    assert alarmed <= 5


@pytest.mark.parametrize("blocks", [12, 20, 40])
def test_intervals_of_shifts_cover_as_often_as_they_say(blocks: int) -> None:
    generator = np.random.default_rng([33, blocks])
    runs, shift = 600, 0.07
    samples = generator.normal(0, 0.04, (2, runs, blocks))
    covered = 0
    for base, new in zip(*samples, strict=True):
        found = estimate_shift(tuple(base), tuple(new + shift), 0.95)
        assert found.ci_low is not None
        assert found.ci_high is not None
        covered += found.ci_low <= math.exp(shift) <= found.ci_high
    # 93 to 97 % is asked; 600 runs add their own chance of 0.9 % (one standard deviation).
    assert 0.93 <= covered / runs <= 0.975


def test_intervals_of_shifts_cover_also_under_the_stopping_rule_of_both_runs() -> None:
    generator = np.random.default_rng(34)
    items = [item for _ in range(15) for item in night(generator, 1.05, (0.04, 0.04)).values()]
    covered = sum(
        item.shift.ci_low is not None
        and item.shift.ci_high is not None
        and item.shift.ci_low <= 1.05 <= item.shift.ci_high
        for item in items
    )
    assert covered / len(items) >= 1 - RULES.alpha


@pytest.mark.parametrize(("full", "shift"), [(True, 1.10), (False, 1.15)])
def test_ten_percent_against_a_full_baseline_are_found_and_fifteen_against_one_that_stopped_early(
    full: bool, shift: float
) -> None:
    generator = np.random.default_rng(35)
    blocks, runs, found = RULES.looks[-1], 20, 0
    for _ in range(runs):
        whole = {query: series(generator, 1.0, blocks, 0.04) for query in range(QUERIES)}
        base = whole if full else stopped(generator, np.ones(QUERIES), 0.04)
        moved = {query: series(generator, shift if query == 7 else 1.0, blocks, 0.04) for query in range(QUERIES)}
        pairs = {query: Pair(base[query], moved[query]) for query in base}
        found += decide_shifts(pairs, blocks, RULES)[7].verdict == "slower"
    assert found >= 0.9 * runs
