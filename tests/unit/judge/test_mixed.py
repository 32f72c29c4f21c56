"""Judging the open load: the mix by itself, its queries beside it, and no latency of an arm that is saturated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.judge import MIX, QueryRules, mixed_load
from harness.measure.model import WARMUP_BLOCKS, BlockTable, Measurement, SliceRecord
from harness.measure.writes import Equality
from harness.result import Comparison

RULES = {"read": QueryRules(weight=9), "write": QueryRules(weight=1), "unweighted": QueryRules(weight=0)}


def record(query: str, arm: str, block: int, latency_s: float) -> SliceRecord:
    return SliceRecord(
        query=query,
        arm=arm,
        clients=4,
        block=block,
        warmup=block < WARMUP_BLOCKS,
        executions=300,
        errors=(),
        p50_s=latency_s,
        p95_s=latency_s * 2,
        p99_s=latency_s * 3,
        mean_s=latency_s,
        wall_s=2.0,
        lag_p99_s=0.0001,
        client_cpu_s=None,
        server_mean_s=None,
        intended=300,
        late=12,
        unfinished=1,
        completed=299,
    )


def measurement(after: float, blocks: int = 12, late_factor: float = 1.0, **changes: object) -> Measurement:
    """From the thirteenth block on everything takes `late_factor` times as long."""
    generator = np.random.default_rng(8)
    slices = [
        record(query, arm, block, 0.001 * ratio * float(np.exp(generator.normal(0, 0.01))) * factor)
        for block in range(WARMUP_BLOCKS + blocks)
        for factor in [1.0 if block < WARMUP_BLOCKS + 12 else late_factor]
        for arm, ratio in (("before", 1.0), ("after", after), ("control", 1.0))
        for query in (MIX, "read", "write")
    ]
    table = BlockTable(tuple(replace(item, **changes) if item.arm == "after" else item for item in slices))  # type: ignore[arg-type]
    return Measurement(BlockTable(), ("read", "write"), open_table=table, rate_per_s=150.0, writes=frozenset({"write"}))


def one(comparisons: tuple[Comparison, ...], query: str, metric: str) -> Comparison:
    (found,) = [item for item in comparisons if (item.query, item.arm, item.metric) == (query, "after", metric)]
    return found


def test_the_mix_is_judged_and_its_queries_stand_beside_it() -> None:
    comparisons = mixed_load(measurement(1.3), RULES)
    mix = one(comparisons, MIX, "p50")
    assert (mix.verdict, mix.load, mix.rate_per_s, mix.clients) == ("slower", "open", 150.0, 4)
    assert mix.ratio == pytest.approx(1.3, rel=0.02)
    assert (mix.intended, mix.late, mix.skipped) == (2 * 14 * 300 - 2 * 2 * 300, 2 * 12 * 12, 0)
    assert {item.query for item in comparisons} == {MIX, "read", "write"}
    assert {item.metric for item in comparisons} == {"p50", "p95", "p99", "throughput"}
    assert one(comparisons, MIX, "throughput").verdict == "equivalent"
    assert any("p99 needs 1000 samples" in words for words in one(comparisons, MIX, "p99").warnings)


def test_the_times_are_those_of_the_blocks_that_the_ratio_rests_on() -> None:
    plain, late = (one(mixed_load(measurement(1.3, 20, factor), RULES), MIX, "p50") for factor in (1.0, 9.0))
    assert (plain.verdict, plain.blocks) == ("slower", 12)
    assert (late.before_s, late.after_s) == (plain.before_s, plain.after_s)


def test_a_mix_with_too_many_void_blocks_is_doubtful() -> None:
    good = measurement(1.3)
    slices = [
        replace(item, invalid="late") if item.block in (WARMUP_BLOCKS, WARMUP_BLOCKS + 1) else item
        for item in good.open_table.slices
    ]
    void = replace(good, open_table=BlockTable(tuple(slices)))
    assert not one(mixed_load(good, RULES), MIX, "p50").doubtful
    assert one(mixed_load(void, RULES), MIX, "p50").doubtful


def test_an_arm_that_does_not_keep_the_rate_has_no_latency_but_what_it_completes() -> None:
    comparisons = mixed_load(measurement(5.0, unfinished=120, skipped=80, completed=180), RULES)
    mix = one(comparisons, MIX, "p50")
    assert (mix.verdict, mix.ratio) == ("inconclusive", None)
    assert mix.warnings[0] == "saturated: after completes 90 of 150 operations a second, so it has no latency"
    assert one(comparisons, "read", "p50").ratio is None
    completed = one(comparisons, MIX, "throughput")
    assert completed.verdict == "slower"
    assert completed.ratio == pytest.approx(180 / 299, rel=0.01)


def test_a_block_in_which_an_arm_completed_nothing_that_was_asked_leaves_no_throughput_and_is_told() -> None:
    def completed_nothing(query: str, intended: int = 300) -> Measurement:
        usual = measurement(1.0)
        slices = [
            replace(item, completed=0, intended=intended)
            if (item.query, item.arm, item.block) == (query, "after", 5)
            else item
            for item in usual.open_table.slices
        ]
        return replace(usual, open_table=BlockTable(tuple(slices)))

    item = one(mixed_load(completed_nothing("read"), RULES), "read", "throughput")
    assert (item.verdict, item.ratio) == ("inconclusive", None)
    assert item.warnings[0] == "after completed nothing in 1 of 12 blocks: no ratio exists"
    # A rare query of the mix may have no operation in a block: that is no failure of the arm.
    rare = one(mixed_load(completed_nothing("write", intended=0), RULES), "write", "throughput")
    assert (rare.ratio is not None, rare.blocks) == (True, 11)


def test_what_the_connections_are_just_at_is_no_saturation() -> None:
    assert one(mixed_load(measurement(1.0, intended=8, unfinished=4), RULES), MIX, "p50").ratio is not None


def test_failures_make_the_comparison_invalid() -> None:
    failed = measurement(1.0, errors=(("57014", 1),))
    assert "1" in one(mixed_load(failed, RULES), MIX, "p50").warnings[0]
    assert one(mixed_load(failed, RULES), MIX, "p50").ratio is None


def test_writes_that_did_not_do_the_same_make_the_mix_invalid() -> None:
    unequal = (Equality("public.item", "after", (5, 6), 3),)
    mixed = replace(measurement(1.0), equality=unequal, clients=(1,))
    assert (
        one(mixed_load(mixed, RULES), MIX, "p50").warnings
        == (
            "the arms did not do the same work: public.item on after",
            "p50",
        )[:1]
    )
    assert one(mixed_load(mixed, RULES), "read", "p50").ratio is not None


def test_without_an_open_load_there_is_nothing() -> None:
    assert mixed_load(Measurement(BlockTable(), ()), RULES) == ()
