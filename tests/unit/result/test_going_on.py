"""A killed run is gone on with by the command that takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.result.going_on import LINES_FILE, how_to_go_on


@pytest.mark.parametrize("goal", ["run", "seed", "measure"])
def test_runs_go_on_by_run_on_their_server(goal: str, tmp_path: Path) -> None:
    words = how_to_go_on(tmp_path, goal, ["--dsn", "postgresql://h/d"])
    assert words == ("bench", "run", "--resume", str(tmp_path), "--dsn", "postgresql://h/d")


def test_a_check_goes_on_as_a_check(tmp_path: Path) -> None:
    assert how_to_go_on(tmp_path, "verify") == ("bench", "verify", str(tmp_path), "--resume")


def test_a_calibration_is_summed_up_once_it_has_measured_something(tmp_path: Path) -> None:
    assert how_to_go_on(tmp_path, "calibrate") == ()
    (tmp_path / LINES_FILE).write_text("{}\n", encoding="utf-8")
    summed = ("bench", "calibrate", "--lines", str(tmp_path))
    assert how_to_go_on(tmp_path, "calibrate", ["--dsn", "postgresql://h/d"]) == summed


def test_a_proof_cannot_be_gone_on_with(tmp_path: Path) -> None:
    assert how_to_go_on(tmp_path, "prove") == ()
