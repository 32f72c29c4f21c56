"""Bad input: one clear line, the right exit code, nothing left behind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.acceptance.conftest import REPOSITORY, Bench


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "crn"], "did you mean 'crm'?"),
        (["run", "--scale", "10kk"], "10kk"),
        (["run", "--scale", "0"], "scale"),
        (["run", "--scale=-5"], "-5"),
        (["run", "--budget", "soon"], "'soon' is no duration"),
        (["run", "--clients", "1,1"], "twice"),
        (["run", "--arms", "before"], "no set of arms"),
        (["run", "--profile", "dirty"], "no profile 'dirty'"),
        (["run", "--seed", "x"], "--seed"),
        (["run", "--resume", "nowhere"], "nowhere"),
        (["run", "--pg-bin", "nowhere"], "nowhere"),
        (["run", "--bogus"], "--bogus"),
        (["report", "nowhere"], "nowhere"),
        (["runn"], "runn"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line_with_exit_code_2(
    bench: Bench, tmp_path: Path, words: list[str], told: str
) -> None:
    outcome = bench(*words)
    assert outcome.code == 2, outcome.err
    assert len(outcome.error_lines) == 1
    assert told in outcome.error_lines[0]
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


@pytest.mark.parametrize(
    ("dsn", "told"),
    [
        ("postgresql://nobody@127.0.0.1:1/postgres", "no server answers at"),
        ("not a url", "URL"),
    ],
)
def test_a_server_that_cannot_be_reached_is_told(bench: Bench, tmp_path: Path, dsn: str, told: str) -> None:
    outcome = bench("run", "--scale", "1k", "--dsn", dsn)
    assert outcome.code in (2, 5)
    assert len(outcome.error_lines) == 1
    assert told in outcome.error_lines[0]
    for result in tmp_path.glob("results/2*/result.json"):
        stored = json.loads(result.read_text(encoding="utf-8"))
        assert (stored["complete"], stored["exit_code"]) == (False, 5)
        assert stored["phases"][-1]["status"] == "failed"


def copied_scenario(folder: Path) -> Path:
    """The CRM's data files in the test's own folder, to be spoilt there."""
    for name in ("scenarios", "seeds", "sql"):
        shutil.copytree(REPOSITORY / name, folder / name)
    return folder / "scenarios" / "crm"


def test_broken_toml_is_told_with_file_and_line(bench: Bench, tmp_path: Path) -> None:
    scenario = copied_scenario(tmp_path)
    text = (scenario / "scenario.toml").read_text(encoding="utf-8")
    (scenario / "scenario.toml").write_text(text.replace('title = "', "title = ", 1), encoding="utf-8")
    outcome = bench("run", str(scenario))
    assert outcome.code == 2
    assert "scenario.toml: not valid TOML" in outcome.error_lines[0]
    assert "line" in outcome.error_lines[0]


def test_a_migration_with_an_sql_error_is_told_and_what_came_before_is_kept(bench: Bench, tmp_path: Path) -> None:
    scenario = copied_scenario(tmp_path)
    file = tmp_path / "sql" / "crm" / "migrations" / "20250328000026_remove_all_denormalized_fields.sql"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "\n\nALTER TABLE sales DROP COLUMN no_such_column;\n", encoding="utf-8")
    outcome = bench("run", str(scenario), "--scale", "1k", "--budget", "5s")
    assert outcome.code == 5, outcome.err
    assert len(outcome.error_lines) == 1
    line = text.count("\n") + 3
    assert f"{file.name}, line {line}" in outcome.error_lines[0]
    assert "no_such_column" in outcome.error_lines[0]
    latest = tmp_path / "results" / "latest"
    stored = json.loads((latest / "result.json").read_text(encoding="utf-8"))
    assert (stored["complete"], stored["exit_code"]) == (False, 5)
    assert stored["seed_manifest"]["rows"] > 0
    assert stored["migrations"][-1]["error"]
    assert [phase["name"] for phase in stored["phases"] if phase["status"] == "failed"] == ["migrate"]
    assert (latest / "report.html").is_file()
    assert bench("clean").out.strip() == "nothing to clean"
