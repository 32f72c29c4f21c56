"""From records to rates: what is counted, and what `--json` prints."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.calibrate import Lines, calibration_json, exit_code, markdown, read_lines, summarise
from harness.calibrate.model import Assessed, CalibrationRun, OnMargin, Planted, Rival, Unchanged
from harness.errors import UsageError


def unchanged(
    verdict: str = "equivalent", low: float | None = 0.97, high: float | None = 1.03, **fields: Any
) -> Unchanged:
    values: dict[str, Any] = {"query": "q", "clients": 1, "ratio": 1.0, "ci_low": low, "ci_high": high, "blocks": 20}
    values |= {"verdict": verdict, "as_judged": verdict, "passes": verdict != "inconclusive"}
    return Unchanged(**(values | fields))


def run(
    *items: Unchanged,
    number: int = 1,
    planted: tuple[Planted, ...] = (),
    kind: str = "runs",
    on_margin: tuple[int, int] = (0, 0),
) -> CalibrationRun:
    rivals = (
        Rival("threshold", "q", 1, alarm=True, share=0.1, found=True),
        Rival("threshold", "w", 1, False, None, None),
    )
    found = Assessed(items, planted, rivals, OnMargin(*on_margin))
    return CalibrationRun(
        kind=kind,  # type: ignore[arg-type]
        run=number,
        scenario="crm",
        scale="10k",
        budget_s=60.0,
        seed=1,
        blocks=20,
        seconds=61.0,
        conditions="clients 1",
        source=f"r/{number}",
        left_out=("w at 1",),
        void_slices=3,
        found=found,
    )


def test_alarms_are_counted_before_the_control_widens_any_margin() -> None:
    found = summarise([run(unchanged("slower", as_judged="equivalent"), unchanged("faster"), unchanged())])
    assert (found.comparisons, found.alarms) == (3, 2)
    assert found.false_alarm_rate == pytest.approx(2 / 3)


def test_coverage_power_and_decided_share_are_shares_of_what_was_asked() -> None:
    planted = (
        Planted("q", 1, 0.10, 1.1, "slower"),
        Planted("q", 1, 0.10, 1.1, "inconclusive"),
        Planted("q", 1, 0.20, 1.2, "slower"),
    )
    items = (unchanged(low=1.01), unchanged(), unchanged("inconclusive"), unchanged(low=None, high=None, ratio=None))
    found = summarise([run(*items, planted=planted)])
    assert found.power == 0.5
    assert [(item.share, item.planted, item.found, item.measured) for item in found.planted] == [
        (0.10, 2, 1, 1.1),
        (0.20, 1, 1, 1.2),
    ]
    assert found.coverage == pytest.approx(2 / 3)
    assert found.decided_share == pytest.approx(3 / 4)


def test_how_far_equal_arms_lie_apart_is_told_whichever_of_them_was_slower() -> None:
    found = summarise([run(unchanged(ratio=1.01), unchanged(ratio=1 / 1.03), unchanged(ratio=1.02))])
    assert found.apart == pytest.approx(0.02)
    assert found.apart_most == pytest.approx(0.03)
    assert "2.0 % apart in the middle, 3.0 % at the most" in markdown(found, [run(unchanged())])
    assert summarise([]).apart is None


def test_the_rate_may_be_as_high_as_the_nominal_one_and_nothing_compared_never_passes() -> None:
    assert exit_code(summarise([run(*[unchanged()] * 100)])) == 0
    assert exit_code(summarise([run(*[unchanged("slower")] * 5, *[unchanged()] * 95)])) == 0
    assert exit_code(summarise([run(*[unchanged("slower")] * 20, *[unchanged()] * 80)])) == 1
    assert exit_code(summarise([])) == 4


def test_every_run_with_one_alarm_is_too_many_though_hardly_a_comparison_is() -> None:
    runs = [run(unchanged("slower"), *[unchanged()] * 99, number=number) for number in range(10)]
    found = summarise(runs)
    assert found.false_alarm_rate == 0.01
    assert (found.alarmed_runs, found.alarmed_low > 0.6) == (10, True)
    assert exit_code(found) == 1


def test_families_alarmed_on_the_margin_are_shown_and_are_no_false_alarms() -> None:
    wild = [run(unchanged(), number=number, on_margin=(2, 1)) for number in range(10)]
    found = summarise(wild)
    assert (found.margin_alarms, found.margin_families, found.margin_alarms_plain) == (10, 20, 20)
    assert exit_code(found) == 0
    assert "10 of 20 families alarmed (27.2 % to 72.8 %), 20 without the control" in markdown(found, wild)


def test_nothing_decided_is_no_pass_and_what_was_not_measured_makes_no_rate_smaller() -> None:
    found = summarise([run(unchanged("inconclusive"), unchanged("inconclusive", ratio=None))])
    assert (found.comparisons, found.measured, found.decided_share) == (2, 1, 0.0)
    assert exit_code(found) == 4
    assert summarise([run(unchanged("slower"), unchanged(ratio=None))]).false_alarm_rate == 1.0


def test_the_json_has_exactly_the_documented_keys() -> None:
    found = json.loads(calibration_json(summarise([run(unchanged())])))
    assert list(found) == [
        "runs", "comparisons", "measured", "alarms", "false_alarm_rate", "ci_low", "ci_high", "alarmed_runs",
        "alarmed_low", "alarmed_high", "margin_families", "margin_alarms", "margin_low", "margin_high",
        "margin_alarms_plain", "power", "planted", "coverage", "apart", "apart_most", "decided_share", "lag1",
        "void_slices", "left_out", "others",
    ]  # fmt: skip
    assert (found["void_slices"], found["left_out"], found["planted"]) == (3, 1, [])
    assert found["others"] == [
        {
            "test": "threshold",
            "comparisons": 2,
            "alarms": 1,
            "false_alarm_rate": 0.5,
            "ci_low": pytest.approx(0.0126, abs=1e-4),
            "ci_high": pytest.approx(0.9874, abs=1e-4),
            "power": 1.0,
        }
    ]


def test_a_pair_counts_as_two_runs() -> None:
    assert summarise([run(unchanged(), kind="pairs")]).runs == 2


def test_what_is_kept_line_by_line_is_read_again_without_a_line_that_was_cut_off(tmp_path: Path) -> None:
    lines = Lines()
    lines.add(tmp_path, run(unchanged()))
    lines.add(tmp_path, run(unchanged("slower"), number=2))
    assert read_lines(tmp_path) == tuple(lines.runs)
    packed = tmp_path / "kept.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "calibration.jsonl").read_bytes()))
    assert read_lines(packed) == tuple(lines.runs)
    file = tmp_path / "calibration.jsonl"
    file.write_bytes(file.read_bytes()[:-20])
    assert read_lines(file) == (lines.runs[0],)
    assert markdown(summarise(lines.runs), lines.runs).startswith("2 runs of crm at 10k, 60 s a run; 2 comparisons")


def test_calibrations_of_the_same_measurement_are_summed_up_as_one(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    one, two = run(unchanged("slower"), unchanged("faster")), run(unchanged(), number=2)
    Lines().add(folders[0], one)
    Lines().add(folders[1], two)
    Lines().add(folders[2], replace(two, budget_s=61))
    assert read_lines(*folders[:2]) == (one, two)
    found = summarise(read_lines(*folders[:2]))
    assert (found.runs, found.alarms, found.alarmed_runs) == (2, 2, 1)
    with pytest.raises(UsageError, match="runs of crm at 10k, 60 s, clients 1; runs of crm at 10k, 61 s"):
        read_lines(*folders)
    (folders[2] / "calibration.jsonl").unlink()
    Lines().add(folders[2], replace(two, conditions="clients 4"))
    with pytest.raises(UsageError, match="these are different measurements"):
        read_lines(*folders)
    (folders[2] / "calibration.jsonl").unlink()
    Lines().add(folders[2], two)
    with pytest.raises(UsageError, match="the run r/2 is named twice"):
        read_lines(*folders)
    with pytest.raises(UsageError, match="named twice"):
        read_lines(folders[0], folders[0])


def test_what_is_no_calibration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_lines(tmp_path)
    packed = tmp_path / "calibration.jsonl.gz"
    packed.write_bytes(gzip.compress(b"{}\n")[:-6])
    with pytest.raises(UsageError, match="cannot be read: Compressed file ended"):
        read_lines(packed)
    packed.write_bytes(b"{}\n")
    with pytest.raises(UsageError, match="cannot be read: Not a gzipped file"):
        read_lines(packed)
    (tmp_path / "calibration.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match="holds no calibration"):
        read_lines(tmp_path)
    (tmp_path / "calibration.jsonl").write_text("")
    with pytest.raises(UsageError, match="holds no run"):
        read_lines(tmp_path)


def test_the_table_says_how_far_blocks_scatter_and_where_they_do_most() -> None:
    calm, wild = unchanged(query="calm", scatter=0.02), unchanged(query="wild", scatter=0.08)
    runs = [run(calm, wild), run(calm, wild), run(calm, unchanged(query="wild", scatter=0.2), unchanged(query="new"))]
    assert "blocks scatter by 5.0 %, most in wild: 8.0 %" in markdown(summarise(runs), runs)
    assert "too few" in markdown(summarise([run(unchanged())]), [run(unchanged())])
