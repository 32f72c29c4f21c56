"""The journal is written before, read after, and survives being cut short."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import ServerError
from harness.server.journal import Journal, is_live, read_journal


def test_a_journal_tells_what_is_there(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path / "run")
    journal.record("embedded", home="/var/tmp/x")
    journal.record("create", database="a", arm="before")
    journal.record("create", database="b", arm="after")
    journal.record("drop", database="a")
    state = read_journal(journal.path)
    assert state == journal.state
    assert state is not None
    assert (state.home, state.databases, state.ended) == (Path("/var/tmp/x"), ("b",), False)


def test_run_ids_are_random(tmp_path: Path) -> None:
    assert Journal.begin(tmp_path / "a").run_id != Journal.begin(tmp_path / "b").run_id


def test_a_last_line_cut_short_is_left_out(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path)
    journal.record("create", database="a", arm="before")
    journal.abandon()
    with journal.path.open("a") as file:
        file.write('{"event": "create", "datab')
    state = read_journal(journal.path)
    assert state is not None
    assert state.databases == ("a",)
    resumed = Journal.resume(tmp_path)
    resumed.record("create", database="b", arm="after")
    state = read_journal(journal.path)
    assert state is not None
    assert state.databases == ("a", "b")


def test_a_journal_at_work_is_locked_and_a_finished_one_is_not_live(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path)
    assert is_live(journal.path)
    with pytest.raises(ServerError, match="another bench works"):
        Journal.resume(tmp_path)
    journal.end(kept=True)
    assert not is_live(journal.path)
    state = read_journal(journal.path)
    assert state is not None
    assert state.kept


def test_a_lock_forgotten_by_the_file_system_does_not_make_a_living_run_dead(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path)
    journal.abandon()
    assert is_live(journal.path)  # the process that wrote it, this one, still runs


def test_a_number_given_to_another_process_later_is_not_the_run(tmp_path: Path) -> None:
    Journal.begin(tmp_path).abandon()
    path = tmp_path / "journal.jsonl"
    path.write_text(f'{{"event": "begin", "run_id": "x", "pid": {os.getpid()}, "started": "earlier/1"}}\n')
    assert not is_live(path)


def test_what_is_no_journal_is_told(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "journal.jsonl") is None
    (tmp_path / "journal.jsonl").write_bytes(b"\xff\xfe nonsense\n[]\n")
    assert read_journal(tmp_path / "journal.jsonl") is None
    with pytest.raises(ServerError, match="holds no journal"):
        Journal.resume(tmp_path)
