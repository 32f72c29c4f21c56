"""Why things are as they are, as the report shows it: causes, attribution and plans, all of it formatted."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.evidence import Interval, Tone


@dataclass(frozen=True)
class WhyRow:
    """The causes of one query's verdict, the dearest first, and statements that certainly help."""

    query: str
    verdict: str
    tone: Tone
    causes: tuple[str, ...]
    remedies: tuple[str, ...]


@dataclass(frozen=True)
class PlanText:
    """One plan as text; `label` says which: the arm and the mode, and what it came to."""

    label: str
    text: str


@dataclass(frozen=True)
class PlanQuery:
    """The plans of one query that differ from each other, what is the same told in `notes`, and the differences."""

    query: str
    summary: str
    parameters: str
    changes: tuple[str, ...]
    plans: tuple[PlanText, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class AttributionRow:
    """What the indexes alone, the views alone and both did to one query, as speed-ups (2×: twice as fast).

    `interaction` is how many times more both did together than the product of each alone.
    """

    query: str
    sentence: str
    indexes: Interval | None
    normalisation: Interval | None
    both: Interval | None
    interaction: Interval | None
    blocks: str
