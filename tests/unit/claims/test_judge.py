"""A claim is decided by the whole interval, by an exact figure, or not at all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from harness.claims import Claim, FactError, judge_claims
from harness.claims.select import parse
from harness.result import ClaimResult, Result
from tests.unit.claims.results import EMPTY, FULL, comparison


def claim(**fields: Any) -> Claim:
    values: dict[str, Any] = {
        "id": "c",
        "statement": "It is so",
        "source": "Goals",
        "field": None,
        "per": None,
        "sql": "",
        "relation": None,
        "threshold": None,
        "unit": "",
        "min_rows": 0,
        "needs": "",
        "reading": "",
        "reason": "",
        "note": "",
    }
    for name in ("field", "per"):
        if isinstance(fields.get(name), str):
            fields[name] = parse(fields[name])
    return Claim(**(values | fields))


def judge(subject: Claim, result: Result = FULL, fact: object = None) -> ClaimResult:
    return judge_claims((subject,), result, {} if fact is None else {"c": fact})[0]


RATIO = "latency[query=q].ratio"


@pytest.mark.parametrize(
    ("relation", "threshold", "verdict"),
    [
        ("<=", 2.0, "supported"),
        ("<=", 1.875, "supported"),
        ("<=", 1.5, "undecided"),
        ("<=", 1.125, "undecided"),
        ("<=", 1.12, "refuted"),
        ("<", 1.125, "refuted"),
        ("<", 1.875, "undecided"),
        (">=", 1.0, "supported"),
        (">=", 1.5, "undecided"),
        (">", 1.875, "refuted"),
        (">=", 1.88, "refuted"),
        ("between", (1.0, 2.0), "supported"),
        ("between", (1.5, 2.0), "undecided"),
        ("between", (1.4, 1.6), "undecided"),
        ("between", (2.0, 3.0), "refuted"),
        ("==", 1.5, "undecided"),
        ("==", 3.0, "refuted"),
    ],
)
def test_the_whole_interval_decides(relation: str, threshold: Any, verdict: str) -> None:
    """The ratio 1.5 has the interval from 1.125 to 1.875; all three are exact in binary."""
    result = replace(FULL, latency=(comparison("q", 1.5, width=0.25),))
    assert judge(claim(field=RATIO, relation=relation, threshold=threshold), result).verdict == verdict


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(0.1, "supported"), (1 / 6, "undecided"), (0.5, "refuted"), (1.5, "refuted")]
)
def test_a_speedup_turns_ratio_and_interval_round(ratio: float, verdict: str) -> None:
    result = replace(FULL, latency=(comparison("q", ratio),))
    judged = judge(claim(field=RATIO, relation=">=", threshold=6, unit="speedup"), result)
    assert judged.verdict == verdict
    assert judged.value == pytest.approx(1 / ratio)
    assert (judged.ci_low, judged.ci_high) == pytest.approx((1 / (1.1 * ratio), 1 / (0.9 * ratio)))


def test_a_comparison_with_too_many_void_blocks_decides_no_claim_and_is_told_among_several() -> None:
    doubtful = replace(comparison("q", 1.5), doubtful=True)
    alone = judge(claim(field=RATIO, relation="<=", threshold=2.0), replace(FULL, latency=(doubtful,)))
    assert (alone.verdict, alone.value) == ("undecided", 1.5)
    assert "the comparison is in doubt" in alone.reason
    both = replace(FULL, latency=(doubtful, comparison("r", 1.5)))
    mean = judge(claim(field="geomean(latency.ratio)", relation="<=", threshold=2.0), both)
    assert mean.verdict == "supported"
    assert "1 of the 2 comparisons are in doubt" in mean.reason


def test_a_picked_comparison_is_named_decides_by_its_interval_and_not_where_it_is_doubtful() -> None:
    worst = claim(field="max(latency[query=fast|slow].ratio)", relation="<=", threshold=2.1)
    judged = judge(worst)
    assert judged.verdict == "undecided"
    assert judged.figure == "2 (1.8 to 2.2); slow, out of 2 queries; 100 ms before, 200 ms after on this machine"
    surely = replace(worst, threshold=3.0)
    assert judge(surely).verdict == "supported"
    latency = tuple(replace(item, doubtful=item.query == "slow") for item in FULL.latency)
    judged = judge(surely, replace(FULL, latency=latency))
    assert judged.verdict == "undecided"
    assert "the comparison is in doubt" in judged.reason
    times = claim(field="max(latency[query=fast|slow].after_s)", relation="<", threshold=300, unit="ms")
    assert judge(times).figure == "200 ms (180 ms to 220 ms) on this machine; slow, out of 2 queries"


def test_a_quotient_that_rests_on_a_doubtful_comparison_is_undecided() -> None:
    doubtful = replace(FULL, latency=tuple(replace(item, doubtful=True) for item in FULL.latency))
    slow = "latency[query=slow]."
    quotient = claim(field=f"{slow}after_s", per=f"{slow}before_s", relation="<=", threshold=3.0)
    assert judge(quotient).verdict == "supported"
    assert judge(quotient, doubtful).verdict == "undecided"
    size = claim(field="storage[stage=after,table=null].total_bytes", per=f"{slow}before_s", relation=">", threshold=0)
    assert judge(size, doubtful).verdict == "undecided"


def test_an_overall_ratio_says_how_it_weighs() -> None:
    judged = judge(claim(field="overall(latency[query=fast|slow].ratio)", relation="<=", threshold=2.0))
    assert judged.figure.endswith("; over 2 queries, each weighed by its time before")


def test_the_figure_of_a_speedup_has_its_interval_and_this_machines_times() -> None:
    judged = judge(claim(field="latency[query=slow].ratio", relation=">=", threshold=6, unit="speedup"))
    words = judged.figure
    assert words == "0.50× (0.45× to 0.56×); 100 ms before, 200 ms after on this machine"
    assert judged.tested == "speed-up ≥ 6×"


def test_an_exact_count_decides_by_itself() -> None:
    judged = judge(claim(field="count(integrity.columns)", relation=">=", threshold=45, unit="columns"))
    assert (judged.verdict, judged.figure, judged.tested) == ("refuted", "3 columns", "≥ 45 columns")


def test_a_change_is_a_ratio_of_two_figures_less_one() -> None:
    storage = "storage[stage={},table=null].total_bytes"
    subject = claim(
        field=storage.format("after"), per=storage.format("before"), relation="<=", threshold=-0.3, unit="change"
    )
    judged = judge(subject)
    assert judged.verdict == "supported"
    assert judged.value == pytest.approx(-0.35)
    assert judged.figure == "−35.0 %"
    assert judged.tested == "change ≤ −30 %"


def test_milliseconds_are_this_machines() -> None:
    judged = judge(claim(field="latency[query=slow].after_s", relation="<", threshold=100, unit="ms"))
    assert (judged.verdict, judged.figure) == ("refuted", "200 ms (180 ms to 220 ms) on this machine")
    assert judged.value == pytest.approx(200)


def test_milliseconds_on_both_sides_of_the_threshold_are_undecided_and_so_are_too_few_blocks() -> None:
    subject = claim(field="latency[query=slow].after_s", relation="<", threshold=210, unit="ms")
    assert judge(subject).verdict == "undecided"
    few = tuple(replace(item, after_low_s=None, after_high_s=None) for item in FULL.latency)
    judged = judge(subject, replace(FULL, latency=few))
    assert (judged.verdict, judged.reason) == ("undecided", "not measured: too few blocks for an interval")


@pytest.mark.parametrize(
    ("scale", "verdict"),
    [("10k", "undecided"), ("99999", "undecided"), ("100k", "refuted"), ("1m", "refuted"), ("?", "undecided")],
)
def test_below_the_rows_that_a_claim_names_it_is_undecided(scale: str, verdict: str) -> None:
    subject = claim(field="latency[query=slow].after_s", relation="<", threshold=100, unit="ms", min_rows=100_000)
    judged = judge(subject, replace(FULL, scale=scale))
    assert judged.verdict == verdict
    assert judged.figure
    assert verdict == "refuted" or "names 100,000 rows" in judged.reason


@pytest.mark.parametrize(
    ("fact", "relation", "threshold", "verdict"),
    [
        (4, "==", 4, "supported"),
        (5, "==", 4, "refuted"),
        (Decimal("0.5"), ">=", 0.5, "supported"),
        (True, "==", True, "supported"),
        (False, "==", True, "refuted"),
        ("none", "==", "none", "supported"),
        ("deleted_at", "==", "none", "refuted"),
    ],
)
def test_a_fact_of_the_database_decides(fact: object, relation: str, threshold: Any, verdict: str) -> None:
    assert judge(claim(sql="SELECT 1", relation=relation, threshold=threshold), fact=fact).verdict == verdict


def test_a_query_that_failed_leaves_its_claim_undecided_with_the_message() -> None:
    judged = judge(claim(sql="SELECT 1", relation="==", threshold=1), fact=FactError("its query failed: 42P01"))
    assert (judged.verdict, judged.reason) == ("undecided", "not measured: its query failed: 42P01")


def test_a_query_that_did_not_run_leaves_its_claim_undecided() -> None:
    assert judge(claim(sql="SELECT 1", relation="==", threshold=1)).verdict == "undecided"


def test_a_claim_that_needs_a_phase_which_did_not_run_is_undecided() -> None:
    subject = claim(sql="SELECT 1", relation="==", threshold=1, needs="latency")
    assert judge(subject, EMPTY, 1).reason == "not measured: this run has no latency"


def test_a_claim_without_test_keeps_its_reason_and_shows_its_figure() -> None:
    locks = "count(migrations.locks[mode=AccessExclusiveLock])"
    judged = judge(claim(field=locks, unit="locks", reason="not measured", note="mind"))
    assert (judged.verdict, judged.figure, judged.tested) == ("undecided", "1 locks", "")
    assert judged.reason == "not measured; mind"


def test_an_empty_result_supports_and_refutes_nothing() -> None:
    for subject in (
        claim(field="count(integrity.columns)", relation="==", threshold=0),
        claim(field="sum(errors.count)", relation="==", threshold=0),
        claim(field=RATIO, relation="<=", threshold=9),
    ):
        assert judge(subject, EMPTY).verdict == "undecided"


def test_a_selector_that_does_not_fit_is_told_and_breaks_nothing() -> None:
    judged = judge(claim(field="latency[query=slow].colour", relation="==", threshold=1))
    assert judged.verdict == "undecided"
    assert "no field 'colour'" in judged.reason
