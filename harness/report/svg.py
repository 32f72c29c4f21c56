"""Positions for the report's pictures, which templates draw as static SVG.

Why templates and no plotting library: the page must be legible under a content policy that forbids style attributes,
must name values on hover without a script, and must fit a phone and a wide screen without scaled text. Measured on a
forest plot of 20 rows: Matplotlib's SVG has 108 style attributes, no `<title>` and 21 kB, and takes 1 s to import;
Pygal's has a style element and a script in every picture, and neither intervals nor bands. A strip of SVG per table
row, placed in percent of its own width, needs 0.5 kB, keeps the text in HTML, and is the data table at the same time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_LOG_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
_NEAR_TICKS = (0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
_NEAR_SPAN = 2.6
_MOST_TICKS = 7


@dataclass(frozen=True)
class Tick:
    """A mark on an axis, at `percent` of its length; `anchor` keeps its label within the picture."""

    percent: str
    label: str
    anchor: str


@dataclass(frozen=True)
class Axis:
    """Maps values to percent of a picture's width (or, counted from the top, of its height)."""

    low: float
    high: float
    log: bool = False
    from_top: bool = False

    def at(self, value: float) -> str:
        """The place of a value as SVG writes it, cut to the ends of the axis."""
        return f"{self._percent(value):g}%"

    def holds(self, value: float) -> bool:
        """Whether the value lies between the ends."""
        return self.low <= value <= self.high

    def span(self, low: float, high: float) -> str:
        """The length from one value to another."""
        return f"{round(abs(self._percent(high) - self._percent(low)), 2):g}%"

    def units(self, value: float, length: int) -> int:
        """The place in a box of that length."""
        return round(self._percent(value) / 100 * length)

    def _percent(self, value: float) -> float:
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        share = min(max(share, 0.0), 1.0)
        return round(100 * (1 - share if self.from_top else share), 2)


def ratio_axis(low: float, high: float) -> Axis:
    """A log axis of ratios."""
    return Axis(low, high, log=True)


def ratio_ticks(axis: Axis) -> tuple[Tick, ...]:
    """Ticks of a log axis of ratios: round numbers, few enough to read, always with 1."""
    candidates = _NEAR_TICKS if axis.high / axis.low < _NEAR_SPAN else _LOG_TICKS
    inside = [value for value in candidates if axis.low < value < axis.high]
    while len(inside) > _MOST_TICKS:
        middle = inside.index(1.0)
        inside = [value for place, value in enumerate(inside) if (place - middle) % 2 == 0]
    return tuple(_tick(axis, value, f"{value:g}×") for value in inside)


def linear_axis(largest: float, from_top: bool = False) -> Axis:
    """An axis from zero to a little above the largest value."""
    return Axis(0.0, largest * 1.04 or 1.0, from_top=from_top)


def linear_values(largest: float, most: int = 5) -> tuple[float, ...]:
    """Round values from zero up to the largest: steps of 1, 2 or 5 times a power of ten."""
    if largest <= 0:
        return (0.0,)
    rough = largest / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return tuple(step * number for number in range(int(largest / step + 1e-9) + 1))


def log_values(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Round values between the ends of a log axis: 1, 2 and 5 times powers of ten, fewer where these are too many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        values = tuple(factor * 10.0**power for power in powers for factor in factors)
        inside = tuple(value for value in values if low <= value <= high)
        if len(inside) <= most:
            return inside
    return inside[:: math.ceil(len(inside) / most)]


def byte_values(largest: int, most: int = 5) -> tuple[int, ...]:
    """Round numbers of bytes: steps of 1, 2, 4, ... or 100, 200, ... of a binary unit."""
    if largest <= 0:
        return (0,)
    unit = 1024 ** int(math.log(largest, 1024))
    step = max(1, round(linear_values(largest / unit, most)[1] * unit)) if largest > unit else max(1, largest // most)
    return tuple(step * number for number in range(largest // step + 1))


def ticks(axis: Axis, labelled: Iterable[tuple[float, str]]) -> tuple[Tick, ...]:
    """Ticks at given values with given labels."""
    return tuple(_tick(axis, value, label) for value, label in labelled)


def line_path(points: Sequence[tuple[int, int]]) -> str:
    """A path of straight lines from point to point; each but the first as its distance, which takes fewer digits."""
    return "l".join([_start(points), _joined(_steps(points))]) if len(points) > 1 else _start(points)


def point_path(points: Sequence[tuple[int, int]]) -> str:
    """The same for single points: lines without length, of which a wide stroke shows the cap."""
    return "h0".join([_start(points), *(f"m{_joined([step])}" for step in _steps(points)), ""]) if points else ""


def _start(points: Sequence[tuple[int, int]]) -> str:
    return f"M{points[0][0]} {points[0][1]}" if points else ""


def _steps(points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(x - last_x, y - last_y) for (last_x, last_y), (x, y) in pairwise(points)]


def _joined(steps: Iterable[tuple[int, int]]) -> str:
    """Numbers as SVG reads them: a minus parts two of them, too."""
    return " ".join(str(number) for step in steps for number in step).replace(" -", "-")


def _tick(axis: Axis, value: float, label: str) -> Tick:
    place = axis.at(value)
    percent = float(place.rstrip("%"))
    anchor = "start" if percent < 4 else "end" if percent > 96 else "middle"
    return Tick(place, label, anchor)
