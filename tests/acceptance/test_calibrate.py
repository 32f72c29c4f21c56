"""`bench calibrate`: a small one on a real server, what it keeps when it is stopped, and what it refuses."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from harness.calibrate import read_lines
from tests.acceptance.conftest import Bench
from tests.acceptance.place import PATIENCE_S, Place, copied_mini, wait_until
from tests.unit.gate.stored import store_run

KEYS = [
    "runs", "comparisons", "measured", "alarms", "false_alarm_rate", "ci_low", "ci_high", "alarmed_runs",
    "alarmed_low", "alarmed_high", "margin_families", "margin_alarms", "margin_low", "margin_high",
    "margin_alarms_plain", "power", "planted", "coverage", "apart", "apart_most", "decided_share", "lag1",
    "void_slices", "left_out", "others",
]  # fmt: skip


def calibrated(place: Place) -> Path:
    (folder,) = [run for run in place.runs() if "-calibrate-mini-1k" in run.name]
    return folder


def test_a_small_calibration_counts_every_comparison_and_leaves_nothing_behind(place: Place) -> None:
    scenario = str(copied_mini(place.folder))
    outcome = place.bench("calibrate", scenario, "--runs", "2", "--budget", "6s", "--scale", "1k", "--json")
    assert outcome.code == 0, outcome.err
    found = json.loads(outcome.out)
    assert list(found) == KEYS
    assert (found["runs"], found["comparisons"]) == (2, 2)
    assert len(found["others"]) in (0, 9), "none only where a busy machine voids every slice"
    folder = calibrated(place)
    runs = read_lines(folder)
    assert [run.run for run in runs] == [1, 2]
    assert all(item.query == "newest_orders" for run in runs for item in run.found.unchanged)
    assert json.loads((folder / "calibration.json").read_text()) == found
    again = place.bench("calibrate", "--lines", str(folder), "--json")
    assert (again.code, json.loads(again.out)) == (0, found)
    told = place.bench("calibrate", "--lines", str(folder))
    assert "false alarms in 2 comparisons of unchanged queries" in told.out
    assert all(len(line) <= 100 for line in told.out.splitlines())
    assert not place.processes()
    place.assert_nothing_left()


def test_a_pair_of_unchanged_runs_is_held_against_each_other(place: Place) -> None:
    scenario = str(copied_mini(place.folder))
    outcome = place.bench("calibrate", scenario, "--pairs", "1", "--budget", "6s", "--scale", "1k", "--json", "--quiet")
    assert (outcome.code, outcome.err) == (0, "")
    found = json.loads(outcome.out)
    assert (found["runs"], found["comparisons"]) == (2, 1)
    assert all(item["test"].endswith("run against run") for item in found["others"])


def test_one_that_is_stopped_in_the_middle_keeps_what_it_has_and_says_how_far_it_came(place: Place) -> None:
    running = place.start(
        "calibrate", str(copied_mini(place.folder)), "--runs", "50", "--budget", "6s", "--scale", "1k"
    )
    assert wait_until(lambda: any(run.joinpath("calibration.jsonl").exists() for run in place.runs()), 2 * PATIENCE_S)
    running.signal(signal.SIGINT)
    outcome = running.end()
    assert outcome.code == 130
    folder = calibrated(place)
    done = len(read_lines(folder))
    assert done >= 1
    assert f"{done} of 50 runs are done and kept: bench calibrate --lines" in outcome.err
    assert (folder / "calibration.json").is_file()
    assert not place.processes()


def test_one_without_a_run_names_nothing_to_sum_up(bench: Bench) -> None:
    away = bench("calibrate", "--dsn", "postgresql://nobody@127.0.0.1:1/x", "--runs", "1")
    assert (away.code, "Connection refused" in away.error) == (5, True)
    assert "0 of 1 runs are done and kept: nothing can be summed up" in away.err


def test_what_cannot_be_measured_is_refused(bench: Bench, place: Place) -> None:
    both = bench("calibrate", "--runs", "2", "--pairs", "2")
    assert (both.code, "give one of them" in both.error) == (2, True)
    assert bench("calibrate", "--runs", "0").code == 2
    none = bench("calibrate", "--lines", "nowhere")
    assert (none.code, "nowhere cannot be read" in none.error) == (2, True)
    assert not (place.folder / "results").exists()
    cut = store_run(
        place.folder / "cut", {}, complete=False, options={"goal": "calibrate", "arms": ["before", "after", "slowed"]}
    )
    (cut / "calibration.jsonl").touch()
    resumed = bench("run", "--resume", str(cut))
    assert (resumed.code, f"bench calibrate --lines {cut} sums up" in resumed.error) == (2, True)
