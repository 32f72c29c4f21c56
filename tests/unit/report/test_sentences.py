"""The verdict in a sentence and the three figures say what the result holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import EXIT_INTERRUPTED
from harness.outcome import conclude
from harness.report import build, html
from harness.report.evidence import Absent, LatencySection, LoadSection
from harness.report.load import load_section
from harness.report.words import problem
from harness.result import Comparison, Finding, Integrity, PhaseRecord, Result
from harness.verify.kinds import KINDS
from tests.unit.report.cases import ALL_GOOD, CASES, EMPTY, INTEGRITY, column, compare, control


def sentence(result: Result) -> str:
    return build(result).headline.sentence.replace("\u00a0", " ")


def test_all_good_names_what_was_compared_and_how_fast_it_is() -> None:
    assert sentence(ALL_GOOD) == (
        "No value is lost (4 dropped columns, 350,000 rows compared), and no query is slower than allowed: "
        "2 faster, 2 equivalent."
    )


def test_an_integrity_failure_names_the_columns() -> None:
    assert sentence(CASES["integrity_failure"]) == (
        "Do not run this migration as it is: 1 of 4 dropped columns has no counterpart (products.category); "
        "1 column shows other values than before (items.product_name)."
    )


def test_many_objects_are_counted_in_the_sentence_and_named_below_it() -> None:
    findings = tuple(Finding("rls_bypassed", "error", f"v{number:02d}", "") for number in range(15))
    result = conclude(replace(ALL_GOOD, integrity=replace(INTEGRITY, verdict="fail", findings=findings)))
    assert sentence(result) == "Do not run this migration as it is: 15 objects read past row level security."
    reason = build(result).headline.reasons[0]
    assert reason == "15 objects read past row level security: v00, v01, v02, v03 and 11 more."


def test_lost_values_come_before_rights() -> None:
    findings = (Finding("rls_bypassed", "error", "v", "", count=9), Finding("no_counterpart", "error", "a.b", ""))
    result = conclude(replace(ALL_GOOD, integrity=replace(INTEGRITY, verdict="fail", findings=findings)))
    assert sentence(result).endswith(
        "1 of 4 dropped columns has no counterpart (a.b); 1 object reads past row level security (v)."
    )


def test_accepted_findings_and_warnings_are_no_reason_to_stop() -> None:
    findings = (
        Finding("value_differs", "error", "a.b", "", accepted="known"),
        Finding("type_drift", "warning", "a.c", ""),
        Finding("no_counterpart", "error", "a.d", ""),
    )
    result = conclude(replace(ALL_GOOD, integrity=replace(INTEGRITY, verdict="fail", findings=findings)))
    assert "a.b" not in sentence(result)
    assert "a.c" not in sentence(result)
    assert "a.d" in sentence(result)


def test_the_figure_of_columns_says_which_differences_the_scenario_accepts() -> None:
    columns = (
        column("a.b", "v", "different", different=1),
        column("a.c", "v", "different", different=1),
        column("a.d", "v"),
    )
    accepted = Finding("value_differs", "error", "a.b", "…", accepted="stale")
    integrity = replace(INTEGRITY, columns=columns, findings=(accepted,), verdict="fail")
    figure = build(replace(ALL_GOOD, integrity=integrity)).figures[0]
    assert figure.value == "1 of 3"
    assert figure.context == "1 different, as the scenario accepts; 1 different; 350,000 rows compared"


def test_columns_are_called_what_the_migration_did_to_them() -> None:
    columns = (
        column("a.kept", "v"),
        column("a.gone", None, "no_counterpart"),
        column("a.retyped", "a", fate="rewritten"),
        column("b.behind", None, "no_counterpart", fate="hidden"),
    )
    lost = (Finding("no_counterpart", "error", "a.gone", "…"), Finding("no_counterpart", "warning", "b.behind", "…"))
    integrity = replace(INTEGRITY, columns=columns, findings=lost, verdict="fail")
    data = build(conclude(replace(ALL_GOOD, integrity=integrity)))
    every = "dropped, rewritten and hidden columns"
    assert f"1 of 4 {every} has no counterpart (a.gone)" in data.headline.sentence
    assert data.figures[0].label == f"{every} kept, value for value"
    assert not isinstance(data.integrity, Absent)
    assert [group.sentence for group in data.integrity.findings] == [
        "1 dropped column has no counterpart",
        "1 hidden column has no counterpart",
    ]
    page = html.render(data)
    assert "<h3>Dropped, rewritten and hidden columns and what replaces them</h3>" in page
    assert 'title="retyped: identical (rewritten)"' in page
    good = conclude(replace(ALL_GOOD, integrity=replace(INTEGRITY, columns=(columns[0], columns[2]))))
    assert "No value is lost (2 dropped and rewritten columns, " in sentence(good)


def test_a_finding_of_an_unknown_kind_speaks_for_itself() -> None:
    findings = (Finding("moon_phase", "error", "a.b", ""),)
    result = conclude(replace(ALL_GOOD, integrity=replace(INTEGRITY, verdict="fail", findings=findings)))
    assert sentence(result).endswith("1 object shows “moon phase” (a.b).")


def test_every_kind_of_finding_has_words_for_one_and_for_several() -> None:
    for kind in KINDS:
        assert f"“{kind.replace('_', ' ')}”" not in problem(kind, 1)
        assert problem(kind, 2) != problem(kind, 1)


def test_nothing_compared_is_told_as_nothing_proven() -> None:
    result = conclude(replace(ALL_GOOD, integrity=Integrity(verdict="not_checked")))
    assert sentence(result) == "Nothing is proven: no value was compared."


def test_a_regression_names_the_worst_query_with_its_interval() -> None:
    assert sentence(CASES["regression"]) == (
        "Do not run this migration as it is: 2 of 4 queries are slower than allowed, the worst orders_search at 15.2× "
        "its former time (14.1–16.3)."
    )


def test_an_integrity_failure_still_tells_of_slow_queries() -> None:
    result = conclude(replace(CASES["regression"], integrity=CASES["integrity_failure"].integrity))
    assert any(reason.startswith("Speed: 2 of 4 queries are slower") for reason in build(result).headline.reasons)


def test_what_is_undecided_is_named() -> None:
    assert sentence(CASES["inconclusive"]) == (
        "No value is lost, but the speed of 2 of 3 queries is not decided (orders_list and order_items)."
    )


def test_a_run_without_timing_says_so() -> None:
    assert sentence(conclude(replace(ALL_GOOD, latency=()))).endswith("; nothing was timed.")


def test_a_failed_run_says_where_it_failed_and_what_is_certain_all_the_same() -> None:
    assert sentence(CASES["failed_migration"]) == "This run proves too little: its phase “migrate” failed."
    failed = PhaseRecord("measure", 1.0, 1.0, "failed", "server gone")
    result = conclude(replace(CASES["integrity_failure"], complete=False, phases=(failed,)))
    assert "already certain: 1 of 4 dropped columns has no counterpart" in sentence(result)


def test_an_interrupted_run_says_where() -> None:
    stopped = (PhaseRecord("measure", 1.0, 1.0, "failed", "interrupted"),)
    result = replace(ALL_GOOD, complete=False, exit_code=EXIT_INTERRUPTED, phases=stopped)
    assert sentence(result) == "This run was interrupted in its phase “measure”."


@pytest.mark.parametrize("case", CASES)
def test_there_are_always_three_figures_and_no_empty_value(case: str) -> None:
    figures = build(CASES[case]).figures
    assert len(figures) == 3
    assert all(figure.value and figure.context for figure in figures)


def test_an_empty_result_shows_no_figure_as_good() -> None:
    assert {figure.tone for figure in build(conclude(EMPTY)).figures} == {"open"}


def rows(*comparisons: Comparison) -> LatencySection:
    section = build(replace(ALL_GOOD, latency=comparisons)).latency
    assert isinstance(section, LatencySection)
    return section


def test_the_comparison_that_decides_is_shown_and_the_others_stand_behind_it() -> None:
    response = compare("q", 1.2, "slower", gated=False, advisory=True)
    server = compare("q", 1.9, "slower", metric="mean", basis="server")
    p95 = compare("q", 3.0, "slower", metric="p95", gated=False, advisory=True)
    section = rows(response, server, p95)
    assert [row.effect.text for row in section.rows if row.effect] == ["1.90×"]
    assert [(row.metric, row.basis) for row in section.further] == [
        ("p95", "response"),
        ("p50", "response"),
    ]


def test_an_ungated_query_is_shown_but_never_over_the_limit() -> None:
    section = rows(compare("q", 9.0, "slower", gated=False))
    assert [row.over_limit for row in section.rows] == [False]


def test_the_control_of_the_same_query_is_its_noise() -> None:
    first, second = compare("a", 1.0, "equivalent"), compare("b", 2.0, "slower")
    section = rows(first, second, control(second, 1.03), control(first, 0.99))
    assert [(row.query, row.noise.text if row.noise else "") for row in section.rows] == [
        ("b", "1.03×"),
        ("a", "0.99×"),
    ]
    assert "in b, by +3.0" in section.noise


def test_a_run_without_control_says_that_its_noise_is_unknown() -> None:
    assert "not known" in rows(compare("a", 1.0, "equivalent")).noise


def test_levels_of_clients_are_told_apart_where_there_are_several() -> None:
    section = rows(compare("a", 1.0, "equivalent"), compare("a", 1.4, "slower", clients=4))
    assert [row.level for row in section.rows] == ["4 clients", "1 client"]
    assert [row.level for row in rows(compare("a", 1.0, "equivalent")).rows] == [""]


def speed(*comparisons: Comparison) -> str:
    return build(conclude(replace(ALL_GOOD, latency=comparisons))).figures[1].context.replace("\u00a0", " ")


def test_the_slowest_query_of_the_figure_is_a_decided_one_and_a_larger_undecided_one_is_told_as_such() -> None:
    fast, slow = compare("fast", 0.5, "faster"), compare("slow", 1.2, "slower")
    wild = compare("wild", 1.6, "inconclusive", width=0.5)
    decided = "slowest: slow at 1.20× its former time (1.14–1.26)"
    assert speed(fast, slow).endswith(f"1 faster; {decided}")
    assert speed(fast, wild, slow).endswith(f"; {decided}; undecided: wild at 1.60× (0.80–2.40)")
    assert speed(compare("calm", 1.1, "inconclusive"), slow).endswith(f"; {decided}")
    assert speed(wild) == "1 undecided; undecided: wild at 1.60× (0.80–2.40)"


def test_a_doubtful_comparison_is_never_the_slowest_whatever_its_verdict() -> None:
    doubtful = compare("wild", 1.6, "slower", doubtful=True)
    assert "slowest: slow at" in speed(doubtful, compare("slow", 1.2, "slower"))
    assert speed(doubtful).endswith("; in doubt: wild at 1.60× (1.52–1.68)")


def test_the_noise_is_told_by_no_doubtful_control() -> None:
    first, second = compare("a", 1.0, "equivalent"), compare("b", 2.0, "slower")
    wild = replace(control(second, 1.3), doubtful=True)
    assert "in a, by" in rows(first, second, control(first, 0.99), wild).noise
    assert "too few blocks" in rows(first, second, wild).noise


def test_a_query_without_figure_comes_last() -> None:
    section = rows(compare("lost", None, "inconclusive", advisory=False), compare("fast", 0.1, "faster"))
    assert [row.query for row in section.rows] == ["fast", "lost"]


def test_a_mixed_load_that_was_left_out_says_why() -> None:
    reason = "the mixed load is left out: 5 s hold no block of it at 300 operations a second"
    section = load_section(replace(ALL_GOOD, notes=(reason,)))
    assert section == Absent(f"T{reason[1:]}.")
    assert load_section(ALL_GOOD) == Absent("No mixed load was measured.")


@pytest.mark.parametrize(("verdict", "undecided"), [("inconclusive", True), ("slower", False)])
def test_the_sentence_of_the_mixed_load_says_whether_its_ratio_is_decided(verdict: str, undecided: bool) -> None:
    mix = compare("(mix)", 1.2, verdict, load="open", rate_per_s=150.0, clients=4, intended=1000)
    section = load_section(replace(ALL_GOOD, throughput=(mix,)))
    assert isinstance(section, LoadSection)
    assert ("of before's (1.14–1.26), undecided." in section.sentence) is undecided


def test_a_saturated_arm_is_said_in_place_of_a_latency() -> None:
    words = "saturated: after completes 90 of 150 operations a second, so it has no latency"
    mix = compare("(mix)", None, "inconclusive", warnings=(words,), load="open", rate_per_s=150.0, clients=4)
    section = load_section(replace(ALL_GOOD, throughput=(replace(mix, intended=1000, skipped=400),)))
    assert isinstance(section, LoadSection)
    assert section.tone == "open"
    assert words in section.sentence
    assert "40" in section.sentence
