"""The list of runs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.outcome import conclude
from harness.report import write_index, write_report
from harness.result import Result
from harness.result.store import write_result
from tests.unit.report.cases import ALL_GOOD, EMPTY, FAILED_MIGRATION, INTEGRITY_FAILURE
from tests.unit.report.test_html import Page


def store(results: Path, name: str, result: Result, report: bool = True) -> None:
    folder = results / name
    folder.mkdir()
    write_result(folder, result)
    if report:
        write_report(folder)


def listed(results: Path) -> str:
    return write_index(results).read_text(encoding="utf-8")


def test_runs_are_listed_newest_first_with_their_verdicts(tmp_path: Path) -> None:
    store(tmp_path, "a", replace(ALL_GOOD, started_at="2025-01-01T00:00:00Z"))
    store(tmp_path, "b", replace(INTEGRITY_FAILURE, started_at="2025-03-01T00:00:00Z"))
    store(tmp_path, "c", replace(FAILED_MIGRATION, started_at="2025-02-01T00:00:00Z"))
    page = listed(tmp_path)
    assert re.findall(r"href=(.)/report.html>([^<]+)</a>", page) == [
        ("b", "2025-03-01 00:00:00 UTC"),
        ("c", "2025-02-01 00:00:00 UTC"),
        ("a", "2025-01-01 00:00:00 UTC"),
    ]
    words = " ".join(Page(page).words)
    verdicts = ("integrity failure (3)", "could not run to its end (5)", "all good (0)")
    assert sorted(verdicts, key=words.index) == list(verdicts)


def test_a_finished_seeding_is_neither_a_good_run_nor_one_without_end(tmp_path: Path) -> None:
    seeded = replace(EMPTY, options={"goal": "seed"}, seed_manifest=ALL_GOOD.seed_manifest)
    store(tmp_path, "a", conclude(replace(seeded, complete=True)))
    words = " ".join(Page(listed(tmp_path)).words)
    assert "seeded (0) A database was seeded and left" in words
    assert "all good" not in words
    store(tmp_path, "b", conclude(replace(seeded, complete=False)))
    assert "This run has no end." in " ".join(Page(listed(tmp_path)).words)


def test_latest_is_no_run_of_its_own(tmp_path: Path) -> None:
    store(tmp_path, "a", ALL_GOOD)
    (tmp_path / "latest").symlink_to("a")
    assert listed(tmp_path).count("/report.html") == 1


def test_a_run_without_page_has_no_link(tmp_path: Path) -> None:
    store(tmp_path, "a", ALL_GOOD, report=False)
    assert "href=" not in listed(tmp_path)


def test_a_result_that_cannot_be_read_is_listed_with_the_reason(tmp_path: Path) -> None:
    store(tmp_path, "a", ALL_GOOD)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "result.json").write_text("{", encoding="utf-8")
    page = listed(tmp_path)
    assert "cannot be read" in page
    assert "is no result" in page
    assert "all good (0)" in page


def test_one_run_that_cannot_be_read_in_any_way_hides_no_other(tmp_path: Path) -> None:
    store(tmp_path, "a", ALL_GOOD)
    for name in ("folder", "binary", "deep", "killed"):
        (tmp_path / name).mkdir()
    (tmp_path / "folder" / "result.json").mkdir()
    (tmp_path / "binary" / "result.json").write_bytes(b"\xff\x00\xe8")
    (tmp_path / "deep" / "result.json").write_text("[" * 100_000, encoding="utf-8")
    (tmp_path / "killed" / "log.txt").write_text("seeding\n", encoding="utf-8")
    page = listed(tmp_path)
    assert page.count("cannot be read") == 4
    assert "is no result: Is a directory" in page
    assert "killed is not a run: it holds no result.json" in page
    assert page.count("data-label=size") == 1
    assert "all good (0)" in page


def test_a_run_that_cannot_be_read_stands_where_the_name_of_its_folder_puts_it(tmp_path: Path) -> None:
    for year in (2024, 2026):
        store(tmp_path, f"{year}0301T000000Z-shop-1k", replace(ALL_GOOD, started_at=f"{year}-03-01T00:00:00Z"))
    (tmp_path / "20250301T000000Z-shop-1k").mkdir()
    (tmp_path / "20250301T000000Z-shop-1k" / "result.json").write_text("", encoding="utf-8")
    words = " ".join(Page(listed(tmp_path)).words)
    order = ("2026-03-01", "20250301T000000Z-shop-1k", "2024-03-01")
    assert sorted(order, key=words.index) == list(order)


def test_names_of_folders_are_quoted_in_links_and_escaped_in_text(tmp_path: Path) -> None:
    store(tmp_path, '<b> & "q" #1', replace(ALL_GOOD, started_at=""))
    page = listed(tmp_path)
    assert "href=%3Cb%3E%20%26%20%22q%22%20%231/report.html>" in page
    assert "&lt;b&gt; &amp;" in page


def test_the_same_runs_give_the_same_bytes(tmp_path: Path) -> None:
    store(tmp_path, "a", ALL_GOOD)
    assert listed(tmp_path) == listed(tmp_path)


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no run"):
        write_index(tmp_path)
