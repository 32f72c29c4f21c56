"""`bench doctor`: its two exit codes where it could look, and one where it could not."""

from __future__ import annotations

import json

from tests.acceptance.conftest import Bench
from tests.acceptance.place import Place


def test_the_checks_are_printed_as_json_and_decide_the_exit_code(place: Place) -> None:
    outcome = place.bench("doctor", "--json")
    found = json.loads(outcome.out)
    assert {set(check) == {"name", "saw", "spoils", "fix"} for check in found["checks"]} == {True}
    names = {check["name"] for check in found["checks"]}
    assert {"cores", "other load", "swap", "clock", "shared_buffers", "JIT", "autovacuum", "durability"} <= names
    assert found["spoils"] == sum(check["spoils"] is True for check in found["checks"])
    assert outcome.code == (4 if found["spoils"] else 0)
    assert outcome.err == ""
    assert not place.processes()
    assert not place.runs()


def test_a_server_that_cannot_be_reached_is_exit_code_5(bench: Bench) -> None:
    outcome = bench("doctor", "--dsn", "postgresql://nobody@127.0.0.1:1/none")
    assert outcome.code == 5
    assert "no server answers at 127.0.0.1:1" in outcome.error


def test_a_wrong_option_is_told_before_anything_is_looked_at(bench: Bench) -> None:
    outcome = bench("doctor", "--dsn", "mysql://x")
    assert (outcome.code, outcome.out) == (2, "")
