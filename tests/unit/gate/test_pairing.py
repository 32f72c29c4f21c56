"""Two runs whose samples can tell different things are held against each other by what both can tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.gate.latency import Family, Views
from harness.judge import QueryRules, View
from harness.measure.model import WARMUP_BLOCKS, BlockTable, SliceRecord
from harness.stats import Rules

LOAD = ("q", 1)
SERVER: Family = ("mean", "server")
RESPONSE: Family = ("p50", "response")


def view(*, paired: bool, blocks: int = 20, relative: float = 2.0, means: float = 3.0) -> View:
    """The means' quotient is 3, the typical operation's ratio 2: parameter sets differ in their effect."""
    generator = np.random.default_rng(5)
    slices = []
    for block in range(WARMUP_BLOCKS + blocks):
        for arm, factor in (("before", 1.0), ("after", means), ("control", 1.0)):
            time_s = 0.001 * factor * float(np.exp(generator.normal(0, 0.01)))
            warmup = block < WARMUP_BLOCKS
            item = SliceRecord("q", arm, 1, block, warmup, 50, (), time_s, None, None, time_s, 0.05, 0.0, 1e-5, time_s)
            ratio = time_s / 0.001 * (relative / means if arm == "after" else 1.0)
            if arm != "before":
                item = replace(item, relative=ratio, server_relative=ratio if paired else None)
            slices.append(item)
    return View(BlockTable(tuple(slices)), {"q": QueryRules()})


@pytest.mark.parametrize("base_is_paired", [True, False])
def test_a_run_that_lacks_the_servers_time_of_each_operation_is_held_against_the_means_of_the_other(
    base_is_paired: bool,
) -> None:
    views = Views(view(paired=base_is_paired), view(paired=not base_is_paired))
    decision = views.decide(SERVER, Rules())[LOAD]
    assert decision.base.ratio == pytest.approx(3.0, rel=0.01)
    assert decision.shift.ratio == pytest.approx(1.0, rel=0.01)
    assert decision.passes


def test_runs_that_have_it_are_compared_by_their_typical_operations() -> None:
    decision = Views(view(paired=True), view(paired=True, relative=2.4)).decide(SERVER, Rules())[LOAD]
    assert decision.base.ratio == pytest.approx(2.0, rel=0.01)
    assert decision.shift.ratio == pytest.approx(1.2, rel=0.01)
    assert decision.verdict == "slower"
    assert Views(view(paired=True), view(paired=True)).decide(RESPONSE, Rules())[LOAD].passes


def test_a_query_whose_operations_all_together_became_slower_does_not_pass_by_its_typical_one() -> None:
    decision = Views(view(paired=True), view(paired=True, means=4.5)).decide(RESPONSE, Rules())[LOAD]
    assert decision.shift.ratio == pytest.approx(1.0, rel=0.01)
    assert not decision.passes
    assert decision.verdict == "inconclusive"
    assert any("take 1.5 times as long as in the baseline" in warning for warning in decision.warnings)
