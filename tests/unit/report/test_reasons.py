"""Causes, plans, attribution, stages and indexes are told in words that hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.report import build
from harness.report.data import IndexSection, StorageSection
from harness.report.evidence import Absent
from harness.result import Attribution, Cause, Result
from tests.unit.report.cases import ALL_GOOD, CASES, EMPTY, compare, stored


def attributed(both: float, indexes: float, views: float, width: float = 0.02, interaction: float | None = None) -> str:
    ratios = {"both": both, "indexes_alone": indexes, "normalisation_alone": views}
    ratios["interaction"] = interaction or both / (indexes * views)
    records = tuple(
        Attribution("q", factor, ratio, ratio * (1 - width), ratio * (1 + width), 12)  # type: ignore[arg-type]
        for factor, ratio in ratios.items()
    )
    rows = build(replace(ALL_GOOD, attribution=records)).attribution
    assert not isinstance(rows, Absent)
    return rows[0].sentence


@pytest.mark.parametrize(
    ("both", "indexes", "views", "in_all", "alone", "together"),
    [
        (0.244, 0.256, 1.05, "4.10× faster in all", ("3.91×", "0.95×"), "1.10× more than the product"),
        (2.0, 1.0, 2.0, "2.00× slower in all", ("1.00×", "0.50×"), "as much as the product"),
        (0.5, 0.5, 0.8, "2.00× faster in all", ("2.00×", "1.25×"), "1.25× less than the product"),
        (1.01, 1.0, 1.0, "no certain difference in all", ("1.00×", "1.00×"), "as much as the product"),
    ],
)
def test_the_sentence_says_what_is_certain(
    both: float, indexes: float, views: float, in_all: str, alone: tuple[str, str], together: str
) -> None:
    parts = f"the indexes alone {alone[0]}, the views alone {alone[1]}, both together {together}"
    assert attributed(both, indexes, views) == f"{in_all}: {parts}"


def test_what_an_interval_leaves_open_is_not_told_as_nothing() -> None:
    open_yet = "both together not certainly more or less than the product"
    assert attributed(0.5, 0.5, 1.6, width=0.6).endswith(open_yet)
    assert attributed(2.0, 1.0, 2.0, width=0.2).endswith(open_yet)
    assert attributed(2.0, 1.0, 2.0, width=0.04).endswith("both together as much as the product")


def _records(query: str, both: float, width: float) -> tuple[Attribution, ...]:
    ratios = {"both": both, "indexes_alone": 1.0, "normalisation_alone": both, "interaction": 1.0}
    return tuple(
        Attribution(query, factor, ratio, ratio * (1 - width), ratio * (1 + width), 12)  # type: ignore[arg-type]
        for factor, ratio in ratios.items()
    )


def test_certain_effects_stand_before_larger_ones_that_are_not() -> None:
    records = (*_records("wild", 3.0, 0.9), *_records("void", 4.0, 0.1), *_records("slow", 1.5, 0.1))
    latency = tuple(compare(query, 2.0, "inconclusive", doubtful=query == "void") for query in ("wild", "void", "slow"))
    rows = build(replace(ALL_GOOD, attribution=records, latency=latency)).attribution
    assert not isinstance(rows, Absent)
    assert [row.query for row in rows] == ["slow", "void", "wild"]
    assert rows[1].sentence.startswith("in doubt: 4.00× slower in all")


def test_typical_figures_that_do_not_multiply_say_so() -> None:
    apart = "as much as the product; each is the typical operation's own, so that they do not multiply to the whole"
    assert attributed(0.5, 1.0, 1.0, interaction=1.0).endswith(apart)
    assert attributed(2.0, 1.0, 1.0, interaction=1.0).endswith(apart)
    assert attributed(0.5, 0.51, 1.0, interaction=1.0).endswith("as much as the product")


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (EMPTY, "no query was timed"),
        (ALL_GOOD, "too few blocks held all four states"),
        (replace(ALL_GOOD, attribution_absent="there is nothing to separate"), "there is nothing to separate"),
    ],
)
def test_why_nothing_is_attributed_is_said(result: Result, reason: str) -> None:
    absent = build(result).attribution
    assert isinstance(absent, Absent)
    assert reason in absent.reason


def test_causes_stand_in_the_order_of_the_forest_plot() -> None:
    latency = (compare("worse", 3.0, "slower"), compare("bad", 1.5, "slower"), compare("good", 0.5, "faster"))
    causes = tuple(Cause(item.query, "after", item.verdict, "pages", "x") for item in reversed(latency))  # type: ignore[arg-type]
    rows = build(replace(ALL_GOOD, latency=latency, causes=causes)).causes
    assert not isinstance(rows, Absent)
    assert [row.query for row in rows] == ["worse", "bad", "good"]


def test_without_a_verdict_there_is_nothing_to_explain_and_without_a_plan_no_way_to() -> None:
    for result, words in ((ALL_GOOD, "nothing to explain"), (EMPTY, "No plan was read")):
        absent = build(result).causes
        assert isinstance(absent, Absent)
        assert words in absent.reason


def test_a_plan_that_timed_out_and_a_plan_that_changed_are_told() -> None:
    queries = build(CASES["regression"]).plans
    assert not isinstance(queries, Absent)
    (query,) = queries
    assert [plan.label.split(":")[0] for plan in query.plans] == ["before", "after"]
    assert "after, generic plan: did not end within the statement timeout (60000ms)" in query.notes
    assert any("another plan from block 5 on" in note for note in query.notes)


def storage(*records: tuple[str, int]) -> str:
    section = build(replace(ALL_GOOD, storage=tuple(stored(stage, None, heap, 10) for stage, heap in records))).storage
    assert isinstance(section, StorageSection)
    return section.dropping.replace("\u00a0", " ")


def test_the_stage_that_drops_columns_says_what_it_did_to_the_heap() -> None:
    unchanged = storage(("before", 100), ("columns_dropped", 100), ("after", 100))
    assert unchanged.startswith("Dropping columns changes nothing in heap and TOAST: DROP COLUMN only marks")
    rewritten = storage(("before", 100), ("columns_dropped", 60), ("after", 60))
    assert "up to its last DROP COLUMN frees 40.0 MiB in heap and TOAST" in rewritten
    assert "only marks" not in rewritten
    assert storage(("before", 100), ("after", 100)) == ""


def test_needless_indexes_come_first_and_what_a_constraint_needs_is_not_called_unused() -> None:
    section = build(CASES["regression"]).indexes
    assert isinstance(section, IndexSection)
    remarks = {row.index: row.remarks for row in section.rows}
    assert remarks["idx_orders_status"] == "the same as orders_status, never scanned, new"
    assert remarks["orders_status"] == "asked for, but there already"
    assert "orders_pkey" not in remarks
    assert section.plain == 1
    assert [row.tone for row in section.rows][:3] == ["bad", "bad", "bad"]
    assert "never scanned by this run's workload: 3" in section.sentence
