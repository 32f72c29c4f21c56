"""The page keeps to the rules that let it be read anywhere."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest

from harness.outcome import conclude
from harness.report import build, html
from harness.result import PlanMode
from tests.unit.report.cases import ALL_GOOD, CASES, CAUSES, INTEGRITY, PLANS, REGRESSION, column, compare, control
from tests.unit.report.samples import write_samples

PAGES = {case: html.render(build(result)) for case, result in CASES.items()}
WITHOUT_END = {"meta", "br", "hr", "wbr"}
END_LEFT_OUT = {"tr", "th", "td", "thead", "tbody", "li", "dt", "dd"}


class Page(HTMLParser):
    """Elements with their attributes; raises where end tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.pictures: list[dict[str, str | None]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "svg" and "svg" not in self.open:
            self.pictures.append(dict(attrs))
        if tag == "title" and self.open[-1] == "svg":
            self.pictures[-1]["aria-label"] = "the words of its title"
        if tag not in WITHOUT_END:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.open[-1] != tag and self.open[-1] in END_LEFT_OUT:
            self.open.pop()
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def named(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    def values(self, *names: str) -> list[str]:
        return [item[name] or "" for _, item in self.elements for name in names if name in item]


@pytest.mark.parametrize("case", PAGES)
def test_the_page_has_one_style_one_script_and_no_style_attribute(case: str) -> None:
    page = Page(PAGES[case])
    assert len(page.named("style")) == 1
    assert len(page.named("script")) == 1
    names = {name for _, attributes in page.elements for name in attributes}
    assert "style" not in names
    assert not [name for name in names if name.startswith("on")]


@pytest.mark.parametrize("case", PAGES)
def test_the_page_asks_nothing_of_the_network(case: str) -> None:
    links = Page(PAGES[case]).values("href", "src")
    assert links
    assert all(link.startswith("#") for link in links)
    assert not re.search(r"url\(|@import", PAGES[case])


@pytest.mark.parametrize("case", PAGES)
def test_every_link_leads_somewhere_and_no_id_stands_twice(case: str) -> None:
    page = Page(PAGES[case])
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {f"#{name}" for name in ids} >= set(page.values("href"))


@pytest.mark.parametrize("case", PAGES)
def test_every_picture_has_words(case: str) -> None:
    for picture in Page(PAGES[case]).pictures:
        assert picture.get("aria-hidden") == "true" or (picture["role"] == "img" and picture["aria-label"])


def test_markup_in_names_stays_text() -> None:
    page = PAGES["strange_names"]
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "{{ 7*7 }}" in page
    assert "49" not in Page(page).words


def _wide(plan: Any, joins: int) -> Any:
    """The plan joined again and again, and of another shape for each number of joins."""
    for _ in range(joins + 3):
        plan = plan | {"Plan": plan["Plan"] | {"Plans": [plan["Plan"], plan["Plan"]["Plans"][1]]}}
    return plan


def test_twenty_queries_with_their_blocks_stay_below_500_kb(tmp_path: Path) -> None:
    arms = ("before", "after", "control", "before_indexes", "after_noindexes")
    comparisons = [compare(f"query_number_{n:02d}", 1.0 + n / 40, "slower", blocks=40) for n in range(20)]
    columns = tuple(column(f"t{n}.customer_name", f"t{n}_with_details") for n in range(40))
    result = replace(
        ALL_GOOD,
        latency=tuple(item for one in comparisons for item in (one, control(one, 1.01))),
        integrity=replace(INTEGRITY, columns=columns),
        plans=tuple(
            replace(plan, query=item.query, arm=arm, mode=mode, plan=_wide(plan.plan, number))
            for item in comparisons
            for number, arm in enumerate(("before", "after", "before_indexes", "after_noindexes"))
            for mode in get_args(PlanMode)
            for plan in PLANS[2:3]
        ),
        causes=tuple(replace(cause, query=item.query) for item in comparisons for cause in CAUSES),
    )
    path = tmp_path / "samples.parquet"
    write_samples(path, {item.query: (0.0123, 0.0145) for item in comparisons}, blocks=40, executions=5, arms=arms)
    page = html.render(build(conclude(result), path))
    assert page.count("<figure>") == 2 * len(comparisons)
    assert len(page.encode()) <= 500_000


def test_the_page_has_its_order(tmp_path: Path) -> None:
    write_samples(tmp_path / "samples.parquet", {"orders_by_status": (0.001, 0.002), "orders_list": (0.002, 0.003)})
    page = html.render(build(REGRESSION, tmp_path / "samples.parquet"))
    sections = ("claims", "integrity", "latency", "load", "queries", "attribution", "storage", "indexes", "migrations")
    assert re.findall(r"<h2 id=([a-z]+)-title>", page) == [*sections, "method"]
    head = [page.index(words) for words in ("id=verdict-sentence", "<ul class=figures>", "<h2 ")]
    assert head == sorted(head)
    _, _, query = page.partition("<h3>orders_by_status: ")
    query = query.partition("<h3>")[0]
    parts = (
        "Median per block",
        "Share of executions",
        "<summary>Plans",
        "new: customers",
        "reads 1 more table",
        "CREATE INDEX",
    )
    places = [query.index(words) for words in parts]
    assert places == sorted(places)


def test_a_query_with_plans_alone_is_told_and_so_is_what_is_missing() -> None:
    page = html.render(build(replace(REGRESSION, latency=())))
    assert page.count("<h3>orders_by_status") == 1
    words = " ".join(" ".join(Page(page).words).split())
    assert "? No samples were kept." in words
    shown = html.render(build(replace(REGRESSION, plans=(), causes=(), latency=())))
    words = " ".join(" ".join(Page(shown).words).split())
    assert "? Query by query No samples were kept. No plan was recorded. No plan was read." in words


def test_plans_and_causes_stand_once_for_a_query_at_several_levels() -> None:
    levels = (compare("orders_by_status", 1.2, "slower"), compare("orders_by_status", 1.4, "slower", clients=4))
    page = html.render(build(replace(REGRESSION, latency=levels)))
    assert page.count("reads 1 more table") == 1
    assert page.count("<summary>Plans") == 1
    assert "<h3>orders_by_status, 4 clients: " in page


def test_a_query_far_beyond_the_scale_stands_at_the_edge_with_its_figure() -> None:
    page = PAGES["regression"]
    assert re.search(r"<svg x=100% y=50%[^>]*><text[^>]*text-anchor=end[^>]*>15\.2× →</text>", page)


def test_a_section_without_content_says_why() -> None:
    words = " ".join(" ".join(Page(PAGES["failed_migration"]).words).split())
    for reason in ("No value was compared.", "No query was timed.", "No storage was read."):
        assert reason in words
    assert "Incomplete. The phase “migrate” failed after 400 ms" in words


def test_names_in_the_verdict_may_end_a_line_at_their_joints_and_stay_escaped() -> None:
    assert "slower than allowed, the worst orders_<wbr>search at 15.2× its" in PAGES["regression"]
    assert "(products.<wbr>category)" in PAGES["integrity_failure"]
    assert "(&lt;script&gt;alert(" in PAGES["strange_names"]


def test_values_differ_visibly_where_only_blanks_or_ends_differ() -> None:
    words = Page(PAGES["integrity_failure"]).words
    assert "'Lamp '" in words
    assert "'Lamp'" in words
    assert any(word.endswith(" old end'") for word in words)
    assert "NULL" in words
    assert "''" in words


def test_examples_of_rows_are_keys_and_the_rest_is_counted() -> None:
    words = " ".join(" ".join(Page(PAGES["integrity_failure"]).words).split())
    assert "Keys of such rows: id=0, id=1, id=2, id=3" in words
    assert "8 more in result.json" in words
