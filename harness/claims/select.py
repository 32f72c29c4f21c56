"""A small language that picks a figure out of a result: `latency[query=sales_list,arm=after,metric=p50].ratio`.

A path names fields of the result; a list is passed through item by item, and `[name=value,...]` keeps the items whose
fields have these values. `a|b` is either, `!=` is not, `null` is None. A path that stands alone must lead to exactly
one value; a function around it takes many: `count`, `distinct` (how many different ones), `sum`, `min`, `max`, `mean`,
`geomean`, and `overall` for ratios of times: their mean, each weighed by its `before_s`. That is what the sum of the
times before would change by if each query changed as its typical operation did; the quotient of the sums of the times
after and before is another figure where parameters differ in effect. A list that is empty because its phase did not run
gives UnmeasuredError, never 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from harness.result import Comparison, Integrity, Result

Scalar = float | int | bool | str

_CALL = re.compile(r"(?:(?P<function>[a-z]+)\((?P<inner>.*)\)|(?P<path>[^()]*))\Z", re.DOTALL)
_SEGMENT = re.compile(r"(?P<name>[a-z_][a-z0-9_]*)(?:\[(?P<filters>[^\[\]]*)\])?(?:\.|\Z)")
_FILTER = re.compile(r"\s*(?P<name>[a-z_][a-z0-9_]*)\s*(?P<operator>!?=)\s*(?P<values>[^,]*?)\s*\Z")

_SHOWN_BY = {"errors": "latency", "void_slices": "latency"}
"""Lists that are rightly empty, and the list that proves that somebody looked."""

_OVERALL = "overall"
_PICKING = ("min", "max")
_RATE = "throughput"
"""The metric whose ratios are of operations a second."""
_RATIO = "ratio"
_INTERVALS = {_RATIO: ("ci_low", "ci_high"), "after_s": ("after_low_s", "after_high_s")}
"""Figures that come with an interval, and the fields that hold its ends."""


class SelectorError(ValueError):
    """The selector is not written as this language wants it, or names a field that does not exist."""


class UnmeasuredError(Exception):
    """The result holds no such figure; the message says why."""


@dataclass(frozen=True)
class Selected:
    """A figure with its interval where it has one, and the comparisons that it comes from.

    Of several comparisons `picked` is the one whose figure it is, the smallest or the largest. `unseen` names what the
    figure speaks of and nobody looked at; the ends are then those of what may be hidden there.
    """

    value: Scalar
    low: float | None = None
    high: float | None = None
    comparisons: tuple[Comparison, ...] = ()
    picked: Comparison | None = None
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Filter:
    """One `name=value|...` of a segment."""

    name: str
    negated: bool
    values: tuple[str, ...]

    def keeps(self, item: object) -> bool:
        """Whether the item's field has one of the values."""
        return self.allows(_spell(_field(item, self.name)))

    def allows(self, value: str) -> bool:
        """Whether a field of this value would pass."""
        return (value in self.values) != self.negated


@dataclass(frozen=True)
class Segment:
    """One field of a path, with the filters on its items."""

    name: str
    filters: tuple[Filter, ...]

    def allows(self, name: str, value: str) -> bool:
        """Whether the filters on this field let the value pass."""
        return all(test.allows(value) for test in self.filters if test.name == name)


@dataclass(frozen=True)
class Selector:
    """A parsed selector; `select` reads it from a result."""

    text: str
    function: str
    segments: tuple[Segment, ...]

    def select(self, result: Result) -> Selected:
        """The figure; UnmeasuredError where the result holds none, SelectorError where a field does not exist."""
        root = self.segments[0].name
        if not _was_looked_at(result, _SHOWN_BY.get(root, root)):
            raise UnmeasuredError(f"this run has no {_SHOWN_BY.get(root, root)}")
        found = self._walk(result)
        if self.function in _COUNTING:
            return Selected(_COUNTING[self.function](value for _, value in found))
        if not found and self.function == "sum" and root in _SHOWN_BY:
            return Selected(0)
        if not found or any(value is None for _, value in found):
            raise UnmeasuredError("this run has no such figure")
        if not self.function and len(found) > 1:
            raise UnmeasuredError(f"{len(found)} figures match {self.text}, one was expected")
        return self._combine(found)

    def _walk(self, result: Result) -> list[tuple[object, object]]:
        """Pairs of owner and value at the path's end."""
        found: list[tuple[object, object]] = [(None, result)]
        for segment in self.segments:
            found = [
                (owner, item)
                for _, owner in found
                for item in _items(_field(owner, segment.name))
                if all(test.keeps(item) for test in segment.filters)
            ]
        return found

    def _combine(self, found: Sequence[tuple[object, object]]) -> Selected:
        """One figure of all. Where each has an interval it has one, too: the same of the lower, and of the upper ends.

        Of a mean or a sum that is right where the errors of the queries move together and too wide where they are
        independent. Of the smallest or largest it holds as surely as all of the intervals hold at once.
        """
        comparisons = tuple(owner for owner, _ in found if isinstance(owner, Comparison))
        if not self.function:
            value = found[0][1]
            if not isinstance(value, (int, float, str)):
                raise SelectorError(f"{self.text} is a list or a record, not a figure")
            low, high = self._interval(found[0][0])
            return Selected(value, low, high, comparisons)
        values = [_number(value, self.text) for _, value in found]
        if self.function == _OVERALL and not self._is_of_times(comparisons, len(found)):
            raise SelectorError(f"{self.text}: {_OVERALL} takes ratios of times")
        combine = _overall(comparisons) if self.function == _OVERALL else _NUMERIC[self.function]
        value = combine(values)
        whole = self.function in _PICKING and len(comparisons) == len(found)
        picked = comparisons[values.index(value)] if whole else None
        if self.segments[-1].name not in _INTERVALS:
            return Selected(value, comparisons=comparisons, picked=picked)
        ends = [self._interval(owner) for owner, _ in found]
        low, high = (combine([_number(end, self.text) for end in side]) for side in zip(*ends, strict=True))
        return Selected(value, low, high, comparisons, picked)

    def _is_of_times(self, comparisons: Sequence[Comparison], number: int) -> bool:
        """Whether these are the ratios of comparisons, none of them one of operations a second."""
        every = len(comparisons) == number and self.segments[-1].name == _RATIO
        return every and all(item.metric != _RATE for item in comparisons)

    def _interval(self, owner: object) -> tuple[float | None, float | None]:
        """The interval of a ratio or of a time, which its record holds beside it; anything else has none."""
        ends = _INTERVALS.get(self.segments[-1].name)
        if ends is None:
            return None, None
        low, high = (getattr(owner, end, None) for end in ends)
        if low is None or high is None:
            raise UnmeasuredError("too few blocks for an interval")
        return low, high


def parse(text: str) -> Selector:
    """The selector that the text stands for; raises SelectorError."""
    match = _CALL.match(text.strip())
    if match is None:
        raise SelectorError(f"{text!r} is no selector")
    function = match["function"] or ""
    functions = (*_COUNTING, *_NUMERIC, _OVERALL)
    if function and function not in functions:
        raise SelectorError(f"there is no function {function!r}; there are {', '.join(functions)}")
    selector = Selector(text.strip(), function, _segments(match["inner"] if function else match["path"]))
    if selector.segments[0].name not in Result.__dataclass_fields__:
        raise SelectorError(f"a result has no {selector.segments[0].name!r}")
    return selector


def _segments(path: str) -> tuple[Segment, ...]:
    segments, at = [], 0
    while at < len(path):
        match = _SEGMENT.match(path, at)
        if match is None:
            raise SelectorError(f"{path!r}: cannot read {path[at:]!r}")
        filters = match["filters"]
        segments.append(Segment(match["name"], tuple(_filter(part) for part in filters.split(",")) if filters else ()))
        at = match.end()
    if not segments or path.endswith("."):
        raise SelectorError(f"{path!r} is no path")
    return tuple(segments)


def _filter(text: str) -> Filter:
    match = _FILTER.match(text)
    if match is None:
        raise SelectorError(f"{text!r} is no filter; write name=value")
    return Filter(match["name"], match["operator"] == "!=", tuple(part.strip() for part in match["values"].split("|")))


def _spell(value: object) -> str:
    """A value as filters write it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _field(owner: object, name: str) -> object:
    if isinstance(owner, dict):
        return owner.get(name)
    if not hasattr(owner, name):
        raise SelectorError(f"{type(owner).__name__} has no field {name!r}")
    field: object = getattr(owner, name)
    return field


def _items(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _was_looked_at(result: Result, root: str) -> bool:
    value: object = getattr(result, root)
    if isinstance(value, Integrity):
        return value.verdict != "not_checked"
    return value != ()


def _number(value: object, text: str) -> float:
    if not isinstance(value, (int, float)):
        raise SelectorError(f"{text} does not lead to numbers")
    return float(value)


def _geomean(values: Sequence[float]) -> float:
    if min(values) <= 0:
        raise UnmeasuredError("a figure is zero")
    return math.exp(sum(map(math.log, values)) / len(values))


def _overall(comparisons: Sequence[Comparison]) -> Callable[[Sequence[float]], float]:
    """The mean of ratios, each with the weight of its query's time before."""
    weights = [comparison.before_s or 0.0 for comparison in comparisons]
    if not sum(weights):
        raise UnmeasuredError("a time is zero")
    return lambda ratios: math.fsum(map(math.prod, zip(weights, ratios, strict=True))) / math.fsum(weights)


def _distinct(values: Iterable[object]) -> int:
    return len({value for value in values if value is not None})


_COUNTING: dict[str, Callable[[Iterable[object]], int]] = {
    "count": lambda values: sum(value is not None for value in values),
    "distinct": _distinct,
}
_NUMERIC: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "min": min,
    "max": max,
    "mean": lambda values: math.fsum(values) / len(values),
    "geomean": _geomean,
}
