"""A report that cannot be rendered costs the report alone: the result is whole, and the exit code says so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.cli import main
from harness.report import ReportData, emit, write_report
from harness.result.store import read_result
from tests.acceptance.place import copied_mini

SAMPLE = Path(__file__).parents[3] / "docs" / "sample"


def broken(_: ReportData) -> str:
    """A renderer with a bug."""
    raise ValueError("no such tone")


def test_a_report_that_fails_to_render_leaves_the_result_whole_and_ends_with_5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results"
    words = ["verify", str(copied_mini(tmp_path)), "--scale", "1k", "--quiet", "--results", str(results)]
    monkeypatch.setattr(sys, "argv", ["bench", *words])
    with monkeypatch.context() as changed:
        changed.setitem(emit._FORMATS, emit.REPORT_FILE, broken)
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 5
    told = capsys.readouterr().err
    assert "no such tone" in told
    (run,) = (path for path in results.iterdir() if not path.is_symlink())
    assert f"what there is of it: {run}\n" in told
    result = read_result(run)
    assert result.complete
    assert result.integrity.columns
    assert not list(run.glob("report.html"))
    assert {path.name for path in write_report(run)} == {"report.html", "summary.md", "junit.xml"}


def test_a_report_that_cannot_be_written_says_so_in_one_line_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    result = (SAMPLE / "result.json").read_bytes()
    (run / "result.json").write_bytes(result)
    (run / "report.html").mkdir()
    monkeypatch.setattr(sys, "argv", ["bench", "report", str(run)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 5
    told = capsys.readouterr().err.splitlines()
    assert told == [f"bench: writing: {run}/report.html: Is a directory — mend that, or name another folder"]
    assert (run / "result.json").read_bytes() == result
    assert not list(run.glob(".*"))
