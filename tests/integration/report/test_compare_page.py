"""The page of a comparison in a real browser: it fits, asks for nothing, and axe finds nothing in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.report import write_comparison
from tests.integration.report.test_browser import AXE, evaluate, requested, show
from tests.unit.report.gates import GATES


@pytest.mark.parametrize("case", ["slower", "lost", "undecided", "elsewhere", "nothing"])
@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1280, "dark")])
def test_the_page_fits_and_axe_finds_nothing_in_it(
    browser: Any, tmp_path: Path, case: str, width: int, theme: str
) -> None:
    page = write_comparison(GATES[case], tmp_path / "compare.html")[0]
    show(browser, page.as_uri(), width, theme)
    evaluate(browser, "for (const item of document.querySelectorAll('details')) item.open = true")
    assert evaluate(browser, "document.documentElement.scrollWidth") <= width
    assert requested(browser) == {page.as_uri()}
    assert browser.get_log("browser") == []
    browser.execute_script(AXE)
    found = browser.execute_async_script("axe.run({resultTypes: ['violations']}).then(arguments[arguments.length - 1])")
    assert [f"{item['id']}: {item['nodes'][0]['html'][:200]}" for item in found["violations"]] == []
