"""The program as a user runs it: a child process, a folder of its own, and one whole run that many tests look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def error_lines(self) -> list[str]:
        """Lines on stderr that are errors; progress and notes left out."""
        return [line for line in self.err.splitlines() if line.startswith("bench: ")]


Bench = Callable[..., Outcome]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Runs `bench ...` in the test's own folder."""
    return lambda *words, **options: run_bench(tmp_path, *words, **options)


def command(*words: str) -> list[str]:
    """The command line of a child process."""
    return [sys.executable, "-c", "from harness.cli import main; main()", *words]


def run_bench(folder: Path, *words: str, timeout_s: float = 240, **variables: str) -> Outcome:
    """Runs the program to its end and returns what it said."""
    done = subprocess.run(
        command(*words),
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class StoredRun:
    """A finished run: what the command said, its folder, its result."""

    outcome: Outcome
    folder: Path
    result: dict[str, Any]


def stored_run(folder: Path, *words: str) -> StoredRun:
    """Carries out `bench run` and reads what it stored."""
    outcome = run_bench(folder, "run", *words)
    latest = folder / "results" / "latest"
    assert (latest / "result.json").is_file(), outcome.err
    return StoredRun(outcome, latest.resolve(), json.loads((latest / "result.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def crm_run(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    """The main job, small: the CRM as the runbook has it, profile clean."""
    return stored_run(tmp_path_factory.mktemp("crm"), "crm", "--scale", "1k", "--budget", "15s", "--json")


@pytest.fixture(scope="session")
def repaired_run(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    """The same migration done right, on data with planted anomalies."""
    words = ("crm-repaired", "--scale", "1k", "--budget", "10s", "--profile", "realistic")
    return stored_run(tmp_path_factory.mktemp("repaired"), *words)
