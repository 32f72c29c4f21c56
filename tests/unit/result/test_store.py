"""The run's folder and result.json: atomic, versioned, valid against its own schema."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from harness.errors import HarnessError, UsageError
from harness.result import ColumnCheck, Example, Finding, Integrity, PhaseRecord, Result, StorageRecord
from harness.result.store import json_schema, new_run_folder, point_latest, read_result, write_result

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RESULT = Result(
    schema_version=1,
    tool="bench 0",
    run_id="abc",
    scenario="crm",
    origin="o",
    scale="1k",
    profile="clean",
    seed=7,
    started_at="2026-01-02T03:04:05Z",
    phases=(PhaseRecord("seed", 1.5, 80.0, "done"),),
    integrity=Integrity(
        verdict="fail",
        columns=(ColumnCheck("t", "c", "text", None, None, "none", "no_counterpart"),),
        findings=(Finding("no_counterpart", "error", "t.c", "é <b>", examples=(Example("1", "a", None),)),),
    ),
    storage=(StorageRecord("before", None, 10, 1, 2, 3, 6),),
)


def test_a_result_survives_the_way_to_disk_and_back(tmp_path: Path) -> None:
    write_result(tmp_path, RESULT)
    assert read_result(tmp_path) == RESULT
    assert read_result(tmp_path / "result.json") == RESULT


def test_equal_results_are_equal_bytes_and_leave_no_other_file(tmp_path: Path) -> None:
    first = write_result(tmp_path, RESULT).read_bytes()
    assert write_result(tmp_path, RESULT).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_what_is_written_is_valid_against_the_json_schema(tmp_path: Path) -> None:
    data = json.loads(write_result(tmp_path, RESULT).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json_schema()).validate(data)
    data["storage"][0]["heap_bytes"] = "many"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate(data)


def test_runs_of_one_second_get_folders_of_their_own_and_latest_points_to_the_newest(tmp_path: Path) -> None:
    first = new_run_folder(tmp_path, "crm", "1k", NOW)
    second = new_run_folder(tmp_path, "crm", "1k", NOW)
    assert [first.name, second.name] == ["20260102T030405Z-crm-1k", "20260102T030405Z-crm-1k-2"]
    point_latest(first)
    point_latest(second)
    assert (tmp_path / "latest").resolve() == second.resolve()


def test_a_results_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(HarnessError, match="cannot write to"):
        new_run_folder(tmp_path / "file", "crm", "1k", NOW)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is not a run"),
        ("{", "is no result"),
        ('{"schema_version": 99}', "schema version 99"),
        ('{"schema_version": 1}', "Field required"),
        ("[]", "schema version None"),
    ],
)
def test_what_is_no_result_is_told(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "result.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_result(tmp_path)
