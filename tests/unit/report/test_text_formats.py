"""The terminal's summary, Markdown and JUnit."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from harness.report import build, html, junit, markdown, summary, terminal
from harness.report.data import ReportData
from tests.unit.report.cases import CASES, INTEGRITY_FAILURE, REGRESSION, compare


@pytest.mark.parametrize("case", CASES)
def test_no_line_of_the_summary_is_longer_than_100_columns(case: str) -> None:
    lines = terminal.render(build(CASES[case]), Path("results/run/report.html")).splitlines()
    assert max(cell_len(line) for line in lines) <= 100


def test_the_summary_ends_with_the_report_and_starts_with_what_ran() -> None:
    console = Console(file=io.StringIO(), width=200, force_terminal=False)
    summary(REGRESSION, console, Path("results/run/report.html"))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[0].startswith("shop at 100k")
    assert lines[-1].strip() == "Report: results/run/report.html"
    assert max(cell_len(line) for line in lines) <= 100


def test_the_summary_shows_the_slowest_query_first() -> None:
    text = terminal.render(build(REGRESSION))
    assert text.index("orders_search  ") < text.index("orders_list  ") < text.index("rename_customer  ")


def test_names_cannot_style_the_terminal() -> None:
    text = terminal.render(build(CASES["strange_names"]))
    assert "\x1b" not in text
    assert "[b]" in text


def test_every_row_of_a_markdown_table_has_as_many_cells_as_its_head() -> None:
    for case, result in CASES.items():
        width = 0
        for line in markdown.render(build(result)).splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line))
            if not line.startswith("|"):
                width = 0
            elif width:
                assert cells == width, f"{case}: {line}"
            else:
                width = cells


def test_every_format_says_how_a_claim_was_read() -> None:
    data = build(REGRESSION)
    for render in (terminal.render, markdown.render, junit.render):
        assert "speed-up ≥ 5.00×" in render(data)


def document(case: str) -> ET.Element:
    return ET.fromstring(junit.render(build(CASES[case])))


@pytest.mark.parametrize("case", CASES)
def test_junit_counts_what_it_lists(case: str) -> None:
    root = document(case)
    suites = root.findall("testsuite")
    for node, cases in ((root, root.findall(".//testcase")), *((suite, suite.findall("testcase")) for suite in suites)):
        assert int(node.attrib["tests"]) == len(cases)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if (node.tag, attribute) != ("testsuites", "skipped"):
                assert int(node.attrib[attribute]) == sum(item.find(tag) is not None for item in cases)
    # What Jenkins' schema (junit-10.xsd) allows there; its plugin refuses a file with any other attribute.
    assert root.attrib.keys() <= {"name", "time", "tests", "failures", "errors"}
    assert [suite.attrib["name"] for suite in suites] == [
        "run",
        "views",
        "columns",
        "integrity findings",
        "queries",
        "claims",
    ]


@pytest.mark.parametrize("case", CASES)
def test_a_junit_case_has_one_outcome_and_a_name(case: str) -> None:
    for item in document(case).iter("testcase"):
        assert item.attrib["name"]
        assert item.attrib["classname"].startswith("bench.")
        assert sum(child.tag in ("failure", "error", "skipped") for child in item) <= 1
        assert {child.tag for child in item} <= {"failure", "error", "skipped", "system-out"}


@pytest.mark.parametrize("case", CASES)
def test_no_two_junit_cases_of_a_suite_have_one_name(case: str) -> None:
    for suite in document(case).iter("testsuite"):
        names = [item.attrib["name"] for item in suite]
        assert len(names) == len(set(names))


def test_junit_numbers_what_has_one_name_so_that_a_passed_case_hides_no_failed_one() -> None:
    cases = [junit.Case("a (2)"), junit.Case("a"), junit.Case("a", failure="lost"), junit.Case("a")]
    suite = ET.fromstring(junit.document("r", {"findings": cases})).find("testsuite")
    assert suite is not None
    assert [item.attrib["name"] for item in suite] == ["a (2)", "a", "a (3)", "a (4)"]
    assert [item.find("failure") is not None for item in suite] == [False, False, True, False]


@pytest.mark.parametrize("render", [junit.render, html.render])
def test_what_would_settle_a_comparison_is_told_and_that_no_number_of_blocks_would(
    render: Callable[[ReportData], str],
) -> None:
    def said(blocks_needed: int | None) -> str:
        undecided = compare("orders_list", 1.02, "inconclusive", width=0.2, blocks=12, blocks_needed=blocks_needed)
        words = unescape(render(build(replace(CASES["all_good"], latency=(undecided,)))))
        return re.sub(r"\s+", " ", words)

    assert "about 38 blocks would settle it" in said(38)
    for beyond in (None, 230):  # 230: a result of an earlier version
        assert "no number of blocks that a run takes (up to 40) would settle it" in said(beyond)
        assert "blocks would settle it" not in said(beyond).replace("no number of blocks", "")


def outcomes(case: str, suite: str) -> dict[str, str]:
    node = document(case).find(f"testsuite[@name='{suite}']")
    assert node is not None
    return {
        item.attrib["name"]: next((child.tag for child in item if child.tag != "system-out"), "passed")
        for item in node.iter("testcase")
    }


def test_junit_fails_what_is_lost_and_what_is_too_slow_but_never_a_claim() -> None:
    assert outcomes("integrity_failure", "columns")["products.category"] == "failure"
    assert outcomes("integrity_failure", "columns")["orders.customer_name"] == "passed"
    assert outcomes("regression", "queries") == {
        "orders_search": "failure",
        "orders_list": "failure",
        "orders_by_status": "passed",
        "rename_customer": "passed",
    }
    assert outcomes("regression", "claims") == {"faster": "passed", "zero-downtime": "skipped", "no-loss": "passed"}
    assert outcomes("failed_migration", "run") == {"the run is complete": "error"}
    assert outcomes("failed_migration", "queries") == {"queries": "skipped"}


def test_an_accepted_finding_does_not_fail_its_case() -> None:
    found = outcomes("integrity_failure", "integrity findings")
    assert found["value to null: items.product_name: the reference is NULL, the copy was filled"] == "passed"
    assert found["value differs: items.product_name: the view shows the product's present name"] == "failure"
    assert len(found) == len(INTEGRITY_FAILURE.integrity.findings)
