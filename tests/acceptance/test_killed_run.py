"""SIGKILL: nothing of the run lives on, nothing is lost, and the next run says how to go on or to clean up."""

from __future__ import annotations

import re
import shlex
import signal
from pathlib import Path

import psutil

from tests.acceptance.place import PHASES, Place, copied_mini, read_result, statuses, wait_until


def killed_run(place: Place, line: str, *words: str, command: str = "run") -> Path:
    """Starts a run, kills it when it says so, and gives its folder."""
    run = place.start(command, *words)
    run.wait_for(line)
    run.process.kill()
    assert run.end().code == -signal.SIGKILL
    return place.runs()[-1]


def told_commands(err: str) -> list[list[str]]:
    """The commands that a run names in what it says about killed ones."""
    assert "was killed; nothing of it is deleted" in err
    return [shlex.split(command) for command in re.findall(r"^    to .*: +bench (.*)$", err, re.MULTILINE)]


def test_a_killed_run_is_told_resumed_and_completed(place: Place) -> None:
    killed = killed_run(place, "a block of", str(copied_mini(place.folder)), "--scale", "1k", "--budget", "8s")
    assert wait_until(lambda: not place.processes(), 20), "its server and workers end with it"
    before = read_result(killed)
    assert before["complete"] is False
    assert statuses(before) == dict.fromkeys(PHASES[: PHASES.index("measure")], "done")
    (home,) = place.homes.iterdir()
    assert place.bench("report", str(killed)).code == 0
    assert "has not finished" in (killed / "report.html").read_text(encoding="utf-8")

    other = place.start("run", str(place.folder / "mini"), "--scale", "1k")
    other.wait_for("server")
    other.signal(signal.SIGINT)
    told = told_commands(other.end().err)
    assert [words[0] for words in told] == ["run", "clean"]
    assert list(place.homes.iterdir()) == [home]

    again = place.start(*told[0])
    again.wait_for("arms")
    again.process.kill()
    again.end()
    assert list(statuses(read_result(killed))) == ["server", "seed"], "nothing stale stands in a resumed run's result"

    outcome = place.bench(*told[0])
    after = read_result(killed)
    assert after["complete"], outcome.err
    assert outcome.code == after["exit_code"]
    assert "was killed" not in outcome.err
    assert list(statuses(after)) == PHASES
    assert set(statuses(after).values()) == {"done"}
    assert after["phases"][1] == before["phases"][1], "the data were not seeded again"
    assert (after["started_at"], after["run_id"]) == (before["started_at"], before["run_id"])
    assert after["seed_manifest"] == before["seed_manifest"]
    assert after["integrity"]["rows_compared"] == 1000
    assert after["latency"]
    place.assert_nothing_left()
    assert place.bench("run", "--resume", str(killed)).error.startswith("bench: the run in")


def test_a_killed_seeding_goes_on_where_it_stopped_and_its_leftovers_can_be_removed(place: Place) -> None:
    scenario = str(copied_mini(place.folder, keys="SELECT pg_sleep(3);\n"))
    killed = killed_run(place, "seed: keys", scenario, "--scale", "20k", "--budget", "60s")
    resumed = place.start("run", "--resume", str(killed))
    resumed.wait_for("measure")
    resumed.process.kill()
    assert "going on with the seeding" in resumed.end().err
    result = read_result(killed)
    assert result["seed_manifest"]["rows"] == 22_000
    assert result["integrity"]["rows_compared"] == 20_000
    cleaned = place.bench("clean")
    assert cleaned.code == 0
    assert cleaned.out.startswith(f"removed {place.homes}")
    place.assert_nothing_left()
    assert place.bench("clean").out == "nothing to clean\n"
    gone = place.bench("run", "--resume", str(killed))
    assert (gone.code, "is gone" in gone.error) == (5, True)
    assert read_result(killed)["integrity"] == result["integrity"], "what was found is not lost"


def test_a_killed_measuring_goes_on_as_a_measuring(place: Place) -> None:
    words = (str(copied_mini(place.folder)), "--scale", "1k", "--budget", "8s")
    killed = killed_run(place, "seed: rows", *words, command="measure")
    outcome = place.bench("run", "--resume", str(killed))
    result = read_result(killed)
    assert result["complete"], outcome.err
    assert list(statuses(result)) == ["server", "seed", "arms", "migrate", "verify", "settle", "measure", "judge"]
    place.assert_nothing_left()


def test_what_cannot_be_gone_on_with_says_so(place: Place) -> None:
    killed = killed_run(place, "seed: rows", str(copied_mini(place.folder)), "--scale", "1k", command="prove")
    refused = place.bench("run", "--resume", str(killed))
    assert (refused.code, "bench prove made" in refused.error) == (2, True), refused.err
    other = place.bench("seed", str(place.folder / "mini"), "--scale", "1k").err
    assert "bench prove cannot be gone on with: begin it anew" in other
    assert [words[0] for words in told_commands(other)] == ["clean"]
    assert place.bench("clean", "--kept").code == 0
    assert place.bench("clean").code == 0
    place.assert_nothing_left()


def test_a_killed_seeding_of_bench_seed_ends_as_one(place: Place) -> None:
    scenario = str(copied_mini(place.folder, keys="SELECT pg_sleep(3);\n"))
    killed = killed_run(place, "seed: keys", scenario, "--scale", "1k", command="seed")
    resumed = place.bench("run", "--resume", str(killed))
    assert resumed.code == 0, resumed.err
    assert "in all 1,100 rows" in resumed.out
    assert "bench serve" in resumed.out
    assert place.bench("clean", "--kept").code == 0
    place.assert_nothing_left()


def test_workers_that_outlive_a_killed_seeding_while_they_send_end_with_their_server(place: Place) -> None:
    run = place.start("seed", str(copied_mini(place.folder)), "--scale", "2m")
    assert wait_until(lambda: any(map(is_copying, place.backends())))
    for backend in filter(is_copying, place.backends()):
        backend.suspend()  # it takes no more rows, so that its worker waits for room to send
    assert wait_until(lambda: all(worker.status() == psutil.STATUS_SLEEPING for worker in place.workers("seed")))
    run.process.kill()
    run.process.wait()
    assert place.workers("seed"), "they learn of it by their connections alone"
    assert wait_until(lambda: not place.processes(), 30), place.processes()
    assert place.bench("clean").code == 0
    place.assert_nothing_left()


def is_copying(backend: psutil.Process) -> bool:
    """Whether a server's process takes rows just now, as its title says."""
    try:
        return "COPY" in " ".join(backend.cmdline())
    except psutil.Error:
        return False


def test_two_runs_at_once_do_not_disturb_each_other(place: Place) -> None:
    words = ("run", str(copied_mini(place.folder)), "--scale", "1k", "--budget", "6s")
    runs = [place.start(*words) for _ in range(2)]
    runs[0].wait_for("server")
    assert place.bench("clean").out == "nothing to clean\n"
    for outcome in [run.end() for run in runs]:
        assert outcome.code in (0, 1, 4), outcome.err
        assert "was killed" not in outcome.err
    assert len(place.runs()) == 2
    assert all(read_result(run)["complete"] for run in place.runs())
    place.assert_nothing_left()


def test_a_run_at_work_cannot_be_resumed(place: Place) -> None:
    run = place.start("run", str(copied_mini(place.folder, schema="SELECT pg_sleep(300);\n")), "--scale", "1k")
    run.wait_for("seed: schema")
    refused = place.bench("run", "--resume", "results/latest")
    assert (refused.code, "another bench works in" in refused.error) == (5, True)
    run.signal(signal.SIGINT)
    assert run.end().code == 130
    place.assert_nothing_left()
