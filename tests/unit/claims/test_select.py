"""The selector language picks the figure that it names, or says why there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.claims.select import SelectorError, UnmeasuredError, parse
from harness.result import Integrity
from tests.unit.claims.results import EMPTY, FULL


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


def test_the_interval_of_a_mean_of_ratios_is_the_mean_of_the_ends() -> None:
    """sqrt(0.1125 * 1.8) and sqrt(0.1375 * 2.2)."""
    selected = parse("geomean(latency[query=fast|slow].ratio)").select(FULL)
    assert (selected.low, selected.high) == pytest.approx((0.45, 0.55))


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
