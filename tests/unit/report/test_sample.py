"""The committed sample is a run's own report, and the page of a larger run stays small."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from harness.report import build, html, write_report
from harness.report.evidence import Absent
from harness.report.words import AFTER
from harness.result import Example, Finding, Result
from harness.result.store import RESULT_FILE, read_result, write_result
from tests.sample import PLACES, SAMPLE, make_sample
from tests.unit.report.cases import REGRESSION
from tests.unit.report.samples import write_samples

WRITTEN = ("report.html", "summary.md", "junit.xml")
ARMS = ("before", "after", "control", "before_indexes", "after_noindexes")
MEDIANS_S = {"orders_list": (0.0481, 0.063), "orders_search": (0.0521, 0.072)}
FINDINGS = {
    "access_wider": (24, 270, 0, 1),
    "value_differs": (31, 1600, 18, 1),
    "value_to_null": (18, 1600, 16, 3),
    "null_to_value": (4, 1600, 10, 1),
    "answer_differs": (13, 340, 300, 1),
}
"""What a run of the built-in case finds in data with anomalies: how many, lengths of query and value, causes."""

IN_TIME_S = 0.002
"""A lag that is little beside these medians, and would void a slice whose median is not known."""


def test_the_sample_is_what_its_folder_gives(tmp_path: Path) -> None:
    for name in (RESULT_FILE, "samples.parquet"):
        shutil.copy(SAMPLE / name, tmp_path / name)
    write_report(tmp_path)
    for name in WRITTEN:
        assert (tmp_path / name).read_bytes() == (SAMPLE / name).read_bytes(), (
            f"docs/sample/{name} is not what its run gives: bench report docs/sample"
        )


def test_the_sample_shows_blocks_and_distributions_of_every_timed_query() -> None:
    data = build(read_result(SAMPLE), SAMPLE / "samples.parquet")
    assert not isinstance(data.latency, Absent)
    assert not isinstance(data.details, Absent)
    assert [item.query for item in data.details] == [row.query for row in data.latency.rows]


@pytest.mark.parametrize("name", [RESULT_FILE, *WRITTEN])
def test_the_sample_names_no_place_of_the_machine_that_measured(name: str) -> None:
    assert PLACES.findall((SAMPLE / name).read_text(encoding="utf-8")) == []


def test_a_sample_shows_what_its_run_shows(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    write_result(run, REGRESSION)
    write_samples(run / "samples.parquet", MEDIANS_S, arms=ARMS, void_query="orders_list", lag_p99_s=IN_TIME_S)
    write_report(run)
    make_sample(run, tmp_path / "sample")
    for name in WRITTEN:
        assert (tmp_path / "sample" / name).read_bytes() == (run / name).read_bytes()
    sizes = [(folder / "samples.parquet").stat().st_size for folder in (run, tmp_path / "sample")]
    assert sizes[1] < 0.7 * sizes[0]


def test_a_run_that_names_a_place_of_the_machine_is_no_sample(tmp_path: Path) -> None:
    write_result(tmp_path, replace(REGRESSION, options={"results": "/home/ada/results"}))
    with pytest.raises(SystemExit, match="/home/ada/results"):
        make_sample(tmp_path, tmp_path / "sample")
    assert not (tmp_path / "sample").exists()


def _of_queries(result: Result, number: int) -> Result:
    """The result with so many queries: those that it has, and copies of them under other names."""
    queries = list(dict.fromkeys(item.query for item in result.latency if item.arm == AFTER))
    copies = {queries[n % len(queries)]: f"another_query_{n}" for n in range(len(queries), number)}
    grown = {
        name: tuple(
            item
            for one in getattr(result, name)
            for item in (one, *([replace(one, query=copies[one.query])] if one.query in copies else []))
        )
        for name in ("latency", "throughput", "attribution", "plans", "plan_changes", "causes", "query_io")
    }
    return replace(result, **grown)  # type: ignore[arg-type]


def _with_many_findings(result: Result) -> Result:
    """The result with as many findings, and as long ones, as data with anomalies of every kind give."""
    findings = (_finding(kind, number) for kind in FINDINGS for number in range(FINDINGS[kind][0]))
    return replace(result, integrity=replace(result.integrity, findings=(*result.integrity.findings, *findings)))


def _finding(kind: str, number: int) -> Finding:
    keys = [str(UUID(int=(number + 1) * 2**100 + row)) for row in range(20)]
    _, query_chars, value_chars, causes = FINDINGS[kind]
    name = f"job_work_specifications_{number:02d}.customer_name"
    return Finding(
        kind=kind,
        severity="error",
        object=name,
        detail=f"{184 - number} of 5000 values of {name} against job_works_with_details.customer_name; "
        "its source is customers.name",
        count=184 - number,
        rows=5000,
        cause=("stale_copy", "null_fk", "orphan_fk")[number % causes],
        examples=tuple(Example(key, "x" * value_chars or None, "y" * value_chars or None) for key in keys),
        query="q" * query_chars,
        database="bench_0123456789ab_verification",
    )


@pytest.mark.parametrize(
    ("grow", "most_bytes"), [(lambda result: result, 450_000), (_with_many_findings, 500_000)], ids=["few", "many"]
)
def test_a_run_of_twenty_queries_and_forty_blocks_on_five_arms_stays_below_500_kb(
    tmp_path: Path, grow: Callable[[Result], Result], most_bytes: int
) -> None:
    result = grow(_of_queries(read_result(SAMPLE), 20))
    queries = list(dict.fromkeys(item.query for item in result.latency if item.arm == AFTER))
    assert len(queries) == 20
    path = tmp_path / "samples.parquet"
    medians_s = {query: (0.00123 * 1.4**n, 0.00145 * 1.4**n) for n, query in enumerate(queries)}
    write_samples(path, medians_s, blocks=40, executions=5, arms=ARMS, void_query=queries[0])
    page = html.render(build(result, path))
    assert page.count("<figure>") == 2 * len(queries)
    assert len(page.encode()) <= most_bytes
