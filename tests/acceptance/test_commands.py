"""The commands beside `bench run`: what is kept can be served, reported and cleaned; help and version read well."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

import harness
from harness.result.store import read_result
from tests.acceptance.conftest import Bench
from tests.acceptance.place import Place, copied_mini

COMMANDS = [
    "run",
    "compare",
    "calibrate",
    "seed",
    "verify",
    "prove",
    "measure",
    "report",
    "scenarios",
    "doctor",
    "serve",
    "clean",
]


def psql() -> str:
    """The system's psql; on Debian also where no version is the default."""
    found = shutil.which("psql") or next((str(path) for path in Path("/usr/lib/postgresql").glob("*/bin/psql")), None)
    if found is None:
        pytest.skip("the system has no psql")
    return found


def test_what_bench_seed_leaves_is_served_as_printed_and_removed_when_asked(place: Place) -> None:
    seeded = place.bench("seed", str(copied_mini(place.folder)), "--scale", "1k", "--quiet")
    assert (seeded.code, seeded.err) == (0, ""), seeded.err
    assert re.search(r"^orders +1,000 rows", seeded.out, re.MULTILINE)
    assert not place.processes()
    (run,) = place.runs()
    assert f"bench serve results/{run.name}" in seeded.out
    assert read_result(run).verdict == "seeded"

    serving = place.start("serve", f"results/{run.name}")
    serving.wait_for("stop it with Ctrl-C", "out")
    (command,) = [line for line in serving.lines("out") if "psql" in line]
    words = command.strip().replace("psql", psql(), 1) + " -Atc 'SELECT count(*) FROM orders'"
    asked = subprocess.run(words, shell=True, capture_output=True, text=True)
    assert asked.stdout == "1000\n", asked.stderr
    refused = place.bench("serve", f"results/{run.name}")
    assert (refused.code, "another bench works in" in refused.error) == (5, True)
    assert place.bench("clean", "--kept").out == "nothing to clean\n"
    serving.signal(signal.SIGINT)
    assert serving.end().code == 0
    assert not place.processes()

    assert place.bench("clean").out.startswith(f"left alone: {place.homes}")
    assert place.bench("clean", "--kept").out.startswith(f"removed {place.homes}")
    place.assert_nothing_left()
    gone = place.bench("serve", f"results/{run.name}")
    assert (gone.code, "is gone" in gone.error) == (5, True)


def test_the_version_and_the_help_are_there(bench: Bench) -> None:
    assert bench("--version").out == f"bench {harness.__version__}\n"
    help_text = bench("run", "--help").out
    assert "Exit codes: 0 all good" in help_text
    without = bench()
    assert (without.code, without.out) == (2, "")
    assert without.err.startswith("Usage: bench [OPTIONS] COMMAND")
    listed = without.err.partition("Commands:")[2]
    assert re.findall(r"^  ([a-z]+)  .*\.$", listed, re.MULTILINE) == COMMANDS
    assert "..." not in listed, "a command's first sentence is too long for the list"
