"""What nobody looked at leaves a claim undecided, unless what was seen decides it already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.claims import judge_claims, load_claims
from harness.result import (
    ClaimResult,
    ColumnCheck,
    Finding,
    Integrity,
    InvalidLoad,
    MeasuredQuery,
    QueryError,
    Result,
)
from tests.unit.claims.results import EMPTY, column, comparison
from tests.unit.claims.test_judge import claim, judge
from tests.unit.claims.test_load import CRM

LOSSES = "count(integrity.findings[kind=value_differs|value_to_null,severity=error,accepted=null])"
TIMED_OUT = replace(column("sales.customer_name", "not_compared"), reason="statement timeout")
LOST = Finding("value_to_null", "error", "sales.status", "")


def checked(*findings: Finding, columns: tuple[ColumnCheck, ...] = ()) -> Result:
    return replace(EMPTY, integrity=Integrity("fail", columns=columns, findings=findings))


def no_loss(result: Result) -> ClaimResult:
    return judge(claim(field=LOSSES, relation="==", threshold=0), result)


def test_a_column_that_was_not_compared_may_hide_losses_and_is_named() -> None:
    judged = no_loss(checked(columns=(column("sales.status"), TIMED_OUT)))
    assert (judged.verdict, judged.value) == ("undecided", 0)
    assert judged.reason == "sales.customer_name was not compared: statement timeout"
    assert (judged.ci_low, judged.ci_high) == (None, None)
    assert no_loss(checked(columns=(column("sales.status"),))).verdict == "supported"


def test_the_column_and_its_finding_are_named_once() -> None:
    finding = Finding("not_compared", "error", "sales.customer_name", "again", accepted="known")
    assert no_loss(checked(finding, columns=(TIMED_OUT,))).reason.count("sales.customer_name") == 1


@pytest.mark.parametrize("kind", ["not_compared", "nothing_compared", "view_error", "view_lost"])
def test_every_finding_that_something_was_not_looked_at_leaves_losses_undecided(kind: str) -> None:
    judged = no_loss(checked(Finding(kind, "error", "v", "v cannot be read", accepted="known")))
    assert (judged.verdict, judged.reason) == ("undecided", "v cannot be read")


def test_a_loss_that_was_seen_refutes_whatever_was_not() -> None:
    judged = no_loss(checked(LOST, columns=(TIMED_OUT,)))
    assert (judged.verdict, judged.reason) == ("refuted", "")


def test_what_cannot_be_hidden_there_is_decided() -> None:
    result = checked(columns=(TIMED_OUT,))
    answers = "count(integrity.findings[kind=answer_differs])"
    assert judge(claim(field=answers, relation="==", threshold=0), result).verdict == "supported"
    unfinished = checked(Finding("answer_unfinished", "warning", "q", "q does not end"))
    assert judge(claim(field=answers, relation="==", threshold=0), unfinished).verdict == "undecided"


@pytest.mark.parametrize(
    ("others", "verdict"), [(("identical",), "undecided"), (("identical", "different"), "refuted")]
)
def test_a_share_of_equal_columns_is_open_by_those_that_were_not_compared(
    others: tuple[str, ...], verdict: str
) -> None:
    columns = (TIMED_OUT, *(column(f"a.{number}", other) for number, other in enumerate(others)))
    share = claim(
        field="count(integrity.columns[verdict=identical])",
        per="count(integrity.columns)",
        relation="==",
        threshold=1,
        unit="share",
    )
    assert judge(share, checked(columns=columns)).verdict == verdict


@pytest.mark.parametrize(
    ("field", "value"), [("count(integrity.columns)", 1), ("count(integrity.columns[verdict=not_compared])", 1)]
)
def test_what_is_known_of_a_column_that_was_not_compared_decides(field: str, value: int) -> None:
    judged = judge(claim(field=field, relation="==", threshold=value), checked(columns=(TIMED_OUT,)))
    assert judged.verdict == "supported"


def test_a_sum_over_columns_says_nothing_of_those_that_were_not_compared() -> None:
    total = claim(field="sum(integrity.columns.different)", relation=">=", threshold=0)
    assert judge(total, checked(columns=(TIMED_OUT,))).verdict == "undecided"


def test_where_no_row_was_compared_equal_columns_prove_nothing() -> None:
    nothing = Finding("nothing_compared", "error", "s", "no row was compared")
    equal = claim(field="count(integrity.columns[verdict=identical])", relation="==", threshold=1)
    assert judge(equal, checked(nothing, columns=(column("a.x"),))).verdict == "undecided"


def test_the_crm_supports_no_claim_on_values_that_were_not_compared() -> None:
    judged = {item.id: item for item in judge_claims(load_claims(CRM), checked(columns=(TIMED_OUT,)), {})}
    for name in ("no-data-loss", "views-expected-data"):
        assert judged[name].verdict == "undecided"
        assert "sales.customer_name" in judged[name].reason


def workload(*names: str) -> tuple[MeasuredQuery, ...]:
    return tuple(MeasuredQuery(name) for name in names)


def no_failure(result: Result, field: str = "sum(errors[arm=after].count)") -> ClaimResult:
    return judge(claim(field=field, relation="==", threshold=0, unit="failed executions"), result)


RAN = replace(EMPTY, workload=workload("read", "write"), latency=(comparison("read", 1.0),))


def test_a_query_that_did_not_run_may_fail_and_is_named_with_its_reason() -> None:
    reason = InvalidLoad("write", 1, "the budget ended")
    judged = no_failure(replace(RAN, invalid_loads=(reason,)))
    assert judged.verdict == "undecided"
    assert judged.reason == "write has no execution on after that counts (the budget ended)"
    both = replace(RAN, latency=(*RAN.latency, comparison("write", 1.0)))
    assert no_failure(both).verdict == "supported"


def test_a_comparison_without_samples_shows_no_execution_and_neither_does_another_arm() -> None:
    for changes in ({"samples": 0}, {"arm": "control"}):
        other = replace(comparison("write", 1.0), **changes)
        assert no_failure(replace(RAN, latency=(*RAN.latency, other))).verdict == "undecided"


def test_failures_refute_whatever_did_not_run() -> None:
    failed = replace(RAN, errors=(QueryError("read", "after", "42703", "no such column", 2),))
    assert no_failure(failed).verdict == "refuted"


def test_queries_that_were_not_timed_for_their_answers_are_among_those_that_did_not_run() -> None:
    found = Integrity("fail", findings=(Finding("answer_differs", "error", "other", ""),))
    judged = no_failure(replace(RAN, workload=workload("read"), integrity=found))
    assert (judged.verdict, judged.reason) == ("undecided", "other has no execution on after that counts")


def test_a_claim_on_one_query_asks_for_no_other() -> None:
    assert no_failure(RAN, "sum(errors[arm=after,query=read].count)").verdict == "supported"
    assert no_failure(RAN, "sum(errors[arm=after,query=write].count)").verdict == "undecided"
