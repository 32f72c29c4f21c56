"""Files of a run's folder: written whole, from that folder alone, the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from harness.commands.report import report as report_command
from harness.errors import UsageError
from harness.report import ReportData, emit, write_report
from harness.result.store import write_result
from tests.unit.report.cases import REGRESSION
from tests.unit.report.samples import write_samples


def test_a_report_is_the_same_bytes_wherever_and_whenever_it_is_written(tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        write_result(folder, REGRESSION)
        write_samples(folder / "samples.parquet", {"orders_list": (0.002, 0.003)})
        written.append({path.name: path.read_bytes() for path in write_report(folder)})
    assert written[0] == written[1]
    assert set(written[0]) == {"report.html", "summary.md", "junit.xml"}


def test_writing_again_changes_nothing_else_in_the_folder(tmp_path: Path) -> None:
    write_result(tmp_path, REGRESSION)
    write_report(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write_report(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_run_may_be_named_by_its_result(tmp_path: Path) -> None:
    written = write_report(write_result(tmp_path, REGRESSION))
    assert {path.name for path in written} == {path.name for path in write_report(tmp_path)}
    assert all(path.parent == tmp_path for path in written)


@pytest.mark.parametrize(("place", "opened"), [("", "index.html"), ("run", "run/report.html")])
def test_what_was_written_is_opened_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, opened: str
) -> None:
    (tmp_path / "run").mkdir()
    write_result(tmp_path / "run", REGRESSION)
    launched: list[str] = []
    monkeypatch.setattr(typer, "launch", launched.append)
    report_command(tmp_path / place)
    assert launched == []
    report_command(tmp_path / place, open_=True)
    assert launched == [str(tmp_path / opened)]


def test_a_format_that_fails_leaves_the_files_of_the_last_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_result(tmp_path, REGRESSION)
    write_report(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def broken(_: ReportData) -> str:
        raise ValueError("no such tone")

    monkeypatch.setitem(emit._FORMATS, emit.CASES_FILE, broken)
    with pytest.raises(ValueError, match="no such tone"):
        write_report(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_without_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no result\.json"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []
