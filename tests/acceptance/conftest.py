"""Places to run the program in, and whole runs that many tests look at."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.place import REPOSITORY, Outcome, Place, Who, a_place, read_result

Bench = Callable[..., Outcome]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Where the test runs the program."""
    with a_place(tmp_path) as place:
        yield place


@pytest.fixture
def bench(place: Place) -> Bench:
    """Runs `bench ...` in the test's own folder."""
    return place.bench


@dataclass(frozen=True)
class StoredRun:
    """A finished run: what the command said, where, its folder, its result."""

    outcome: Outcome
    place: Place
    folder: Path
    result: dict[str, Any]


def stored_run(place: Place, *words: str) -> StoredRun:
    """Carries out `bench run` and reads what it stored."""
    outcome = place.bench("run", *words)
    latest = place.folder / "results" / "latest"
    assert (latest / "result.json").is_file(), outcome.err
    return StoredRun(outcome, place, latest.resolve(), read_result(latest))


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the wheel installs, in a folder that everybody can read."""
    folder = tmp_path_factory.mktemp("wheel")
    words = ["pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(folder), str(REPOSITORY)]
    subprocess.run([sys.executable, "-m", *words], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="wheel-") as name:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(name)
        for path in (Path(name), *Path(name).rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield Path(name)


@pytest.fixture(scope="session")
def away(installed: Path) -> Iterator[Place]:
    """An empty folder, the program as the wheel installs it, and as root an ordinary user."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="away-") as name:
        Path(name).chmod(0o755)
        with a_place(Path(name), ordinary_user(installed)) as place:
            yield place


def ordinary_user(installed: Path) -> Who:
    """Who may run what is installed there: whoever runs the tests, or in root's place `nobody`, if it can."""
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    variables = {"PYTHONPATH": os.pathsep.join([str(installed), *packages]), "HOME": "/nonexistent"}
    if os.geteuid() != 0:
        return Who(variables=variables)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/local/bin/{version}", f"/usr/bin/{version}"):
        who = Who(python, pwd.getpwnam("nobody").pw_uid, variables)
        with contextlib.suppress(OSError):  # not there, or out of reach
            words = [python, "-c", "import asyncpg, harness, numpy"]
            if subprocess.run(words, cwd="/", env=variables, capture_output=True, **who.account).returncode == 0:
                return who
    pytest.skip(f"no {version} with the packages that nobody can start: both lie where only root may look")


@pytest.fixture(scope="session")
def crm_run(away: Place) -> StoredRun:
    """The main job, small: the CRM as the runbook has it, profile clean; as an ordinary user has it installed."""
    return stored_run(away, "crm", "--scale", "1k", "--budget", "15s", "--json")


@pytest.fixture(scope="session")
def repaired_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredRun]:
    """The same migration done right, on data with planted anomalies."""
    with a_place(tmp_path_factory.mktemp("repaired")) as place:
        yield stored_run(place, "crm-repaired", "--scale", "1k", "--budget", "15s", "--profile", "realistic")
