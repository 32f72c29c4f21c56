"""The result of a running run: saved after each phase, whole up to the failed one, whatever fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import SeedError
from harness.progress import Silent
from harness.recorder import Recorder
from harness.result import Environment, Integrity, PhaseRecord, Result, SeedManifest
from harness.result.store import RESULT_FILE, read_result

FRESH = Result(
    schema_version=1,
    tool="bench",
    run_id="abc",
    scenario="s",
    origin="o",
    scale="1k",
    profile="clean",
    seed=1,
    started_at="2026-01-02T00:00:00Z",
)


def recorder(folder: Path, result: Result = FRESH) -> Recorder:
    return Recorder(folder, result, Silent())


def phases(folder: Path) -> list[tuple[str, str, str | None]]:
    return [(phase.name, phase.status, phase.error) for phase in read_result(folder).phases]


def test_a_phase_is_saved_as_soon_as_it_ends(tmp_path: Path) -> None:
    kept = recorder(tmp_path)
    with kept.phase("server"):
        assert phases(tmp_path) == []
    assert phases(tmp_path) == [("server", "done", None)]


def test_a_failed_phase_is_saved_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(SeedError), recorder(tmp_path).phase("seed"):
        raise SeedError("too many rows", "take fewer")
    assert phases(tmp_path) == [("seed", "failed", "too many rows — take fewer")]


def test_a_bug_keeps_its_kind(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), recorder(tmp_path).phase("seed"):
        _ = 1 // 0
    assert phases(tmp_path)[0][2] == "ZeroDivisionError: integer division or modulo by zero"


def test_an_interrupted_phase_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), recorder(tmp_path).phase("verify"):
        raise KeyboardInterrupt
    assert phases(tmp_path) == [("verify", "failed", "interrupted")]


def test_where_nothing_can_be_saved_any_more_the_first_reason_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    kept = recorder(folder)
    (folder / RESULT_FILE).unlink()
    folder.rmdir()
    with pytest.raises(SeedError, match="the real reason"), kept.phase("seed"):
        raise SeedError("the real reason")


def test_a_phase_that_cannot_be_saved_fails(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    kept = recorder(folder)
    (folder / RESULT_FILE).unlink()
    folder.rmdir()
    with pytest.raises(OSError, match="No such file"), kept.phase("seed"):
        pass


def test_a_resumed_run_keeps_the_seeded_data_and_finds_the_rest_anew(tmp_path: Path) -> None:
    names = [("server", "done"), ("seed", "done"), ("verify", "done"), ("measure", "failed")]
    earlier = replace(
        FRESH,
        started_at="2026-01-01T00:00:00Z",
        phases=tuple(PhaseRecord(name, 1.0, 1.0, status) for name, status in names),  # type: ignore[arg-type]
        environment=Environment(server_version="18"),
        seed_manifest=SeedManifest(rows=7),
        integrity=Integrity(verdict="pass"),
        notes=("of the earlier session",),
    )
    kept = recorder(tmp_path, earlier)
    with kept.phase("server"):
        pass
    kept.begin_again(FRESH)
    again = read_result(tmp_path)
    assert [(phase.name, phase.seconds == 1.0) for phase in again.phases] == [("server", False), ("seed", True)]
    assert (again.started_at, again.environment.server_version, again.seed_manifest.rows) == (
        "2026-01-01T00:00:00Z",
        "18",
        7,
    )
    assert again.integrity.verdict == "not_checked"
    assert again.notes == ()
    assert kept.is_done("seed")
    assert not kept.is_done("measure")


def test_a_note_is_kept_once_and_a_phase_left_out_has_its_reason(tmp_path: Path) -> None:
    kept = recorder(tmp_path)
    kept.note("no roles")
    kept.note("no roles")
    kept.skip("measure", "nothing to time")
    assert read_result(tmp_path).notes == ("no roles", "measure is left out: nothing to time")
    assert phases(tmp_path) == [("measure", "skipped", "nothing to time")]
