"""What the check says of a planted defect is judged: caught, missed, misnamed, or another accused in its place."""

from __future__ import annotations

from dataclasses import replace

from harness.prove.judge import judge
from harness.prove.model import Defect, Planted, Proof, Verdict
from harness.prove.show import as_table, machine_readable
from harness.result import Finding, Integrity

DEFECT = Defect(
    on="shown",
    edits=("",),
    witness="",
    kind="row_missing",
    object="shown",
    cause="row_filter",
    touches=frozenset({"shown", "goods.name"}),
    fault="a row left out",
)


def finding(kind: str, name: str, cause: str = "", count: int = 1) -> Finding:
    return Finding(kind=kind, severity="error", object=name, detail="", count=count, cause=cause)


def said(*new: Finding, clean: tuple[Finding, ...] = ()) -> Verdict:
    undamaged = Integrity(verdict="pass", findings=clean)
    damaged = Integrity(verdict="fail", findings=(*clean, *new))
    return judge(Planted(DEFECT, "", "row_filter"), "clean", undamaged, damaged)


def test_the_expected_finding_is_caught_and_right() -> None:
    verdict = said(finding("row_missing", "shown", "row_filter"), finding("value_to_null", "goods.name", "view_wrong"))
    assert (verdict.caught, verdict.right, verdict.false_alarms) == (True, True, ())


def test_another_cause_is_caught_and_misclassified() -> None:
    verdict = said(finding("row_missing", "shown", "unexplained"))
    assert (verdict.caught, verdict.right, verdict.found_cause) == (True, False, "unexplained")


def test_another_kind_or_another_object_is_not_caught() -> None:
    assert not said(finding("row_extra", "shown")).caught
    elsewhere = said(finding("row_missing", "other", "row_filter"))
    assert (elsewhere.caught, elsewhere.false_alarms) == (False, ("row_missing of other",))
    assert said().found_kind == ""


def test_what_the_undamaged_migration_has_too_is_not_caught_unless_it_grew() -> None:
    old = finding("row_missing", "shown", "row_filter", count=5)
    assert not said(clean=(old,)).caught
    assert said(replace(old, count=6), clean=(old,)).caught


def test_the_table_fits_and_names_what_went_wrong() -> None:
    long = replace(said(finding("row_extra", "shown", "unexplained")), name="x" * 200)
    proof = Proof("small", (said(finding("row_missing", "shown", "row_filter")), long), ("a view left out",), ("y",))
    lines = as_table(proof).splitlines()
    assert max(map(len, lines)) <= 100
    assert any("NOT CAUGHT: expected row_missing row_filter" in line for line in lines)
    assert lines[-1] == "small: 2 defects, 1 caught, 1 of them with the right kind and cause; 1 false alarms"
    assert not proof.holds
    assert set(machine_readable(proof)) == {"defects", "false_alarms"}


def test_a_battery_in_which_nothing_applied_proves_nothing() -> None:
    assert not Proof("small", (), ("everything",), ()).holds
    assert Proof("small", (said(finding("row_missing", "shown", "row_filter")),), (), ()).holds
