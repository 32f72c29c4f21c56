"""The page in a real browser: at every width and theme, and under a policy that forbids its style and script."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from harness.report import write_index, write_report
from harness.result.store import write_result
from tests.browsing import set_view
from tests.sample import SAMPLE
from tests.unit.report.cases import CASES

AXE = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
WIDTHS = (390, 1280, 1920)
EVERY_WAY = [
    ("regression", width, theme, script) for width in WIDTHS for theme in ("light", "dark") for script in (True, False)
]
NARROWEST = [(case, min(WIDTHS), "light", True) for case in ("integrity_failure", "strange_names", "failed_migration")]


def show(browser: Any, address: str, width: int = 1280, theme: str = "light", script: bool = True) -> None:
    """Loads the page at that width and in that theme; what the browser logged before is forgotten."""
    set_view(browser, width, theme)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(address)


def requested(browser: Any) -> set[str]:
    """Addresses that the page asked for."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return {url for url in sent if not url.startswith("data:")}


def evaluate(browser: Any, expression: str) -> Any:
    """The value of an expression in the page, whether the page's own scripts may run or not."""
    answer = browser.execute_cdp_cmd("Runtime.evaluate", {"expression": expression, "returnByValue": True})
    assert "exceptionDetails" not in answer, answer
    return answer["result"].get("value")


def violations(browser: Any) -> list[str]:
    """What axe finds in the page with everything open."""
    browser.execute_script("for (const item of document.querySelectorAll('details')) item.open = true")
    browser.execute_script(AXE)
    found = browser.execute_async_script("axe.run({resultTypes: ['violations']}).then(arguments[arguments.length - 1])")
    return [f"{item['id']}: {[node['html'][:200] for node in item['nodes'][:3]]}" for item in found["violations"]]


@pytest.mark.parametrize(("case", "width", "theme", "script"), EVERY_WAY + NARROWEST)
def test_the_page_fits_and_asks_for_nothing(
    browser: Any, pages: Path, case: str, width: int, theme: str, script: bool
) -> None:
    address = (pages / f"{case}.html").as_uri()
    show(browser, address, width, theme, script)
    evaluate(browser, "for (const item of document.querySelectorAll('details')) item.open = true")
    assert evaluate(browser, "document.documentElement.scrollWidth") <= width
    assert requested(browser) == {address}
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("script", [True, False])
def test_a_printed_page_shows_everything_and_loses_nothing_at_its_edge(browser: Any, script: bool) -> None:
    """The sample, whose tables are the widest; 718 pixels are what A4 has between its margins."""
    show(browser, (SAMPLE / "report.html").as_uri(), 718, script=script)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    evaluate(browser, "dispatchEvent(new Event('beforeprint'))")
    edges = "[...document.querySelectorAll('table, svg, pre')].map(item => item.getBoundingClientRect().right)"
    assert evaluate(browser, f"Math.max(...{edges})") <= 719
    heights = "[...document.querySelectorAll('details table')].map(item => item.getBoundingClientRect().height)"
    assert evaluate(browser, f"Math.min(...{heights})") > 0


@pytest.mark.parametrize("case", [case for case in CASES if case != "two_hundred_queries"])
@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1280, "dark")])
def test_axe_finds_nothing(browser: Any, pages: Path, case: str, width: int, theme: str) -> None:
    show(browser, (pages / f"{case}.html").as_uri(), width, theme)
    assert violations(browser) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_sample_fits_at_every_width(browser: Any, width: int, theme: str) -> None:
    """A real run's page, all of it open: longer names, and every kind of section."""
    address = (SAMPLE / "report.html").as_uri()
    show(browser, address, width, theme)
    evaluate(browser, "for (const item of document.querySelectorAll('details')) item.open = true")
    assert evaluate(browser, "document.documentElement.scrollWidth") <= width
    assert requested(browser) == {address}
    assert browser.get_log("browser") == []


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1920, "light")])
def test_axe_finds_nothing_in_the_sample(browser: Any, width: int, theme: str) -> None:
    show(browser, (SAMPLE / "report.html").as_uri(), width, theme)
    assert violations(browser) == []


def test_the_pictures_of_a_details_section_have_size(browser: Any, pages: Path) -> None:
    show(browser, (pages / "regression.html").as_uri())
    evaluate(browser, "for (const item of document.querySelectorAll('details')) item.open = true")
    sizes = evaluate(
        browser,
        "[...document.querySelectorAll('.picture path[vector-effect]:not([stroke-width])')]"
        ".map(item => item.getBoundingClientRect())"
        ".map(box => [box.width, box.height])",
    )
    assert len(sizes) >= 12
    assert all(width > 100 and height > 0 for width, height in sizes)


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize(("figure", "words"), [(0, "→"), (1, "50 %: ")])
def test_pointing_at_a_picture_tells_its_values_without_a_script(
    browser: Any, pages: Path, figure: int, words: str, script: bool
) -> None:
    show(browser, (pages / "regression.html").as_uri(), script=script)
    found = f"document.querySelectorAll('#queries figure')[{figure}]"
    evaluate(browser, "for (const item of document.querySelectorAll('details')) item.open = true")
    evaluate(browser, f"{found}.scrollIntoView({{block: 'center'}})")
    box = f"{found}.querySelector('svg svg').getBoundingClientRect()"
    hit = evaluate(
        browser,
        f"(box => document.elementFromPoint(box.left + box.width * 0.6, box.top + box.height * 0.55))({box})"
        ".closest('use, g').querySelector('title').textContent",
    )
    assert words in hit


@pytest.mark.parametrize("script", [True, False])
def test_the_name_of_a_query_leads_to_its_blocks_and_opens_them(browser: Any, pages: Path, script: bool) -> None:
    address = (pages / "regression.html").as_uri()
    show(browser, address, script=script)
    link = evaluate(browser, "document.querySelector('.forest tbody th a').getAttribute('href')")
    assert not evaluate(browser, f"document.querySelector('{link}').closest('details').open")
    browser.get(f"{address}{link}")
    assert evaluate(browser, f"document.querySelector('{link}').closest('details').open")


def test_a_table_sorts_by_the_pressed_heading(browser: Any, pages: Path) -> None:
    show(browser, (pages / "regression.html").as_uri())
    rows = "document.querySelector('#latency details table').tBodies[0].rows"
    read = f"[...{rows}].map(row => row.cells[0].textContent)"
    first = evaluate(browser, read)
    evaluate(browser, "document.querySelector('#latency details table thead button').click()")
    assert evaluate(browser, read) == sorted(first)
    evaluate(browser, "document.querySelector('#latency details table thead button').click()")
    assert evaluate(browser, read) == sorted(first, reverse=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_under_a_policy_only_the_one_style_and_the_one_script_are_refused(
    browser: Any, policed: str, width: int, theme: str
) -> None:
    show(browser, f"{policed}/regression.html", width, theme)
    messages = [entry["message"] for entry in browser.get_log("browser") if "favicon" not in entry["message"]]
    assert len(messages) == 2
    assert any("Applying inline style violates" in message for message in messages)
    assert any("Blocked script execution" in message for message in messages)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_under_a_policy_words_and_charts_can_be_read(browser: Any, policed: str, theme: str) -> None:
    """Text and marks keep a contrast against the browser's own canvas; every strip of the forest has its mark."""
    show(browser, f"{policed}/regression.html", 1280, theme)
    styles = browser.execute_cdp_cmd("DOM.getDocument", {"depth": 0})
    root = styles["root"]["nodeId"]
    strips = browser.execute_cdp_cmd("DOM.querySelectorAll", {"nodeId": root, "selector": ".forest tbody svg.strip"})
    assert len(strips["nodeIds"]) == 4
    for strip in strips["nodeIds"]:
        box = browser.execute_cdp_cmd("DOM.getBoxModel", {"nodeId": strip})["model"]
        assert box["width"] >= 300
        assert box["height"] >= 20


@pytest.mark.parametrize("width", [390, 1280])
def test_the_list_of_runs_fits_and_axe_finds_nothing_in_it(browser: Any, tmp_path: Path, width: int) -> None:
    for case in ("all_good", "integrity_failure", "failed_migration"):
        (tmp_path / case).mkdir()
        write_result(tmp_path / case, CASES[case])
        write_report(tmp_path / case)
    address = write_index(tmp_path).as_uri()
    show(browser, address, width)
    assert evaluate(browser, "document.documentElement.scrollWidth") <= width
    assert requested(browser) == {address}
    browser.execute_script(AXE)
    found = browser.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    assert [item["id"] for item in found["violations"]] == []
