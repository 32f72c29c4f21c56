"""Files of a run's folder: written whole, from that folder alone, the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.report import write_report
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


def test_a_folder_without_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no result\.json"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []
