"""A full disk: told beforehand where it can be estimated, told in one line where it fills in the middle."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.place import Place, copied_mini


class SmallDisk:
    """A file system of its own in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Leaves not one free block."""
        with (self.folder / "filler").open("wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
                    file.flush()
            except OSError:
                return

    def empty(self) -> None:
        """Gives the room back."""
        (self.folder / "filler").unlink()


@pytest.fixture
def small_disk(place: Place) -> Iterator[SmallDisk]:
    """A disk of 200 MB for servers; mounting takes root's rights, which only a developer's machine may lack."""
    folder = place.homes / "disk"
    folder.mkdir()
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    words = ["mount", "-t", "tmpfs", "-o", f"size=200m,mode=0711,uid={os.geteuid()}", "tmpfs", str(folder)]
    reason = "there is no sudo"
    if not sudo or shutil.which("sudo"):
        reason = subprocess.run([*sudo, *words], capture_output=True, text=True).stderr
    if reason:
        folder.rmdir()
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no disk can be mounted: {reason}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run([*sudo, "umount", "-l", str(folder)], check=True)
        folder.rmdir()


def test_a_disk_too_small_for_the_scale_is_told_before_seeding(place: Place, small_disk: SmallDisk) -> None:
    outcome = place.bench("run", "crm", "--scale", "1m", BENCH_TMPDIR=str(small_disk.folder))
    assert outcome.code == 5, outcome.err
    assert "a run at --scale 1m needs about" in outcome.error
    assert str(small_disk.folder) in outcome.error
    assert "BENCH_TMPDIR" in outcome.error
    assert "seed: rows" not in outcome.err
    assert place.result()["phases"][-1]["name"] == "seed"
    assert list(small_disk.folder.iterdir()) == []


def test_a_disk_that_fills_in_the_middle_ends_the_run(place: Place, small_disk: SmallDisk) -> None:
    scenario = copied_mini(place.folder, keys="SELECT pg_sleep(2);\nCREATE TABLE much AS SELECT * FROM orders;\n")
    run = place.start("run", str(scenario), "--scale", "50k", BENCH_TMPDIR=str(small_disk.folder))
    run.wait_for("seed: keys")
    small_disk.fill()
    outcome = run.end()
    assert outcome.code == 5, outcome.err
    assert "seed" in outcome.error
    assert "full" in outcome.error
    result = place.result()
    assert (result["complete"], result["phases"][-1]["name"]) == (False, "seed")
    small_disk.empty()
    assert list(small_disk.folder.iterdir()) == []


def test_a_disk_without_room_for_a_server_is_told(place: Place, small_disk: SmallDisk) -> None:
    small_disk.fill()
    with (small_disk.folder / "filler").open("r+b") as file:
        file.truncate(180_000_000)
    outcome = place.bench("run", str(copied_mini(place.folder)), BENCH_TMPDIR=str(small_disk.folder))
    assert outcome.code == 5, outcome.err
    assert f"no room for a server in {small_disk.folder}" in outcome.error


def test_results_that_cannot_be_written_are_told(place: Place, small_disk: SmallDisk) -> None:
    small_disk.fill()
    outcome = place.bench("run", str(copied_mini(place.folder)), "--results", str(small_disk.folder / "results"))
    assert outcome.code == 5, outcome.err
    assert "cannot write to" in outcome.error
    assert "--results" in outcome.error


def test_results_whose_disk_fills_in_the_middle_end_the_run(place: Place, small_disk: SmallDisk) -> None:
    results = small_disk.folder / "results"
    run = place.start(
        "run", str(copied_mini(place.folder)), "--scale", "1k", "--budget", "30s", "--results", str(results)
    )
    run.wait_for("a block of")
    small_disk.fill()
    outcome = run.end()
    assert outcome.code == 5, outcome.err
    assert "disk is full" in outcome.error
    shutil.rmtree(results)
