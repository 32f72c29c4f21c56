"""`bench prove`: on a user's own folder every planted fault is caught and classified, and nothing right is accused."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.conftest import Bench
from tests.acceptance.place import MINI, Place

FIELDS = {"name", "caught", "expected_kind", "found_kind", "expected_cause", "found_cause"}

WITHOUT_A_CHANGED_CELL = {
    "behaviour_added", "columns_reordered", "function_changed", "name_lost", "object_lost", "order_lost",
    "policy_added", "protection_lost", "publication_lost", "row_arbitrary", "rule_lost", "sequence_behind",
    "sequence_changed", "sequence_lost", "statistics_lost", "type_changed", "view_stored", "write_lost",
}  # fmt: skip
"""Kinds whose faults are planted beside any scenario, however little it has of its own."""


def test_every_fault_planted_in_a_small_migration_is_caught_and_classified(place: Place) -> None:
    proof = place.bench("prove", str(MINI), "--scale", "300", "--json", "--quiet")
    assert (proof.code, proof.err) == (0, ""), proof.out
    said = json.loads(proof.out)
    assert set(said) == {"defects", "false_alarms"}
    assert said["false_alarms"] == 0
    assert len(said["defects"]) >= 40
    assert len({item["name"] for item in said["defects"]}) == len(said["defects"])
    assert {item["expected_kind"] for item in said["defects"]} >= WITHOUT_A_CHANGED_CELL | {"answer_unfinished"}
    for item in said["defects"]:
        assert set(item) == FIELDS
        assert item["caught"] is True
        assert (item["found_kind"], item["found_cause"]) == (item["expected_kind"], item["expected_cause"])
    place.assert_nothing_left()


def test_what_cannot_be_proven_says_so(bench: Bench, tmp_path: Path) -> None:
    missing = bench("prove", str(tmp_path / "nowhere"))
    assert missing.code == 2
    assert "nowhere" in missing.error
