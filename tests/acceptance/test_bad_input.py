"""Bad input: one clear line, the right exit code, nothing left behind."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest

from tests.acceptance.conftest import Bench
from tests.acceptance.place import REPOSITORY, Place, copied_mini, statuses


def test_an_unknown_scenario_is_told_in_one_line_and_the_near_miss_is_named(place: Place) -> None:
    outcome = place.bench("run", "crn")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == outcome.error + "\n"
    assert "did you mean 'crm'?" in outcome.error
    assert list(place.folder.iterdir()) == []


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


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("schema", "CREATE TABLE more (id int,);", "line 1: syntax error"),
        ("schema", "\n\\connect shop\n", "is a command of psql"),
        ("keys", "COPY more FROM stdin;\n1\n\\.\n", "COPY ... FROM stdin takes its rows from psql"),
        ("migrate", "COPY more FROM stdin;\n1\n\\.\n", "COPY ... FROM stdin takes its rows from psql"),
    ],
)
def test_what_is_no_sql_is_told_in_one_line_before_anything_is_made(
    place: Place, kind: str, text: str, words: str
) -> None:
    scenario = copied_mini(place.folder)
    file = next(iter(sorted(scenario.glob(f"sql/*{kind}*.sql"))))
    file.write_text(text, encoding="utf-8")
    outcome = place.bench("run", str(scenario), "--scale", "1k")
    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err == outcome.error + "\n"
    assert f"{file.name}, line" in outcome.error
    assert words in outcome.error


def test_a_migration_that_changes_nothing_proves_nothing(place: Place) -> None:
    scenario = copied_mini(place.folder)
    for file in scenario.glob("sql/migrate_*.sql"):
        file.write_text("-- nothing\n", encoding="utf-8")
    outcome = place.bench("run", str(scenario), "--scale", "1k", "--quiet", "--json")
    assert (outcome.code, outcome.err) == (3, "")
    result = json.loads(outcome.out)
    assert result == place.result()
    assert (result["complete"], result["verdict"], result["latency"]) == (True, "integrity failure", [])
    assert {"nothing_compared", "answer_differs"} <= {item["kind"] for item in result["integrity"]["findings"]}
    assert statuses(result)["measure"] == "skipped"
    assert any("measure is left out" in note for note in result["notes"])
    place.assert_nothing_left()


def test_a_results_folder_that_cannot_be_made_is_told(place: Place) -> None:
    (place.folder / "results").write_text("a file, not a folder", encoding="utf-8")
    outcome = place.bench("run", "--scale", "1k")
    assert outcome.code == 5
    assert "cannot write to results" in outcome.error
    assert "--results" in outcome.error
    place.assert_nothing_left()


def test_a_folder_named_latest_is_nobodys_to_replace(place: Place) -> None:
    latest = place.folder / "results" / "latest"
    latest.mkdir(parents=True)
    (latest / "precious").touch()
    refused = place.bench("run", "--scale", "1k", "--dsn", "postgresql://nobody@127.0.0.1:1/postgres")
    assert refused.code == 5
    assert [path.name for path in latest.iterdir()] == ["precious"]
    assert len(place.runs()) == 1


def test_a_failed_run_gives_its_result_on_stdout_and_one_line_on_stderr(place: Place) -> None:
    words = ("run", "--scale", "1k", "--dsn", "postgresql://nobody:secret@127.0.0.1:1/postgres", "--json", "--quiet")
    outcome = place.bench(*words)
    assert json.loads(outcome.out) == place.result()
    assert outcome.code == place.result()["exit_code"] == 5
    assert "no server answers at 127.0.0.1:1" in outcome.error
    assert "secret" not in outcome.err + outcome.out


def test_other_binaries_serve_too_and_progress_without_a_terminal_is_plain_lines(place: Place, pg15: Path) -> None:
    run = place.start("run", str(copied_mini(place.folder)), "--scale", "1k", "--pg-bin", str(pg15))
    run.wait_for("a block of")
    run.signal(signal.SIGINT)
    outcome = run.end()
    result = place.result()
    assert result["environment"]["server_version"].startswith("15")
    assert result["integrity"]["verdict"] == "pass"
    for line in ("server", "seed: rows", "migrate", "verify", "measure"):
        assert line in outcome.err.splitlines()
    place.assert_nothing_left()


def test_queries_none_of_which_ends_in_time_are_told_with_the_option_that_helps(place: Place) -> None:
    scenario = copied_mini(place.folder)
    for form in ("before", "after"):  # its own may end within a millisecond
        query = scenario / "workload" / f"newest_orders.{form}.sql"
        query.write_text("SELECT 1 AS one, pg_sleep(0.02)::text AS waited\n", encoding="utf-8")
    words = ("run", str(scenario), "--scale", "2k", "--budget", "10s", "--statement-timeout", "1ms")
    outcome = place.bench(*words)
    assert outcome.code == 5
    assert "no query of the scenario can be timed" in outcome.error
    assert "raise --statement-timeout" in outcome.error
