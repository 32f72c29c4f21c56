"""Positions on axes, and the blocks and distributions that come from the samples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from harness.report import build, html, markdown, terminal, write_report
from harness.report.blocks import SHARES
from harness.report.evidence import Absent, QueryDetail
from harness.report.pictures import HEIGHT, blocks_picture, distribution_picture, share_bands
from harness.report.svg import Axis, byte_values, linear_values, log_values, ratio_axis, ratio_ticks
from harness.result.store import write_result
from tests.unit.report.cases import REGRESSION, compare
from tests.unit.report.samples import MARKED_BLOCK, VOID_BLOCK, write_samples


def test_a_log_axis_puts_1_in_the_middle_of_a_half_and_2() -> None:
    axis = ratio_axis(0.5, 2.0)
    assert axis.at(1.0) == "50%"
    assert axis.at(0.5) == "0%"
    assert axis.span(1.0, 2.0) == "50%"


def test_an_axis_cuts_what_lies_beyond_its_ends() -> None:
    axis = ratio_axis(0.5, 2.0)
    assert axis.at(15.0) == "100%"
    assert not axis.holds(15.0)
    assert axis.span(1.0, 15.0) == "50%"


def test_an_upright_axis_counts_from_the_top() -> None:
    assert Axis(0.0, 10.0, from_top=True).at(10.0) == "0%"


@pytest.mark.parametrize("span", [1.2, 1.5, 3.0, 4.1, 20.0, 900.0])
def test_an_axis_of_ratios_has_few_ticks_and_1_among_them(span: float) -> None:
    labels = [tick.label for tick in ratio_ticks(ratio_axis(1 / span, span))]
    assert "1×" in labels
    assert 3 <= len(labels) <= 7


def test_round_values_cover_the_axis() -> None:
    assert linear_values(0.9) == pytest.approx((0.0, 0.2, 0.4, 0.6, 0.8))
    assert linear_values(0.0) == (0.0,)
    assert [value // 1024**2 for value in byte_values(812 * 1024**2)] == [0, 200, 400, 600, 800]
    assert byte_values(0) == (0,)
    assert log_values(0.0009, 0.06) == pytest.approx((0.001, 0.002, 0.005, 0.01, 0.02, 0.05))


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    path = tmp_path / "samples.parquet"
    write_samples(path, {"orders_list": (0.002, 0.004), "orders_search": (0.01, 0.01)}, void_query="orders_list")
    return path


def detail(samples: Path, query: str = "orders_list") -> QueryDetail:
    details = build(REGRESSION, samples).details
    assert not isinstance(details, Absent)
    return next(item for item in details if item.query == query)


def latencies(samples: Path, query: str, arm: str) -> dict[int, list[float]]:
    """By block, straight from the file."""
    found: dict[int, list[float]] = {}
    for row in pq.read_table(samples).to_pylist():
        if (row["query"], row["arm"], row["warmup"]) == (query, arm, False):
            found.setdefault(row["block"], []).append(row["done_s"] - row["intended_s"])
    return found


def test_medians_and_distributions_are_those_of_the_samples(samples: Path) -> None:
    shown = detail(samples)
    by_block = latencies(samples, "orders_list", "after")
    after = next(item for item in shown.series if item.arm == "after")
    expected = [None if block == VOID_BLOCK else float(np.median(values)) for block, values in by_block.items()]
    assert after.blocks_s == pytest.approx(expected)
    pooled = [value for block, values in by_block.items() if block != VOID_BLOCK for value in values]
    assert after.samples == len(pooled)
    assert after.quantiles_s == pytest.approx(np.quantile(pooled, SHARES), rel=1e-5)


def test_the_blocks_of_a_query_that_the_servers_mean_decides_show_that_mean(samples: Path) -> None:
    server = compare("orders_list", 2.0, "slower", metric="mean", basis="server", before_s=0.0012)
    response = compare("orders_list", 1.7, "slower", gated=False, advisory=True)
    data = build(replace(REGRESSION, latency=(server, response)), samples)
    assert not isinstance(data.details, Absent)
    (shown,) = data.details
    assert {item.arm: item.blocks_s[0] for item in shown.series} == pytest.approx(
        {"before": 0.0012, "after": 0.0024, "control": 0.0012}
    )
    page = html.render(data)
    assert "<figcaption>Server's mean per block</figcaption>" in page
    assert "1.20 ms → 2.40 ms <br><small>server's mean</small>" in page.replace("\u00a0", " ")
    assert "1.20 ms → 2.40 ms, server's mean" in terminal.render(data).replace("\u00a0", " ")
    assert "| server's mean |" in markdown.render(data)


def test_pointing_at_a_distribution_tells_the_times_within_which_that_share_ended(samples: Path) -> None:
    shown = detail(samples)
    picture = distribution_picture(shown)
    assert picture is not None
    assert [words.split(":")[0] for words in picture.bands] == ["25 %", "50 %", "75 %", "95 %", "99 %"]
    times = {item.arm: f"{1000 * item.quantiles_s[SHARES.index(0.95)]:.3g}" for item in shown.series}
    assert picture.bands[3] == f"95 %: {times['before']} → {times['after']} ({times['control']}) ms"
    bands = share_bands()
    assert len(bands) == len(picture.bands)
    assert sum(height for _, height in bands) == HEIGHT
    assert all(height >= 8 for _, height in bands)


def test_a_void_block_counts_for_no_arm_and_is_marked(samples: Path) -> None:
    shown = detail(samples)
    place = shown.blocks.index(VOID_BLOCK)
    assert {item.blocks_s[place] for item in shown.series} == {None}
    assert shown.void == ((VOID_BLOCK, "after: the client was late"),)
    picture = blocks_picture(shown)
    assert picture is not None
    assert [column.words for column in picture.columns if column.void] == ["5: void, after: the client was late"]


def test_a_block_with_a_checkpoint_is_marked_and_counts(samples: Path) -> None:
    shown = detail(samples, "orders_search")
    assert shown.marks == ((MARKED_BLOCK, "before: a checkpoint began"),)
    assert None not in shown.series[0].blocks_s
    picture = blocks_picture(shown)
    assert picture is not None
    assert [column.sign for column in picture.columns if column.sign] == ["!"]


def test_the_void_block_of_one_query_leaves_the_others_alone(samples: Path) -> None:
    shown = detail(samples, "orders_search")
    assert shown.void == ()
    assert None not in shown.series[0].blocks_s


def test_the_details_stand_in_the_order_of_the_forest(samples: Path) -> None:
    details = build(REGRESSION, samples).details
    assert not isinstance(details, Absent)
    assert [item.query for item in details] == ["orders_search", "orders_list"]


def test_pictures_have_a_line_for_each_arm(samples: Path) -> None:
    shown = detail(samples)
    for picture in (blocks_picture(shown), distribution_picture(shown)):
        assert picture is not None
        assert [line.arm for line in picture.lines] == ["control", "after", "before"]
        assert all(line.path.startswith("M") for line in picture.lines)


@pytest.mark.parametrize("content", [b"", b"no parquet at all"])
def test_samples_that_cannot_be_read_are_told_and_the_rest_is_shown(tmp_path: Path, content: bytes) -> None:
    write_result(tmp_path, REGRESSION)
    (tmp_path / "samples.parquet").write_bytes(content)
    write_report(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "The samples cannot be read" in page
    assert "orders_search" in page
