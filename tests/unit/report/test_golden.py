"""Every situation in every format, held against files that people have looked at."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.report import build, html, junit, markdown, terminal
from harness.report.data import ReportData
from tests.unit.report.cases import CASES
from tests.unit.report.samples import write_samples

FORMATS = {"html": html.render, "txt": terminal.render, "md": markdown.render, "xml": junit.render}
WITH_SAMPLES = ("regression",)
_FIXED = re.compile(r"(<(style|script)>).*?(</\2>)", re.DOTALL)


def report(case: str, folder: Path) -> ReportData:
    result = CASES[case]
    if case not in WITH_SAMPLES:
        return build(result)
    medians = {item.query: (item.before_s, item.after_s) for item in result.latency if item.arm == "after"}
    path = folder / "samples.parquet"
    write_samples(path, {name: (a, b) for name, (a, b) in medians.items() if a and b}, void_query="orders_list")
    return build(result, path)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("case", CASES)
def test_the_report_is_as_it_was(case: str, suffix: str, golden: Callable[[str, str], None], tmp_path: Path) -> None:
    text = FORMATS[suffix](report(case, tmp_path))
    golden(f"report/{case}.{suffix}", _FIXED.sub(r"\1\3", text))


@pytest.mark.parametrize("case", CASES)
def test_every_format_can_be_written_as_utf8_and_is_the_same_twice(case: str, tmp_path: Path) -> None:
    data = report(case, tmp_path)
    for render in FORMATS.values():
        assert render(data).encode() == render(data).encode()
