"""Judging stored samples: the same file gives the same verdicts everywhere, and bad samples say what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.judge import QueryRules, judge_again, judge_table, workload_record
from harness.measure.buffer import SAMPLE, Samples
from harness.measure.model import WARMUP_BLOCKS
from harness.measure.sample_writer import SampleWriter
from harness.measure.samples import read_table
from harness.measure.slices import SliceFacts
from harness.result import Comparison
from tests.unit.gate.stored import write_samples
from tests.unit.report.cases import EMPTY

RATIOS = {"slower": 1.2, "same": 1.0, "faster": 0.8, "near": 1.03}


def six_digits(value: object) -> object:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def test_the_same_samples_give_the_same_verdicts_and_figures_on_every_machine(
    tmp_path: Path, golden: Callable[[str, str], None]
) -> None:
    write_samples(tmp_path / "samples.parquet", RATIOS, blocks=20, spread=0.03, seed=11)
    found = judge_table(read_table(tmp_path / "samples.parquet"), {name: QueryRules() for name in RATIOS})
    rows: list[dict[str, Any]] = [{key: six_digits(value) for key, value in asdict(item).items()} for item in found]
    golden("judge/verdicts.json", json.dumps(rows, indent=1) + "\n")


def judged(path: Path, latencies_s: dict[str, Callable[[int], float]], blocks: int = 12) -> tuple[Comparison, ...]:
    """What judging a stored run gives whose arms take so long in each block."""
    writer = SampleWriter(path, ["q"], list(latencies_s), {})
    for block in range(WARMUP_BLOCKS + blocks):
        slices = []
        for arm, latency in latencies_s.items():
            samples = np.zeros(20, dtype=SAMPLE)
            samples["intended_s"] = samples["sent_s"] = 64.0 * block  # exact in binary, as are equal latencies
            samples["done_s"] = samples["intended_s"] + latency(block)
            slices.append((SliceFacts("q", arm, 1, block, 0.0001, None, None), samples))
        writer.append(slices)
    writer.finish()
    result = replace(EMPTY, workload=workload_record({"q": QueryRules()}))
    return tuple(item for item in judge_again(read_table(path), result) if item.metric == "p50" and item.arm == "after")


def test_latencies_that_are_all_equal_are_equivalent_and_called_constant(tmp_path: Path) -> None:
    (item,) = judged(tmp_path / "s", {"before": lambda _: 0.25, "after": lambda _: 0.25})
    assert (item.ratio, item.verdict) == (1.0, "equivalent")
    assert any("constant or coarsely rounded" in warning for warning in item.warnings)


@pytest.mark.parametrize("zero", ["before", "after"])
def test_a_latency_of_zero_gives_no_ratio_and_says_so(tmp_path: Path, zero: str) -> None:
    sides: dict[str, Callable[[int], float]] = {"before": lambda _: 0.25, "after": lambda _: 0.25}
    sides[zero] = lambda block: 0.0 if block == 5 else 0.25
    (item,) = judged(tmp_path / "s", sides)
    assert (item.ratio, item.ci_low, item.verdict) == (None, None, "inconclusive")
    assert any("1 of 12 blocks hold a latency of zero" in warning for warning in item.warnings)


def test_one_block_gives_a_ratio_without_interval_and_says_so(tmp_path: Path) -> None:
    (item,) = judged(tmp_path / "s", {"before": lambda _: 0.25, "after": lambda _: 0.75}, blocks=1)
    assert item.ratio == pytest.approx(3.0)
    assert (item.ci_low, item.verdict, item.blocks) == (None, "inconclusive", 1)
    assert any("too few blocks (1) for an interval" in warning for warning in item.warnings)


def test_samples_too_few_for_a_percentile_give_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "s"
    judged(path, {"before": lambda _: 0.25, "after": lambda _: 0.25})
    result = replace(EMPTY, workload=workload_record({"q": QueryRules()}))
    found = {item.metric: item for item in judge_again(read_table(path), result)}
    assert "p95 needs 200 samples per arm and block, these are 20" in found["p95"].warnings
    assert found["p99"].ratio is None
    assert found["p99"].warnings


def test_a_file_without_any_slice_gives_no_comparison(tmp_path: Path) -> None:
    SampleWriter(tmp_path / "s", ["q"], ["before", "after"], {}).finish()
    result = replace(EMPTY, workload=workload_record({"q": QueryRules()}))
    assert judge_again(read_table(tmp_path / "s"), result) == ()


def test_the_ratio_is_that_of_the_same_operations_and_not_of_the_medians(tmp_path: Path) -> None:
    """Each block's operations cost 1, 2, 4, 8, 16, each a tenth more after; a hiccup doubles the median of some."""

    def slices(block: int, arm: str, factor: float) -> tuple[SliceFacts, Samples]:
        samples = np.zeros(5, dtype=SAMPLE)
        samples["op"] = np.arange(5)
        samples["done_s"] = factor * 2.0 ** np.arange(5)
        if arm == "after" and block % 2:
            samples["done_s"][2] = 30.0
        samples["answered_s"] = samples["done_s"] / 2
        return SliceFacts("q", arm, 1, block, 0.0001, None, 1.0), samples

    writer = SampleWriter(tmp_path / "s", ["q"], ["before", "after", "control"], {})
    for block in range(WARMUP_BLOCKS + 12):
        writer.append([slices(block, *arm) for arm in (("before", 1.0), ("after", 1.1), ("control", 1.01))])
    writer.finish()
    table = read_table(tmp_path / "s")
    assert {item.p50_s for item in table.slices if item.arm == "after"} == {4.4, 8.8}
    found = {(item.metric, item.basis): item for item in judge_table(table, {"q": QueryRules()}) if item.arm == "after"}
    for figure in (("p50", "response"), ("mean", "server")):
        assert found[figure].ratio == pytest.approx(1.1, rel=1e-6)
        assert found[figure].verdict == "slower"
        assert found[figure].margin == pytest.approx(0.02)


@pytest.mark.parametrize(("slow_sets", "verdict"), [(0, "equivalent"), (2, "inconclusive")])
def test_a_query_of_which_a_fifth_of_the_operations_is_slower_is_not_called_equivalent(
    tmp_path: Path, slow_sets: int, verdict: str
) -> None:
    generator = np.random.default_rng(8)
    writer = SampleWriter(tmp_path / "s", ["q"], ["before", "after", "control"], {})
    for block in range(WARMUP_BLOCKS + 12):
        slices = []
        for arm in ("before", "after", "control"):
            samples = np.zeros(30, dtype=SAMPLE)
            samples["op"] = np.arange(30)
            samples["done_s"] = 0.004 * np.exp(generator.normal(0, 0.02, 30))
            if arm == "after":
                samples["done_s"][samples["op"] % 10 < slow_sets] *= 10
            slices.append((SliceFacts("q", arm, 1, block, 0.0001, None, None), samples))
        writer.append(slices)
    writer.finish()
    found = judge_table(read_table(tmp_path / "s"), {"q": QueryRules()})
    (item,) = [item for item in found if (item.arm, item.metric) == ("after", "p50")]
    assert item.ratio == pytest.approx(1.0, abs=0.01)
    assert item.verdict == verdict
    told = [warning for warning in item.warnings if "all operations together take 2." in warning]
    assert bool(told) == (slow_sets > 0)
