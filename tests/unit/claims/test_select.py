"""The selector language picks the figure that it names, or says why there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.claims.select import SelectorError, UnmeasuredError, parse
from harness.result import Attribution, Integrity
from tests.unit.claims.results import EMPTY, FULL, comparison


@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ("count(integrity.columns)", 3),
        ("distinct(integrity.columns.table)", 2),
        ("count(integrity.columns[verdict=identical|renders_differently])", 2),
        ("count(integrity.columns[verdict!=identical])", 1),
        ("count(integrity.views[error=null])", 1),
        ("count(integrity.findings[severity=error,accepted=null])", 1),
        ("count(integrity.findings[kind=view_error])", 0),
        ("integrity.verdict", "fail"),
        ("latency[query=slow].after_s", 0.2),
        ("latency[query=slow, clients=1, advisory=false].ratio", 2.0),
        ("max(latency[query=fast|slow].ratio)", 2.0),
        ("min(latency[query=fast|slow].ratio)", 0.125),
        ("mean(latency[query=fast|slow].before_s)", 0.1),
        ("geomean(latency[query=fast|slow].ratio)", 0.5),
        # Both took 0.1 s before; now 0.0125 and 0.2 s: 0.2125 of 0.2.
        ("overall(latency[query=fast|slow].ratio)", 1.0625),
        ("storage[stage=after,table=null].total_bytes", 650),
        ("sum(storage[stage=after].total_bytes)", 1250),
        ("count(migrations.locks[mode=AccessExclusiveLock])", 1),
        ("sum(migrations.seconds)", 0.75),
        ("sum(errors[arm=after].count)", 3),
        ("sum(errors[arm=before].count)", 0),
        ("scale", "10k"),
    ],
)
def test_a_selector_gives_its_figure(selector: str, value: object) -> None:
    assert parse(selector).select(FULL).value == (pytest.approx(value) if isinstance(value, float) else value)


def test_a_ratio_brings_its_interval_and_its_comparison() -> None:
    selected = parse("latency[query=slow].ratio").select(FULL)
    assert (selected.low, selected.high) == pytest.approx((1.8, 2.2))
    assert [item.query for item in selected.comparisons] == ["slow"]


@pytest.mark.parametrize(("function", "query"), [("min", "fast"), ("max", "slow")])
def test_the_smallest_and_the_largest_bring_their_interval_and_name_their_comparison(function: str, query: str) -> None:
    selected = parse(f"{function}(latency[query=fast|slow].ratio)").select(FULL)
    alone = parse(f"latency[query={query}].ratio").select(FULL)
    assert (selected.value, selected.low, selected.high) == (alone.value, alone.low, alone.high)
    assert selected.picked == alone.comparisons[0]
    assert len(selected.comparisons) == 2


def test_the_largest_may_be_any_whose_interval_reaches_so_far() -> None:
    """1.9 to 2.1 and 1.6 to 2.4: the larger one lies between 1.9 and 2.4."""
    wide = replace(FULL, latency=(comparison("a", 2.0, width=0.05), comparison("b", 2.0, width=0.2)))
    selected = parse("max(latency.ratio)").select(wide)
    assert (selected.low, selected.high) == pytest.approx((1.9, 2.4))


def test_ratios_that_are_no_comparisons_have_intervals_too() -> None:
    parts = tuple(Attribution("q", "both", ratio, 0.9 * ratio, 1.1 * ratio, 6) for ratio in (1.0, 4.0))
    selected = parse("geomean(attribution.ratio)").select(replace(FULL, attribution=parts))
    assert (selected.value, selected.low, selected.high) == pytest.approx((2.0, 1.8, 2.2))
    assert selected.comparisons == ()


def test_the_interval_of_a_mean_of_ratios_is_the_mean_of_the_ends() -> None:
    """sqrt(0.1125 * 1.8) and sqrt(0.1375 * 2.2)."""
    selected = parse("geomean(latency[query=fast|slow].ratio)").select(FULL)
    assert (selected.low, selected.high) == pytest.approx((0.45, 0.55))


def test_the_overall_ratio_weighs_each_query_by_its_time_and_takes_nothing_else() -> None:
    """(0.1125 + 1.8) / 2 and (0.1375 + 2.2) / 2, for both took the same time before."""
    selected = parse("overall(latency[query=fast|slow].ratio)").select(FULL)
    assert (selected.low, selected.high) == pytest.approx((0.95625, 1.16875))
    with pytest.raises(SelectorError, match="overall takes ratios of times"):
        parse("overall(latency[query=slow].before_s)").select(FULL)
    rates = replace(FULL, throughput=(replace(FULL.latency[0], metric="throughput"),))
    with pytest.raises(SelectorError, match="overall takes ratios of times"):
        parse("overall(throughput.ratio)").select(rates)


def test_the_overall_ratio_is_of_the_ratios_and_not_of_the_sums_of_times() -> None:
    """Of a second before and half a second after the typical operation takes 0.8; with 3 s that stay: 3.8 of 4."""
    odd = replace(comparison("odd", 0.8), before_s=1.0, after_s=0.5)
    even = replace(comparison("even", 1.0), before_s=3.0, after_s=3.0)
    selected = parse("overall(latency.ratio)").select(replace(FULL, latency=(odd, even)))
    assert selected.value == pytest.approx(3.8 / 4)


def test_other_figures_have_no_interval() -> None:
    assert parse("latency[query=slow].before_s").select(FULL).low is None


def test_a_time_after_the_migration_has_the_interval_of_its_blocks() -> None:
    found = parse("latency[query=slow].after_s").select(FULL)
    assert (found.low, found.high) == (0.18, 0.22)


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        ("count(integrity.columns)", "no integrity"),
        ("count(latency)", "no latency"),
        ("sum(errors[arm=after].count)", "no latency"),
        ("storage[stage=after,table=null].total_bytes", "no storage"),
    ],
)
def test_what_no_phase_looked_at_is_unmeasured_and_never_zero(selector: str, reason: str) -> None:
    with pytest.raises(UnmeasuredError, match=reason):
        parse(selector).select(EMPTY)


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        ("latency[query=unknown].ratio", "no such figure"),
        ("latency[query=lost].ratio", "no such figure"),
        ("mean(latency.ratio)", "no such figure"),
        ("latency[query=fast|slow].ratio", "2 figures match"),
        ("sum(storage[stage=gone].total_bytes)", "no such figure"),
    ],
)
def test_a_figure_that_is_missing_or_not_alone_is_unmeasured(selector: str, reason: str) -> None:
    with pytest.raises(UnmeasuredError, match=reason):
        parse(selector).select(FULL)


def test_a_ratio_without_interval_is_unmeasured() -> None:
    bare = replace(FULL, latency=(replace(FULL.latency[0], ci_low=None),))
    with pytest.raises(UnmeasuredError, match="for an interval"):
        parse("latency[query=fast].ratio").select(bare)


def test_an_empty_list_of_findings_counts_as_none_once_the_check_has_run() -> None:
    clean = replace(FULL, integrity=Integrity(verdict="pass"))
    assert parse("count(integrity.findings)").select(clean).value == 0


@pytest.mark.parametrize(
    "selector",
    [
        "",
        "count()",
        "nothing",
        "median(latency)",
        "latency[query].ratio",
        "latency[",
        "latency..ratio",
        "latency.",
        "a b",
    ],
)
def test_what_is_no_selector_is_refused_when_it_is_read(selector: str) -> None:
    with pytest.raises(SelectorError):
        parse(selector)


@pytest.mark.parametrize(
    "selector",
    ["latency[query=fast].speed", "latency[colour=red].ratio", "integrity", "sum(latency[query=fast].query)"],
)
def test_a_field_that_does_not_exist_or_is_no_figure_is_told(selector: str) -> None:
    with pytest.raises(SelectorError):
        parse(selector).select(FULL)
