"""Decides each claim from the result and the facts; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import inf
from typing import Literal

from harness import text
from harness.claims.facts import FactError
from harness.claims.model import Claim
from harness.claims.select import Scalar, Selected, SelectorError, UnmeasuredError
from harness.claims.unseen import bounded
from harness.result import ClaimResult, Comparison, Result

Verdict = Literal["supported", "refuted", "undecided"]

_SYMBOLS = {"==": "=", "<=": "≤", "<": "<", ">=": "≥", ">": ">"}
_SCALE = re.compile(r"(\d+(?:\.\d+)?)([km]?)\Z", re.IGNORECASE)
_NEEDLESS = re.compile(r"\.0+(?!\d)")
_THOUSANDS = {"": 1, "k": 1_000, "m": 1_000_000}
_ON_THIS_MACHINE = "on this machine"
_MOST_TOLD = 4


def judge_claims(claims: Sequence[Claim], result: Result, facts: Mapping[str, object]) -> tuple[ClaimResult, ...]:
    """One result per claim, in their order.

    A figure with an interval supports a claim only if the whole interval satisfies it, and refutes it only if the
    whole interval contradicts it. A figure without one (a count, a size) decides by itself, a doubtful one nothing, be
    it the only one or picked as the smallest or largest; among several that make one figure, doubtful ones are told.
    Where part of what a figure speaks of was not looked at, it decides only what that part could not change.
    """
    return tuple(_judge(claim, result, facts) for claim in claims)


def _judge(claim: Claim, result: Result, facts: Mapping[str, object]) -> ClaimResult:
    try:
        figure = _in_unit(_figure(claim, result, facts), claim.unit)
    except UnmeasuredError as why:
        return _result(claim, "undecided", f"not measured: {why}")
    except SelectorError as why:
        return _result(claim, "undecided", f"the claim's selector does not fit this result: {why}")
    if figure is None or claim.relation is None:
        return _result(claim, "undecided", claim.reason, figure)
    if claim.min_rows > (rows := _rows(result.scale)):
        small = f"the claim names {claim.min_rows:,} rows, this run has {rows:,} ({result.scale})"
        return _result(claim, "undecided", small, figure)
    doubtful = sum(item.doubtful for item in figure.comparisons)
    if (only := _only(figure)) and only.doubtful:
        return _result(claim, "undecided", "the comparison is in doubt, as its warnings say", figure)
    verdict = _decide(claim, figure)
    open_by = _unseen_text(figure.unseen) or "the interval holds values on both sides of the threshold"
    remarks = {
        open_by: verdict == "undecided",
        f"{doubtful} of the {len(figure.comparisons)} comparisons are in doubt, as their warnings say": doubtful > 0,
    }
    return _result(claim, verdict, "; ".join(reason for reason, holds in remarks.items() if holds), figure)


def _only(figure: Selected) -> Comparison | None:
    """The one comparison whose figure this is; None where there is none or several make it."""
    return figure.comparisons[0] if len(figure.comparisons) == 1 else figure.picked


def _figure(claim: Claim, result: Result, facts: Mapping[str, object]) -> Selected | None:
    if claim.needs and not getattr(result, claim.needs):
        raise UnmeasuredError(f"this run has no {claim.needs}")
    if claim.sql:
        return _fact(facts.get(claim.id, FactError("its query did not run")))
    if claim.field is None:
        return None
    selected = bounded(claim.field, claim.field.select(result), result)
    if claim.per is None:
        return selected
    return _quotient(selected, bounded(claim.per, claim.per.select(result), result), claim)


def _fact(fact: object) -> Selected:
    if isinstance(fact, FactError):
        raise UnmeasuredError(fact.message)
    if isinstance(fact, Decimal):
        fact = float(fact)
    return Selected(fact if isinstance(fact, (bool, int, float)) else str(fact))


def _quotient(top: Selected, bottom: Selected, claim: Claim) -> Selected:
    if isinstance(top.value, str) or isinstance(bottom.value, str):
        raise SelectorError(f"{claim.field and claim.field.text} is text and cannot be divided")
    if not bottom.value:
        raise UnmeasuredError(f"{claim.per and claim.per.text} is zero")
    comparisons = tuple(dict.fromkeys((*top.comparisons, *bottom.comparisons)))
    figure = Selected(top.value / bottom.value, comparisons=comparisons)
    if bottom.unseen:
        return replace(figure, low=-inf, high=inf, unseen=tuple(dict.fromkeys((*top.unseen, *bottom.unseen))))
    if not top.unseen:
        return figure
    low, high = (None if end is None else end / bottom.value for end in (top.low, top.high))
    return replace(figure, low=low, high=high, unseen=top.unseen)


def _in_unit(figure: Selected | None, unit: str) -> Selected | None:
    """The figure in the terms in which the claim speaks."""
    if figure is None or isinstance(figure.value, str) or unit not in ("speedup", "change", "ms"):
        return figure
    if unit == "speedup":
        if figure.value <= 0:
            raise UnmeasuredError("a time is zero")
        low, high = figure.high, figure.low
        return replace(figure, value=1 / figure.value, low=low and 1 / low, high=high and 1 / high)
    factor, offset = (1000.0, 0.0) if unit == "ms" else (1.0, -1.0)
    low, high = (None if end is None else end * factor + offset for end in (figure.low, figure.high))
    return replace(figure, value=figure.value * factor + offset, low=low, high=high)


@dataclass(frozen=True)
class _Region:
    """The values that satisfy a relation: from `low` to `high`, the ends belonging to it unless `open`."""

    low: float
    high: float
    open: bool

    def contains(self, value: float) -> bool:
        return self.low < value < self.high if self.open else self.low <= value <= self.high

    def misses(self, low: float, high: float) -> bool:
        return (high <= self.low or low >= self.high) if self.open else (high < self.low or low > self.high)


def _region(claim: Claim) -> _Region:
    threshold, infinity = claim.threshold, float("inf")
    if isinstance(threshold, tuple):
        return _Region(*threshold, open=False)
    assert isinstance(threshold, (int, float))  # the loader lets only == take anything else
    low = threshold if claim.relation in ("==", ">=", ">") else -infinity
    high = threshold if claim.relation in ("==", "<=", "<") else infinity
    return _Region(low, high, open=claim.relation in ("<", ">"))


def _decide(claim: Claim, figure: Selected) -> Verdict:
    if isinstance(figure.value, str) or isinstance(claim.threshold, (bool, str)):
        return "supported" if figure.value == claim.threshold else "refuted"
    region = _region(claim)
    if figure.low is None or figure.high is None:
        return "supported" if region.contains(figure.value) else "refuted"
    if region.contains(figure.low) and region.contains(figure.high):
        return "supported"
    return "refuted" if region.misses(figure.low, figure.high) else "undecided"


def _unseen_text(unseen: Sequence[str]) -> str:
    told = "; ".join(unseen[:_MOST_TOLD])
    return f"{told}; and {len(unseen) - _MOST_TOLD} more" if len(unseen) > _MOST_TOLD else told


def _result(claim: Claim, verdict: Verdict, reason: str, figure: Selected | None = None) -> ClaimResult:
    if figure and figure.unseen:  # its ends are no interval of a measurement
        figure = replace(figure, low=None, high=None)
    value = None if figure is None or isinstance(figure.value, (bool, str)) else float(figure.value)
    return ClaimResult(
        id=claim.id,
        statement=claim.statement,
        source=claim.source,
        verdict=verdict,
        figure="" if figure is None else _figure_text(figure, claim).replace(text.GAP, " "),
        reason="; ".join(filter(None, (reason, claim.note))),
        tested=_tested(claim).replace(text.GAP, " "),
        value=value,
        ci_low=figure.low if figure else None,
        ci_high=figure.high if figure else None,
    )


def _figure_text(figure: Selected, claim: Claim) -> str:
    words = _in_words(figure.value, claim.unit)
    if figure.low is not None and figure.high is not None:
        words += f" ({_in_words(figure.low, claim.unit)} to {_in_words(figure.high, claim.unit)})"
    if claim.unit == "ms":
        words += f" {_ON_THIS_MACHINE}"
    queries = text.count(len(figure.comparisons), "query", "queries")
    if figure.picked and len(figure.comparisons) > 1:
        words += f"; {figure.picked.query}, out of {queries}"
    only = _only(figure)
    if only and claim.unit != "ms":
        words += f"; {text.duration(only.before_s)} before, {text.duration(only.after_s)} after {_ON_THIS_MACHINE}"
    if figure.comparisons and not only:
        weighed = ", each weighed by its time before" if claim.field and claim.field.function == "overall" else ""
        words += f"; over {queries}{weighed}"
    return words


def _in_words(value: Scalar, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if unit == "speedup":
        return text.ratio(value)
    if unit == "change":
        return text.change(value + 1)
    if unit == "ms":
        return text.duration(value / 1000)
    if unit == "share":
        return f"{100 * value:.4g} %"
    number = f"{value:,}" if isinstance(value, int) or value.is_integer() else f"{value:,.4g}"
    return f"{number.removesuffix('.0')} {unit}".rstrip()


def _tested(claim: Claim) -> str:
    if claim.relation is None:
        return ""
    if isinstance(claim.threshold, tuple):
        words = " to ".join(_in_words(end, claim.unit) for end in claim.threshold)
    else:
        assert claim.threshold is not None
        words = f"{_SYMBOLS[claim.relation]} {_in_words(claim.threshold, claim.unit)}"
    kind = {"speedup": "speed-up ", "change": "change "}.get(claim.unit, "")
    return f"{kind}{_NEEDLESS.sub('', words)}" + (f" ({claim.reading})" if claim.reading else "")


def _rows(scale: str) -> int:
    """Rows that a scale stands for; 0 where it is written in a way unknown here, so that no claim passes by it."""
    match = _SCALE.match(scale)
    return round(float(match[1]) * _THOUSANDS[match[2].lower()]) if match else 0
