"""One run and a pair of runs made into records, from samples made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.calibrate import PLANTED, Measured, assess_pair, assess_run, raw_latencies
from harness.calibrate.model import OnMargin
from harness.calibrate.rivals import TESTS
from harness.judge import QueryRules, View
from harness.measure.buffer import SAMPLE
from harness.measure.model import WARMUP_BLOCKS
from harness.measure.sample_writer import SampleWriter
from harness.measure.samples import read_table
from harness.measure.slices import SliceFacts
from harness.stats import Rules

QUERIES = ("list", "report")
LEVELS = {"before": 1.0, "after": 1.0, "control": 1.0, PLANTED: 1.10}


def measured(path: Path, seed: int, leaning: float = 1.0, blocks: int = 20) -> Measured:
    """Two queries on four arms; `list` is slowed by a tenth, `report` cannot be; `after` and control lean as told."""
    generator = np.random.default_rng(seed)
    writer = SampleWriter(path, QUERIES, list(LEVELS), {})
    for block in range(WARMUP_BLOCKS + blocks):
        slices = []
        for query in QUERIES:
            for arm, level in LEVELS.items():
                samples = np.zeros(30, dtype=SAMPLE)
                samples["op"] = np.arange(30)
                samples["intended_s"] = samples["sent_s"] = block + np.arange(30) * 0.01
                factor = level * (leaning if arm in ("after", "control") else 1.0) * np.exp(generator.normal(0, 0.01))
                samples["done_s"] = samples["intended_s"] + 0.004 * factor * np.exp(generator.normal(0, 0.05, 30))
                slices.append((SliceFacts(query, arm, 1, block, 0.0001, 0.00002, None), samples))
        writer.append(slices)
    writer.finish()
    view = View(read_table(path), {name: QueryRules() for name in QUERIES})
    return Measured(view, raw_latencies(path, view), {("list", 1): 0.10})


def test_raw_latencies_come_block_by_block_without_the_warm_up(tmp_path: Path) -> None:
    run = measured(tmp_path / "s", 1, blocks=3)
    blocks = run.raw[("list", 1), "before"]
    assert [len(block) for block in blocks] == [30, 30, 30]
    assert float(np.median(np.concatenate(blocks))) == pytest.approx(0.004, rel=0.03)


def test_a_run_gives_a_record_for_each_query_and_one_for_each_that_was_slowed(tmp_path: Path) -> None:
    found = assess_run(measured(tmp_path / "s", 1), Rules())
    assert [(item.query, item.verdict) for item in found.unchanged] == [
        ("list", "equivalent"),
        ("report", "equivalent"),
    ]
    assert all(item.ci_low is not None and item.ci_low < 1 < (item.ci_high or 0) for item in found.unchanged)
    assert all(item.lag1 is not None and abs(item.lag1) < 0.7 for item in found.unchanged)
    (slowed,) = found.planted
    assert (slowed.query, slowed.share, slowed.verdict) == ("list", 0.10, "slower")
    assert slowed.ratio == pytest.approx(1.10, rel=0.01)
    assert len(found.rivals) == 2 * (2 * len(TESTS) + 1)
    assert all((item.found is None) == (item.query == "report") for item in found.rivals)
    assert found.on_margin == OnMargin(0, 0)


def test_an_arm_that_leans_is_a_false_alarm_even_where_the_control_would_hide_it(tmp_path: Path) -> None:
    found = assess_run(measured(tmp_path / "s", 2, leaning=1.06), Rules())
    assert [item.verdict for item in found.unchanged] == ["slower", "slower"]
    assert all(item.as_judged != "slower" for item in found.unchanged)
    # Moved up by the margin it is slower beyond what the control allows, moved down it is not faster.
    assert found.on_margin == OnMargin(1, 1)


def test_what_leans_less_than_the_margin_is_no_alarm_until_it_is_moved_there(tmp_path: Path) -> None:
    found = assess_run(measured(tmp_path / "s", 2, leaning=0.985), Rules())
    assert all(item.verdict not in ("slower", "faster") for item in found.unchanged)
    assert found.on_margin.plain == 1


def test_two_runs_are_held_against_each_other_as_the_gate_does(tmp_path: Path) -> None:
    base, new = measured(tmp_path / "a", 3), measured(tmp_path / "b", 4)
    found = assess_pair(base, new, Rules())
    assert all(item.passes and item.verdict not in ("slower", "faster") for item in found.unchanged)
    assert found.planted[0].verdict == "slower"
    assert found.on_margin == OnMargin(0, 0)
    assert {item.test for item in found.rivals} == {f"{name}, run against run" for name in TESTS}
    leaning = assess_pair(base, measured(tmp_path / "c", 5, leaning=1.08), Rules())
    assert [item.verdict for item in leaning.unchanged] == ["slower", "slower"]
    assert all(item.as_judged != "slower" for item in leaning.unchanged)
    assert leaning.on_margin.plain == 1


def test_a_query_without_a_valid_slice_in_one_run_is_held_by_no_other_test_and_fails_nothing(tmp_path: Path) -> None:
    base, new = measured(tmp_path / "a", 3), measured(tmp_path / "b", 4)
    bare = Measured(base.view, {key: value for key, value in base.raw.items() if key[0] != ("list", 1)}, base.planted)
    for rivals in (assess_pair(bare, new, Rules()).rivals, assess_run(bare, Rules()).rivals):
        assert {item.query for item in rivals} == {"report"}
