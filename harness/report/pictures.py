"""The two pictures of a query: its blocks over time, and its distributions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from harness import text
from harness.report.evidence import QueryDetail, Series
from harness.report.svg import Axis, Tick, line_path, linear_axis, linear_values, log_values, point_path, ticks
from harness.report.words import AFTER, BEFORE, CONTROL

ARM_LOOKS = {
    BEFORE: ("#4c7fb8", "", ""),
    AFTER: ("#c2571a", "", "square"),
    CONTROL: ("#7a8490", "2 3", ""),
}
"""Colour, dashes and shape of the points of the arms that are drawn, the first on top."""

VOID_SIGN = "✕"
MARK_SIGN = "!"

_HEADROOM = 1.1
"""Room for signs above the lines."""

_MOST_LABELS = 8

_MOST_MARKS = 20
"""Points of a line, enough to tell it from the others without colour."""

_LEFT = 0.11
"""Room for the labels of the upright axis, as a share of the width."""


WIDTH, HEIGHT = 600, 150
"""The box in which lines are drawn, a unit a pixel; the width of one with blocks is their number."""

_SHARE_AXIS = Axis(0.0, 1.04, from_top=True)

_POINTED_SHARES = (0.25, 0.5, 0.75, 0.95, 0.99)
"""Whose times are told where one points at a distribution."""

Point = tuple[int, int]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Line:
    """One arm's line and its points, both as paths in the picture's box, and its look."""

    arm: str
    path: str
    colour: str
    dashes: str
    cap: str
    points: str


@dataclass(frozen=True)
class Column:
    """An upright strip of the picture: a block, with what hovering over it says; `x`, `width` are in percent."""

    block: int
    x: str
    width: str
    words: str
    sign: str
    void: bool


@dataclass(frozen=True)
class Picture:
    """Lines within labelled axes; `words` is the text alternative, `box` holds the paths.

    `across` is empty where pictures share their axis, `up` likewise. `bands` is what hovering over each of
    `share_bands` says.
    """

    words: str
    box: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    lines: tuple[Line, ...]
    columns: tuple[Column, ...]
    bands: tuple[str, ...] = ()


def blocks_picture(detail: QueryDetail) -> Picture | None:
    """Medians per block in the order of time; None where no block counts."""
    shown = _shown(detail)
    values = [value for item in shown for value in item.blocks_s if value is not None]
    if not values:
        return None
    across = _block_axis(detail.blocks)
    up = linear_axis(_HEADROOM * max(values), from_top=True)
    return Picture(
        words=f"{detail.query}: {detail.figure} per block, {_range(values)}",
        box=f"{across.low:g} 0 {across.high - across.low:g} {HEIGHT}",
        across=(),
        up=ticks(up, [(value, text.rounded(text.duration(value))) for value in linear_values(max(values)) if value]),
        lines=tuple(_medians(item, detail.blocks, up) for item in shown),
        columns=_columns(detail, shown, across),
    )


def distribution_picture(detail: QueryDetail) -> Picture | None:
    """The share of executions that took at most so long; None where there is no sample."""
    shown = [item for item in _shown(detail) if item.quantiles_s]
    values = [value for item in shown for value in item.quantiles_s if value > 0]
    if not values:
        return None
    low, high = min(values), max(values)
    room = (max(high / low, 1.2)) ** _LEFT
    across = Axis(low / room, high * 1.02, log=True)
    up = _SHARE_AXIS
    return Picture(
        words=f"{detail.query}: share of executions that took at most so long, {_range(values)}",
        box=f"0 0 {WIDTH} {HEIGHT}",
        across=ticks(across, [(value, text.rounded(text.duration(value))) for value in log_values(low, high)]),
        up=(),
        lines=tuple(_distribution(item, detail.shares, across, up, low) for item in shown),
        columns=(),
        bands=tuple(_within(shown, detail.shares, share) for share in _POINTED_SHARES if share in detail.shares),
    )


def block_ticks(blocks: Sequence[int]) -> tuple[Tick, ...]:
    """The lower axis of every picture of these blocks."""
    return ticks(_block_axis(blocks), [(block, str(block)) for block in _some(blocks, _MOST_LABELS)])


def share_ticks() -> tuple[Tick, ...]:
    """The upright axis of every distribution."""
    return ticks(_SHARE_AXIS, [(share, f"{100 * share:g} %") for share in (0.5, 0.95)])


def share_bands() -> tuple[tuple[int, int], ...]:
    """The strips of a distribution that one can point at, each around its share: `y` and height in the box."""
    between = [(low + high) / 2 for low, high in pairwise(_POINTED_SHARES)]
    edges = [HEIGHT, *(_SHARE_AXIS.units(share, HEIGHT) for share in between), 0]
    return tuple((top, bottom - top) for bottom, top in pairwise(edges))


def _shown(detail: QueryDetail) -> list[Series]:
    by_arm = {item.arm: item for item in detail.series}
    return [by_arm[arm] for arm in reversed(ARM_LOOKS) if arm in by_arm]


def _medians(item: Series, blocks: Sequence[int], up: Axis) -> Line:
    pairs = zip(blocks, item.blocks_s, strict=True)
    points = [(block, up.units(value, HEIGHT)) for block, value in pairs if value is not None]
    return _line(item.arm, points, _some(points, _MOST_MARKS))


def _distribution(item: Series, shares: Sequence[float], across: Axis, up: Axis, low: float) -> Line:
    places = [
        (share, (across.units(max(value, low), WIDTH), up.units(share, HEIGHT)))
        for value, share in zip(item.quantiles_s, shares, strict=True)
    ]
    marks = [place for share, place in places if share in (0.25, 0.5, 0.75, 0.95)]
    return _line(item.arm, [place for _, place in places], marks)


def _line(arm: str, points: Sequence[Point], marks: Sequence[Point]) -> Line:
    colour, dashes, cap = ARM_LOOKS[arm]
    return Line(
        arm,
        line_path(points) + ("h0" if len(points) == 1 else ""),
        colour,
        dashes,
        cap,
        point_path(marks) if cap else "",
    )


def _columns(detail: QueryDetail, shown: Sequence[Series], across: Axis) -> tuple[Column, ...]:
    void, marks = dict(detail.void), dict(detail.marks)
    columns = []
    for place, block in enumerate(detail.blocks):
        words = f"{block}: " + (
            f"void, {void[block]}" if block in void else _told({item.arm: item.blocks_s[place] for item in shown})
        )
        words += f"; {marks[block]}" if block in marks else ""
        sign = VOID_SIGN if block in void else MARK_SIGN if block in marks else ""
        place_and_width = across.at(block - 0.5), across.span(block - 0.5, block + 0.5)
        columns.append(Column(block, *place_and_width, words, sign, block in void))
    return tuple(columns)


def _within(shown: Sequence[Series], shares: Sequence[float], share: float) -> str:
    """`95 %: 5.97 → 6.55 (6.83) ms`: within what time that share of the executions ended."""
    place = shares.index(share)
    return f"{100 * share:g} %: {_told({item.arm: item.quantiles_s[place] for item in shown})}"


def _told(seconds: Mapping[str, float | None]) -> str:
    """`5.97 → 6.55 (6.83) ms`: before, after, and in brackets the control."""
    times = {arm: text.milliseconds(value, 3) for arm, value in seconds.items()}
    before_and_after = " → ".join(times[arm] for arm in (BEFORE, AFTER) if arm in times)
    return f"{before_and_after} ({times[CONTROL]}) ms" if CONTROL in times else f"{before_and_after} ms"


def _block_axis(blocks: Sequence[int]) -> Axis:
    first, last = blocks[0], blocks[-1]
    return Axis(first - 0.5 - round(_LEFT * (last - first) + 0.5), last + 0.5)


def _some(items: Sequence[Item], most: int) -> Sequence[Item]:
    """Evenly chosen ones, the first among them."""
    return items[:: max(1, -(-len(items) // most))]


def _range(values: Sequence[float]) -> str:
    return f"from {text.duration(min(values))} to {text.duration(max(values))}"
