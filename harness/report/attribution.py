"""What the indexes did and what the views did, as speed-ups, with the sentence that a reader needs."""

from __future__ import annotations

from harness import text
from harness.report.evidence import Absent, Interval
from harness.report.latency import headline_comparisons, interval
from harness.report.reasons import AttributionRow
from harness.report.words import DOUBTFUL
from harness.result import Attribution, Result

_NEXT_TO_NOTHING = 1.01
_ALIKE = 1.05
"""Two effects are as large as each other where the whole interval of their ratio is within this, as of two queries."""

_APART = "; each is the typical operation's own, so that they do not multiply to the whole"


def attribution_rows(result: Result) -> tuple[AttributionRow, ...] | Absent:
    """One row per query: those in which both together have a certain effect first, the largest at the top."""
    by_query: dict[str, dict[str, Attribution]] = {}
    for item in result.attribution:
        by_query.setdefault(item.query, {})[item.factor] = item
    if not by_query:
        return Absent(f"Indexes and views are not told apart: {_reason(result)}.")
    doubtful = {item.query for item in headline_comparisons(result) if item.doubtful}
    rows = [_row(query, factors, query in doubtful) for query, factors in by_query.items()]
    return tuple(sorted(rows, key=_certain_first))


def _certain_first(row: AttributionRow) -> tuple[bool, float, str]:
    certain = row.both is not None and _is_certain(row.both) and not row.sentence.startswith(DOUBTFUL)
    return (not certain, -_size(row.both), row.query)


def _reason(result: Result) -> str:
    if result.attribution_absent:
        return text.visible(result.attribution_absent)
    return "too few blocks held all four states" if result.latency else "no query was timed"


def _row(query: str, factors: dict[str, Attribution], doubtful: bool) -> AttributionRow:
    ups = {name: _speed_up(item) for name, item in factors.items()}
    return AttributionRow(
        query=text.visible(query),
        sentence=f"{DOUBTFUL}: {_sentence(ups)}" if doubtful else _sentence(ups),
        indexes=ups.get("indexes_alone"),
        normalisation=ups.get("normalisation_alone"),
        both=ups.get("both"),
        interaction=ups.get("interaction"),
        blocks=f"{max(item.blocks for item in factors.values()):,}",
    )


def _speed_up(item: Attribution) -> Interval:
    """A ratio of times turned over: 2× is twice as fast."""
    return interval(1 / item.ratio, 1 / item.ci_high, 1 / item.ci_low)


def _sentence(ups: dict[str, Interval]) -> str:
    """`4.10× faster in all: the indexes alone 3.90×, the views alone 0.95×, both together 1.11× more than ...`.

    An effect whose interval holds 1 is not told as one; that there is none is told only where the interval is narrow.
    """
    if not {"both", "indexes_alone", "normalisation_alone", "interaction"} <= ups.keys():
        return "too few blocks to tell"
    both, together = ups["both"], ups["interaction"]
    words = f"{_in_all(both)}: the indexes alone {ups['indexes_alone'].text}, the views alone "
    words += f"{ups['normalisation_alone'].text}, both together "
    if not _is_certain(together) or _size(together) < _NEXT_TO_NOTHING:
        words += f"{'as much as' if _is_alike(together) else 'not certainly more or less than'} the product"
    else:
        words += f"{text.ratio(_size(together))} {'more' if together.ratio > 1 else 'less'} than the product"
    return words + (_APART if _do_not_multiply(ups) else "")


def _do_not_multiply(ups: dict[str, Interval]) -> bool:
    """Whether a reader who multiplies the figures finds another whole, as where operations differ in effect."""
    product = ups["indexes_alone"].ratio * ups["normalisation_alone"].ratio * ups["interaction"].ratio
    return max(product / ups["both"].ratio, ups["both"].ratio / product) > _ALIKE


def _in_all(both: Interval) -> str:
    if not _is_certain(both) or _size(both) < _NEXT_TO_NOTHING:
        return "no certain difference in all"
    return f"{text.ratio(_size(both))} {'faster' if both.ratio > 1 else 'slower'} in all"


def _is_certain(part: Interval) -> bool:
    """Whether the whole interval lies on one side of 1."""
    return part.low is not None and part.high is not None and (part.low > 1 or part.high < 1)


def _is_alike(part: Interval) -> bool:
    """Whether the whole interval is close to 1."""
    return part.low is not None and part.high is not None and part.low >= 1 / _ALIKE and part.high <= _ALIKE


def _size(part: Interval | None) -> float:
    return max(part.ratio, 1 / part.ratio) if part else 1.0
