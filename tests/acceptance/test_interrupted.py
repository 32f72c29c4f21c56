"""Ctrl-C and SIGTERM in every phase: told, exit 130, what was found is kept, and nothing is left behind."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.acceptance.place import PHASES, Place, copied_mini, statuses, wait_until

HELD = "SELECT pg_sleep(300);\n"
HELD_VIEW = "CREATE VIEW held AS SELECT id FROM orders WHERE (SELECT pg_sleep(300)) IS NOT NULL;\n"
HELD_CLAIM = """
[[claim]]
id = "held"
statement = "It takes its time."
source = "this test"
sql = "SELECT count(*) FROM orders WHERE (SELECT pg_sleep(300)) IS NOT NULL"
relation = ">"
threshold = 0
"""


@pytest.mark.parametrize(
    ("phase", "line", "number", "additions"),
    [
        ("server", "server", signal.SIGINT, {}),
        ("seed", "seed: schema", signal.SIGTERM, {"schema": HELD}),
        ("seed", "seed: rows", signal.SIGINT, {}),
        ("arms", "arms", signal.SIGINT, {}),
        ("migrate", "migrate", signal.SIGINT, {"migrate_2_drop": HELD}),
        ("verify", "verify", signal.SIGINT, {"migrate_1_view": HELD_VIEW}),
        ("storage", "storage", signal.SIGTERM, {}),
        ("measure", "measure", signal.SIGINT, {}),
        ("claims", "claims", signal.SIGINT, {"claims": HELD_CLAIM}),
    ],
)
def test_an_interrupted_run_keeps_what_it_found_and_leaves_nothing_behind(
    place: Place, phase: str, line: str, number: signal.Signals, additions: dict[str, str]
) -> None:
    scenario = copied_mini(place.folder, **additions)
    budget = "8s" if phase == "claims" else "60s"
    run = place.start("run", str(scenario), "--scale", "1k", "--budget", budget)
    run.wait_for(line)
    run.signal(number)
    outcome = run.end(timeout_s=30)
    assert outcome.code == 130, outcome.err
    assert outcome.error == "bench: interrupted"
    assert outcome.out == ""
    result = place.result()
    assert (result["complete"], result["exit_code"], result["verdict"]) == (False, 130, "interrupted")
    before = PHASES[: PHASES.index(phase)]
    assert statuses(result) == {**dict.fromkeys(before, "done"), phase: "failed"}
    assert result["phases"][-1]["error"] == "interrupted"
    assert "interrupted" in (place.runs()[-1] / "report.html").read_text(encoding="utf-8")
    assert (result["seed_manifest"]["rows"] > 0) == ("seed" in before)
    assert (result["integrity"]["verdict"] == "pass") == ("verify" in before)
    place.assert_nothing_left()


def test_a_second_ctrl_c_leaves_at_once_and_clean_does_the_rest(place: Place) -> None:
    run = place.start("run", str(copied_mini(place.folder)), "--scale", "1k", "--budget", "60s")
    run.wait_for("measure")
    run.signal(signal.SIGINT)
    run.signal(signal.SIGINT)
    outcome = run.end(timeout_s=10)
    assert outcome.code == 130, outcome.err
    assert "bench clean" in outcome.error or outcome.error == "bench: interrupted"  # both came as one
    if "bench clean" in outcome.error:
        (place.runs()[-1] / ".result.json.new").write_text("half of it", encoding="utf-8")
    place.bench("clean")
    place.assert_nothing_left()


def test_ctrl_c_while_the_program_still_loads_is_no_traceback(place: Place) -> None:
    run = place.start("run", "--scale", "1k")
    mapped = Path(f"/proc/{run.process.pid}/maps")
    wait_until(
        lambda: "site-packages" in mapped.read_text(encoding="utf-8")
    )  # from then on it is the program that loads
    run.signal(signal.SIGINT)
    outcome = run.end()
    assert outcome.code == 130, outcome.err
    assert "Traceback" not in outcome.err
    assert not place.runs()


def test_a_run_in_the_background_ignores_ctrl_c_but_not_sigterm(place: Place, tmp_path: Path) -> None:
    """A shell without job control starts background jobs with SIGINT ignored."""
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run = place.start("run", str(copied_mini(place.folder)), "--scale", "1k", "--budget", "60s")
    finally:
        signal.signal(signal.SIGINT, former)
    run.wait_for("server")
    run.signal(signal.SIGINT)
    run.wait_for("measure")
    run.signal(signal.SIGTERM)
    assert run.end(timeout_s=30).code == 130
    place.assert_nothing_left()
