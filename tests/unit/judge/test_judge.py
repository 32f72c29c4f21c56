"""Judging a table of blocks: families, void blocks, errors, headlines, the gate."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.judge import (
    MIX,
    QueryRules,
    attribution,
    decider,
    judge_table,
    regressions,
    throughput,
    undecided,
)
from harness.measure.buffer import SAMPLE
from harness.measure.model import WARMUP_BLOCKS, BlockTable, SliceRecord
from harness.measure.slices import SliceFacts, summarise_blocks
from harness.result import Comparison

RULES = {"fast": QueryRules(), "slow": QueryRules()}


def record(query: str, arm: str, block: int, latency_s: float) -> SliceRecord:
    return SliceRecord(
        query=query,
        arm=arm,
        clients=1,
        block=block,
        warmup=block < WARMUP_BLOCKS,
        executions=50,
        errors=(),
        p50_s=latency_s,
        p95_s=latency_s * 1.5,
        p99_s=None,
        mean_s=latency_s * 1.1,
        wall_s=latency_s * 50,
        lag_p99_s=0.0001,
        client_cpu_s=latency_s * 0.05,
        server_mean_s=latency_s * 0.9,
        invalid="",
    )


def table(ratios: dict[tuple[str, str], float], blocks: int = 12, spread: float = 0.01) -> BlockTable:
    """A table in which every (query, arm) is `ratio` times a millisecond, with drift and a little noise."""
    generator = np.random.default_rng(4)
    slices = []
    for block in range(WARMUP_BLOCKS + blocks):
        drift = math.exp(generator.normal(0, 0.1))
        warm = 10.0 if block < WARMUP_BLOCKS else 1.0
        for (query, arm), ratio in ratios.items():
            noise = math.exp(generator.normal(0, spread))
            slices.append(record(query, arm, block, 0.001 * ratio * drift * noise * warm))
    return BlockTable(tuple(slices))


USUAL = {
    ("fast", "before"): 1.0,
    ("fast", "after"): 1.0,
    ("fast", "control"): 1.0,
    ("slow", "before"): 5.0,
    ("slow", "after"): 6.0,
    ("slow", "control"): 5.0,
}


def one(comparisons: tuple[Comparison, ...], query: str, arm: str = "after", metric: str = "p50") -> Comparison:
    (found,) = [item for item in comparisons if (item.query, item.arm, item.metric) == (query, arm, metric)]
    return found


def test_each_query_gets_its_verdict_and_the_control_is_judged_like_the_others() -> None:
    comparisons = judge_table(table(USUAL), RULES)
    assert one(comparisons, "slow").verdict == "slower"
    assert one(comparisons, "slow").ratio == pytest.approx(1.2, rel=0.02)
    assert one(comparisons, "fast").verdict == "equivalent"
    assert one(comparisons, "slow", "control").verdict == "equivalent"


def test_the_warm_up_decides_nothing() -> None:
    item = one(judge_table(table(USUAL), RULES), "fast")
    assert item.blocks == 12
    assert item.before_s == pytest.approx(0.001, rel=0.2)


def test_the_times_are_those_of_the_blocks_that_the_ratio_rests_on() -> None:
    """An arm that sits every other block out, while the machine gets slower: blocks 0, 2, ... are 1, 3, ... ms."""
    slices = [
        record("fast", arm, block, 0.001 * (block - WARMUP_BLOCKS + 1))
        for block in range(WARMUP_BLOCKS, WARMUP_BLOCKS + 12)
        for arm in ("before", "after", "before_indexes")
        if arm != "before_indexes" or block % 2 == 0
    ]
    comparisons = judge_table(BlockTable(tuple(slices)), {"fast": QueryRules()})
    assert one(comparisons, "fast").before_s == pytest.approx(0.0065)
    sparse = one(comparisons, "fast", "before_indexes")
    assert (sparse.blocks, sparse.ratio) == (6, 1.0)
    assert sparse.before_s == sparse.after_s == pytest.approx(0.006)


@pytest.mark.parametrize("metric", ["p50", "throughput"])
def test_the_times_of_a_comparison_that_is_settled_are_those_of_its_look(metric: str) -> None:
    slices = table(USUAL, blocks=20).slices
    slower = [
        replace(item, p50_s=9 * (item.p50_s or 0), wall_s=9 * item.wall_s) if item.block >= WARMUP_BLOCKS + 12 else item
        for item in slices
    ]
    judged = [
        judge_table(BlockTable(tuple(items)), RULES) + throughput(BlockTable(tuple(items)), RULES)
        for items in (slices, slower)
    ]
    early, late = (one(comparisons, "slow", metric=metric) for comparisons in judged)
    assert early.blocks == 12
    assert (late.before_s, late.after_s) == (early.before_s, early.after_s)


def test_only_the_median_of_the_changed_arm_is_gated() -> None:
    gated = [item for item in judge_table(table(USUAL), RULES) if item.gated]
    assert {(item.query, item.arm, item.metric, item.basis) for item in gated} == {
        ("fast", "after", "p50", "response"),
        ("slow", "after", "p50", "response"),
    }


def test_the_servers_time_decides_where_the_client_takes_more_than_a_third() -> None:
    heavy = BlockTable(tuple(replace(item, client_cpu_s=(item.mean_s or 0) * 0.4) for item in table(USUAL).slices))
    item = one(judge_table(heavy, RULES), "slow", metric="mean")
    assert (item.basis, item.gated, item.advisory) == ("server", True, False)
    assert not one(judge_table(heavy, RULES), "slow").gated


def test_a_void_slice_voids_the_block_for_all_arms() -> None:
    slices = table(USUAL).slices
    late = [
        replace(item, invalid="late") if (item.query, item.arm, item.block) == ("slow", "control", 5) else item
        for item in slices
    ]
    item = one(judge_table(BlockTable(tuple(late)), RULES), "slow")
    assert (item.blocks, item.void_blocks, item.doubtful) == (11, 1, False)


def test_more_than_a_tenth_of_void_blocks_makes_the_comparison_inconclusive() -> None:
    slices = table(USUAL).slices
    late = [
        replace(item, invalid="late") if item.query == "slow" and item.arm == "after" and item.block in (5, 6) else item
        for item in slices
    ]
    item = one(judge_table(BlockTable(tuple(late)), RULES), "slow")
    assert (item.verdict, item.p_adjusted, item.blocks) == ("inconclusive", None, 10)
    assert item.ratio == pytest.approx(1.2, rel=0.02)
    assert item.warnings[0].startswith("2 of 12 blocks are void")
    assert item.doubtful
    rates = throughput(BlockTable(tuple(late)), RULES)
    assert [one(rates, name, metric="throughput").doubtful for name in ("fast", "slow", MIX)] == [False, True, True]


def test_a_look_that_was_in_doubt_stays_so_when_blocks_follow_in_which_nothing_is_void() -> None:
    # The first twelve blocks show +20 %, two of them void; the eight that follow show nothing.
    long, plain = table(USUAL, blocks=20).slices, table({**USUAL, ("slow", "after"): 5.0}, blocks=20).slices
    first = WARMUP_BLOCKS + 12
    mixed = [one if one.block < first else other for one, other in zip(long, plain, strict=True)]
    late = BlockTable(
        tuple(
            replace(item, invalid="late") if item.query == "slow" and item.block in (5, 6) else item for item in mixed
        )
    )
    cut = BlockTable(tuple(item for item in late.slices if item.block < first))
    assert decider(RULES)(cut) == {("fast", 1)}
    item = one(judge_table(late, RULES), "slow")
    assert (item.verdict, item.blocks) == ("inconclusive", 18)
    assert not item.doubtful


def test_the_figure_that_decides_is_chosen_before_the_first_look() -> None:
    first = WARMUP_BLOCKS + 12
    late = BlockTable(
        tuple(
            replace(item, client_cpu_s=(item.mean_s or 0) * (0.9 if item.block >= first else 0.1))
            for item in table(USUAL, blocks=40).slices
        )
    )
    assert one(judge_table(late, RULES), "slow").gated
    assert not one(judge_table(late, RULES), "slow", metric="mean").gated


def test_void_blocks_that_lie_on_one_arm_alone_make_the_comparison_inconclusive() -> None:
    slices = table(USUAL, blocks=40).slices
    late = [
        replace(item, invalid="late")
        if item.query == "slow" and item.arm == "after" and item.block in (5, 6, 7)
        else item
        for item in slices
    ]
    item = one(judge_table(BlockTable(tuple(late)), RULES), "slow")
    assert item.verdict == "inconclusive"
    assert item.warnings[0] == "0 slices of before and 3 of after are void: too unequal to compare"
    assert item.doubtful


@pytest.mark.parametrize(("failures", "valid"), [(0, True), (1, False)])
def test_more_than_a_thousandth_of_errors_makes_the_comparison_invalid(failures: int, valid: bool) -> None:
    slices = list(table(USUAL).slices)
    errors = (("57014", failures),) if failures else ()
    slices[-1] = replace(slices[-1], query="slow", arm="control")
    index = next(i for i, item in enumerate(slices) if (item.query, item.arm, item.block) == ("slow", "after", 4))
    slices[index] = replace(slices[index], errors=errors)
    item = one(judge_table(BlockTable(tuple(slices)), RULES), "slow")
    assert (item.ratio is not None) is valid
    if not valid:
        assert item.warnings[0] == "1 of 601 executions failed on after: more than 0.1 % make the comparison invalid"


def test_quantiles_with_too_few_samples_are_advisory_and_say_so() -> None:
    item = one(judge_table(table(USUAL), RULES), "slow", metric="p95")
    assert item.advisory
    assert "p95 needs 200 samples per arm and block, these are 50" in item.warnings


def test_an_absent_quantile_has_no_figure() -> None:
    item = one(judge_table(table(USUAL), RULES), "slow", metric="p99")
    assert (item.ratio, item.ci_low, item.before_s, item.verdict) == (None, None, None, "inconclusive")


def test_queries_that_were_left_out_stay_in_the_family_and_in_the_list() -> None:
    rules = {**RULES, "broken": QueryRules()}
    item = one(judge_table(table(USUAL), rules, invalid={("broken", 1): "it fails on after"}), "broken")
    assert (item.verdict, item.warnings) == ("inconclusive", ("it fails on after",))


def test_a_settled_load_is_reported_to_the_measurement() -> None:
    assert decider(RULES)(table(USUAL)) == {("fast", 1), ("slow", 1)}
    assert decider(RULES)(table(USUAL, blocks=4)) == set()


def test_what_stopped_at_a_look_is_judged_as_then_while_the_others_go_on() -> None:
    long = table(USUAL, blocks=20)
    stopped = BlockTable(tuple(item for item in long.slices if item.query == "fast" or item.block < WARMUP_BLOCKS + 12))
    at_look = one(judge_table(table(USUAL), RULES), "slow")
    later = one(judge_table(stopped, RULES), "slow")
    assert (later.verdict, later.blocks) == (at_look.verdict, 12)


def test_a_regression_is_slower_beyond_what_the_scenario_allows() -> None:
    comparisons = judge_table(table(USUAL), {"fast": QueryRules(), "slow": QueryRules(max_slowdown=0.1)})
    assert [item.query for item in regressions(comparisons)] == ["slow"]
    tolerant = judge_table(table(USUAL), {"fast": QueryRules(), "slow": QueryRules(max_slowdown=0.3)})
    assert regressions(tolerant) == ()
    ungated = judge_table(table(USUAL), {"fast": QueryRules(), "slow": QueryRules(gated=False)})
    assert regressions(ungated) == ()


def test_undecided_are_the_gated_comparisons_without_a_verdict() -> None:
    assert {item.query for item in undecided(judge_table(table(USUAL, blocks=4), RULES))} == {"fast", "slow"}


def test_throughput_is_the_inverse_of_the_time_per_operation() -> None:
    comparisons = throughput(table(USUAL), RULES)
    item = one(comparisons, "slow", metric="throughput")
    assert item.ratio == pytest.approx(1 / 1.2, rel=0.02)
    assert item.verdict == "slower"
    assert (item.ci_low or 1) < (item.ratio or 0) < (item.ci_high or 0)


def test_the_mix_weighs_its_queries() -> None:
    rules = {"fast": QueryRules(weight=3.0), "slow": QueryRules(weight=1.0)}
    item = one(throughput(table(USUAL), rules), MIX, metric="throughput")
    # (3 * 1 + 1 * 6) / (3 * 1 + 1 * 5) milliseconds per four operations: 9/8.
    assert item.ratio == pytest.approx(8 / 9, rel=0.02)


def test_a_mix_with_a_missing_query_has_no_figure() -> None:
    rules = {**RULES, "broken": QueryRules()}
    item = one(throughput(table(USUAL), rules, invalid={("broken", 1): "it fails on after"}), MIX, metric="throughput")
    assert (item.ratio, item.warnings[0]) == (None, "it fails on after")


@pytest.mark.parametrize("arm", ["before", "after", "control"])
def test_a_block_in_which_an_arm_completed_nothing_leaves_no_throughput_and_is_told(arm: str) -> None:
    slices = [
        replace(item, executions=0, p50_s=None, mean_s=None)
        if (item.query, item.arm, item.block) == ("slow", arm, WARMUP_BLOCKS + 3)
        else item
        for item in table(USUAL).slices
    ]
    comparisons = throughput(BlockTable(tuple(slices)), RULES)
    for query in ("slow", MIX):
        item = one(comparisons, query, metric="throughput")
        assert (item.verdict, item.ratio) == ("inconclusive", None)
        assert item.warnings[0] == f"{arm} completed nothing in 1 of 12 blocks: no ratio exists"
    assert one(comparisons, "fast", metric="throughput").ratio is not None


def test_attribution_needs_all_four_corners() -> None:
    assert attribution(table(USUAL), RULES) == ()
    corners = {
        ("fast", "before"): 1.0,
        ("fast", "before_indexes"): 0.5,
        ("fast", "after_noindexes"): 1.5,
        ("fast", "after"): 0.75,
    }
    found = {item.factor: item.ratio for item in attribution(table(corners), {"fast": QueryRules()})}
    assert found["indexes"] == pytest.approx(0.5, rel=0.02)
    assert found["normalisation"] == pytest.approx(1.5, rel=0.02)
    assert found["both"] == pytest.approx(0.75, rel=0.02)
    assert found["interaction"] == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("arm", ["before_indexes", "after_noindexes", "after"])
@pytest.mark.parametrize("fault", [{"errors": (("57014", 40),)}, {"invalid": "late"}])
def test_a_query_that_fails_or_is_mostly_void_on_one_corner_is_not_attributed(arm: str, fault: dict[str, Any]) -> None:
    corners = {("fast", name): 1.0 for name in ("before", "before_indexes", "after_noindexes", "after")}
    slices = table(corners, blocks=20).slices
    assert len(attribution(BlockTable(slices), {"fast": QueryRules()})) == 6
    hurt = tuple(replace(item, **fault) if item.arm == arm and item.block % 4 == 0 else item for item in slices)
    assert attribution(BlockTable(hurt), {"fast": QueryRules()}) == ()


def test_attribution_recovers_planted_effects_within_its_intervals_where_the_corners_join_every_other_block() -> None:
    # An index that halves the time, a view that adds 30 %, both together 10 % dearer than their product.
    corners = {
        ("fast", "before"): 1.0,
        ("fast", "before_indexes"): 0.5,
        ("fast", "after_noindexes"): 1.3,
        ("fast", "after"): 0.5 * 1.3 * 1.1,
    }
    full = table(corners, blocks=20, spread=0.03)
    sparse = [item for item in full.slices if item.arm in ("before", "after") or item.block % 2 == 0]
    found = {item.factor: item for item in attribution(BlockTable(tuple(sparse)), {"fast": QueryRules()})}
    planted = {"indexes_alone": 0.5, "normalisation_alone": 1.3, "interaction": 1.1, "both": 0.5 * 1.3 * 1.1}
    for factor, ratio in planted.items():
        assert found[factor].ci_low <= ratio <= found[factor].ci_high  # type: ignore[index]
        assert found[factor].ci_high / found[factor].ci_low < 1.2  # type: ignore[index]
        assert found[factor].blocks == 10  # type: ignore[index]


@pytest.mark.parametrize("client_share", [0.05, 0.5])
def test_attribution_is_made_of_the_operations_where_they_are_told_apart(client_share: float) -> None:
    """A fifth of them gains by the indexes, another by the views: no operation has an interaction, so there is none."""
    cost_s = np.tile([0.001, 0.002, 0.004, 0.008, 0.016], 20)
    indexes, views = np.tile([0.1, 1, 1, 1, 1], 20), np.tile([1, 0.1, 1, 1, 1], 20)
    factors = {"before": 1.0, "before_indexes": indexes, "after_noindexes": views, "after": indexes * views}
    slices = []
    for block in range(WARMUP_BLOCKS + 12):
        for arm, factor in factors.items():
            rows = np.zeros(100, dtype=SAMPLE)
            rows["op"] = np.arange(100)
            rows["done_s"] = cost_s * factor * (1 + 0.01 * block)
            rows["answered_s"] = 0.9 * rows["done_s"]
            facts = SliceFacts("fast", arm, 1, block, 0.0, client_share * rows["done_s"].mean(), 0.001)
            slices.append((facts, rows))
    found = {
        item.factor: item for item in attribution(BlockTable(tuple(summarise_blocks(slices))), {"fast": QueryRules()})
    }
    assert found["interaction"].basis == ("response" if client_share < 1 / 3 else "server")
    assert found["interaction"].ratio == pytest.approx(1.0)
    assert found["both"].ratio == pytest.approx(0.1**0.3, rel=1e-5)
    assert found["both"].blocks == 12


def test_attribution_is_of_the_figure_that_decides() -> None:
    corners = {("fast", arm): 1.0 for arm in ("before", "before_indexes", "after_noindexes", "after")}
    slices = [
        replace(item, client_cpu_s=0.5 * (item.mean_s or 0), server_mean_s=0.001 if "before" in item.arm else 0.002)
        for item in table(corners).slices
    ]
    found = {item.factor: item for item in attribution(BlockTable(tuple(slices)), {"fast": QueryRules()})}
    assert found["normalisation_alone"].ratio == pytest.approx(2.0)
    assert found["normalisation_alone"].basis == "server"


def test_a_query_whose_figures_may_not_be_used_is_not_attributed() -> None:
    corners = {("fast", arm): 1.0 for arm in ("before", "before_indexes", "after_noindexes", "after")}
    assert attribution(table(corners), {"fast": QueryRules()}, {("fast", 1): "the arms did not do the same"}) == ()


def test_an_empty_table_has_no_comparison_and_no_crash() -> None:
    assert judge_table(BlockTable(), RULES) == ()
    assert throughput(BlockTable(), RULES) == ()
    assert attribution(BlockTable(), RULES) == ()
