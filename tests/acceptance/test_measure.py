"""`bench measure`: on arms made for it; on a pair the words are checked before anything is reached."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.conftest import Bench
from tests.acceptance.place import Place, copied_mini


def test_without_a_pair_the_arms_are_made_and_only_measured(place: Place) -> None:
    folder = copied_mini(place.folder)
    outcome = place.bench("measure", str(folder), "--scale", "1k", "--budget", "15s", "--quiet", "--json")
    result = json.loads(outcome.out)
    phases = {phase["name"] for phase in result["phases"] if phase["status"] == "done"}
    assert {"seed", "verify", "measure"} <= phases
    assert not {"storage", "claims"} & phases
    assert result["latency"]
    assert result["complete"]
    assert not place.processes()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--before", "postgresql://a@127.0.0.1:1/x"), 2, "a pair has two databases"),
        (("--control", "postgresql://a@127.0.0.1:1/x"), 2, "are for a pair of databases"),
        (("--before", "mysql://x", "--after", "mysql://y"), 2, "is no PostgreSQL URL"),
        (
            ("--before", "postgresql://a@127.0.0.1:1/x", "--after", "postgresql://a@127.0.0.1:1/y"),
            5,
            "no server answers",
        ),
        (("--rate", "-1"), 2, "--rate -1 is no rate"),
        (("--rate", "nan"), 2, "--rate nan is no rate"),
    ],
)
def test_wrong_words_are_told_and_leave_nothing(place: Place, words: tuple[str, ...], code: int, message: str) -> None:
    outcome = place.bench("measure", *words)
    assert (outcome.code, outcome.out) == (code, "")
    assert message in outcome.error
    assert not place.runs()


def test_the_pairs_urls_name_its_server(bench: Bench) -> None:
    url = "postgresql://a@127.0.0.1:1/x"
    outcome = bench("measure", "--before", url, "--after", url, "--dsn", url)
    assert (outcome.code, "leave out --dsn" in outcome.error) == (2, True)
