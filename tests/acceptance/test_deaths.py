"""A process that dies in the middle of a run: the run goes on or ends with an error that says so, and never hangs."""

from __future__ import annotations

import os
import signal

import pytest

from tests.acceptance.place import Place, copied_mini, statuses, wait_until


@pytest.mark.parametrize(("kind", "phase"), [("seed", "seed"), ("measure", "measure")])
def test_workers_that_die_at_their_start_end_the_run(place: Place, kind: str, phase: str) -> None:
    (place.folder / "sitecustomize.py").write_text(
        f"import os, sys\nif 'harness.{kind}.worker' in ' '.join(sys.orig_argv): os._exit(7)\n", encoding="utf-8"
    )
    scenario = str(copied_mini(place.folder))
    ways = os.pathsep.join([str(place.folder), os.environ.get("PYTHONPATH", "")])
    outcome = place.bench("run", scenario, "--scale", "1k", PYTHONPATH=ways)
    assert outcome.code == 5, outcome.err
    assert "ended with code 7" in outcome.error
    assert place.result()["phases"][-1]["name"] == phase
    place.assert_nothing_left()


def test_a_worker_killed_while_it_seeds_ends_the_run(place: Place) -> None:
    run = place.start("run", str(copied_mini(place.folder)), "--scale", "1m")
    run.wait_for("seed: rows")
    assert wait_until(lambda: len(place.workers("seed")) > 1)  # one that imports, and its forks, which load
    place.workers("seed")[-1].kill()
    outcome = run.end()
    assert outcome.code == 5, outcome.err
    assert "was ended by SIGKILL" in outcome.error
    assert "memory" in outcome.error
    assert statuses(place.result()) == {"server": "done", "seed": "failed"}
    place.assert_nothing_left()


def test_a_worker_killed_while_it_measures_is_replaced(place: Place) -> None:
    run = place.start("run", str(copied_mini(place.folder)), "--scale", "1k", "--budget", "10s")
    run.wait_for("a block of")
    place.workers("measure")[0].kill()
    outcome = run.end()
    result = place.result()
    assert result["complete"], outcome.err
    assert outcome.code == result["exit_code"]
    assert any("SIGKILL" in note for note in (*result["notes"], *(item["reason"] for item in result["void_slices"])))
    place.assert_nothing_left()


def test_a_server_killed_in_the_middle_ends_the_run(place: Place) -> None:
    run = place.start("run", str(copied_mini(place.folder)), "--scale", "1k", "--budget", "60s")
    run.wait_for("a block of")
    for process in place.backends():
        process.send_signal(signal.SIGKILL)
    outcome = run.end()
    assert outcome.code == 5, outcome.err
    assert "server" in outcome.error
    assert "server.log" in outcome.error
    assert "database system is ready" in (place.runs()[-1] / "server.log").read_text(encoding="utf-8")
    result = place.result()
    assert (result["complete"], result["exit_code"], result["phases"][-1]["name"]) == (False, 5, "measure")
    assert result["integrity"]["verdict"] == "pass"
    place.assert_nothing_left()
