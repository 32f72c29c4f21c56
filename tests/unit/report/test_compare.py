"""The comparison of two runs in every format, held against files that people have looked at."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from rich.console import Console

from harness.report import gate_formats
from harness.report.gate import build_gate
from harness.report.gate_data import GateData
from tests.unit.report.gates import GATES

_STYLE = re.compile(r"(<style>).*?(</style>)", re.DOTALL)


def on_terminal(data: GateData) -> str:
    console = Console(file=io.StringIO(), width=140, no_color=True, force_terminal=False)
    gate_formats.show(data, console)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


FORMATS = {"html": gate_formats.page, "txt": on_terminal, "md": gate_formats.summary, "xml": gate_formats.cases}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("case", GATES)
def test_the_comparison_is_as_it_was(case: str, suffix: str, golden: Callable[[str, str], None]) -> None:
    golden(f"compare/{case}.{suffix}", _STYLE.sub(r"\1\2", FORMATS[suffix](build_gate(GATES[case]))))


@pytest.mark.parametrize("case", GATES)
def test_the_page_has_one_script_no_style_attribute_and_escapes_foreign_text(case: str) -> None:
    page = gate_formats.page(build_gate(GATES[case]))
    assert page.count("<script") == 1
    assert not re.search(r"\sstyle=", page)
    assert "<differ>" not in page


@pytest.mark.parametrize("case", GATES)
def test_the_terminal_shows_at_most_100_columns(case: str) -> None:
    assert all(len(line) <= 100 for line in on_terminal(build_gate(GATES[case])).splitlines())


def test_junit_fails_exactly_for_what_became_worse_and_skips_what_is_open_or_advisory() -> None:
    failed, skipped = {}, {}
    for case, gate in GATES.items():
        root = ET.fromstring(gate_formats.cases(build_gate(gate)))
        failed[case] = [item.get("name") for item in root.iter("testcase") if item.find("failure") is not None]
        skipped[case] = [item.get("name") for item in root.iter("testcase") if item.find("skipped") is not None]
    assert failed == {
        "unchanged": [],
        "slower": ["orders_list", "whole database, after"],
        "lost": ["orders.name", "value differs: orders.name"],
        "undecided": [],
        "elsewhere": [],
        "another_question": [],
        "unchecked": ["orders.name", "value differs: orders.name"],
        "nothing": [],
    }
    assert skipped["undecided"] == ["orders_list 4 clients", "orders_report 1 client"]
    assert skipped["elsewhere"] == ["orders_list"]
    assert skipped["another_question"] == ["orders_list", "orders_report", "orders, after"]


def test_junit_has_a_case_for_every_view_column_query_and_claim() -> None:
    root = ET.fromstring(gate_formats.cases(build_gate(GATES["unchanged"])))
    names = {suite.get("name"): [item.get("name") for item in suite] for suite in root}
    assert names["views"] == ["orders_with_names"]
    assert names["columns"] == ["orders.name"]
    assert sorted(map(str, names["queries"])) == ["orders_list", "orders_report", "orders_search"]
    assert names["claims"] == ["faster"]
