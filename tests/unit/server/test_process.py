"""Who is alive."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from harness.server.process import FileLock, ProcessMark, is_locked, mark_process, processes_in


def test_this_process_lives_and_one_of_its_number_from_another_time_does_not() -> None:
    mark = mark_process(os.getpid())
    assert mark is not None
    assert mark.is_alive
    assert not ProcessMark(mark.pid, "another boot/1").is_alive


def test_a_zombie_is_dead() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert mark_process(process.pid) is None
    process.wait()


def test_processes_are_found_by_their_working_folder(tmp_path: Path) -> None:
    process = subprocess.Popen(["/bin/sleep", "30"], cwd=tmp_path)
    try:
        assert [found.pid for found in processes_in(tmp_path)] == [process.pid]
        assert processes_in(tmp_path / "other") == []
    finally:
        process.kill()
        process.wait()
    assert processes_in(tmp_path) == []


def test_a_lock_is_held_against_everybody_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_locked(path)
    lock = FileLock(path)
    assert lock.acquire()
    assert is_locked(path)
    other = FileLock(path)
    assert not other.acquire()
    lock.release()
    assert other.acquire()
    other.release()
    assert not is_locked(path)


def test_a_lock_ends_with_a_killed_holder(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from harness.server.process import FileLock;"
        "print(FileLock(Path(sys.argv[1])).acquire(), flush=True); time.sleep(60)"
    )
    keeps = program.replace(
        "print(FileLock(Path(sys.argv[1])).acquire()", "l = FileLock(Path(sys.argv[1])); print(l.acquire()"
    )
    command = [sys.executable, "-c", keeps, str(tmp_path / "lock")]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        assert is_locked(tmp_path / "lock")
        process.kill()
    assert not is_locked(tmp_path / "lock")
