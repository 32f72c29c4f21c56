"""A database is ours only by its own mark."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from harness.server.cleaning import reason_to_leave
from harness.server.journal import Journal
from harness.server.marker import Marker, parse_marker, this_host

MARKER = Marker("abc", "before", this_host(), "/results/run/journal.jsonl")


def test_a_mark_is_read_back() -> None:
    assert parse_marker(json.dumps(asdict(MARKER))) == MARKER


@pytest.mark.parametrize("comment", [None, "", "my own database", "{}", "[]", "1", '{"tool": "other"}'])
def test_any_other_comment_is_no_mark(comment: str | None) -> None:
    assert parse_marker(comment) is None


def leave(name: str = "bench_abc_before", marker: Marker | None = MARKER, sessions: int = 0, kept: bool = False) -> str:
    return reason_to_leave(name, marker, sessions, kept) or ""


def test_only_a_surely_dead_runs_database_is_dropped(tmp_path: Path) -> None:
    assert leave() == ""
    assert "does not carry" in leave(marker=None)
    assert "another database" in leave(name="bench_copy")
    assert "the machine elsewhere" in leave(marker=Marker("abc", "before", "elsewhere", "/x"))
    assert "2 sessions" in leave(sessions=2)


def test_a_living_or_kept_runs_database_stays(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path)
    marker = Marker("abc", "before", this_host(), str(journal.path))
    assert leave(marker=marker) == "its run is at work"
    journal.end(kept=True)
    assert "kept on purpose" in leave(marker=marker)
    assert leave(marker=marker, kept=True) == ""
