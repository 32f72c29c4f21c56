"""The evidence as the report shows it: integrity, latency and blocks, all of it formatted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "bad", "open", "plain"]
"""How a mark looks: good (✓), bad (✗), open (?: not decided, look yourself), plain (a fact)."""

MARKS: dict[Tone, str] = {"good": "✓", "bad": "✗", "open": "?", "plain": "·"}


@dataclass(frozen=True)
class Absent:
    """A section that has nothing to show, with the reason: never an empty table that looks like a pass."""

    reason: str


@dataclass(frozen=True)
class Fact:
    """A label and its value, as the head and the method section list them."""

    label: str
    value: str


@dataclass(frozen=True)
class Cell:
    """One column in the matrix."""

    column: str
    tone: Tone
    mark: str
    verdict: str


@dataclass(frozen=True)
class MatrixRow:
    """A table that lost columns, the views that replace them, and one cell per column."""

    table: str
    views: str
    rows: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Column:
    """One column against its counterpart, formatted; `tally` has the counts above zero, `fate` is empty if dropped."""

    name: str
    type: str
    fate: str
    counterpart: str
    counterpart_type: str
    lineage: str
    verdict: str
    tone: Tone
    rows: str
    identical: str
    tally: tuple[Fact, ...]
    reason: str


@dataclass(frozen=True)
class ExampleRow:
    """One row that shows a finding; old and new value as the reader sees them."""

    key: str
    old: str
    new: str


@dataclass(frozen=True)
class FindingCard:
    """A finding with its examples and the query to paste; `more` counts the examples that only result.json holds."""

    kind: str
    severity: str
    tone: Tone
    object: str
    detail: str
    extent: str
    cause: str
    examples: tuple[ExampleRow, ...]
    keys: tuple[str, ...]
    more: int
    query: str
    database: str
    next_step: str


@dataclass(frozen=True)
class FindingGroup:
    """The findings of one kind and severity: `12 views read past row level security`, and what that means.

    What several cards have in common (the next step, the database of the queries) stands here, too, to be told once.
    """

    kind: str
    severity: str
    tone: Tone
    sentence: str
    meaning: str
    next_step: str
    database: str
    cards: tuple[FindingCard, ...]


@dataclass(frozen=True)
class AcceptedGroup:
    """Findings that the scenario accepts for the same reason."""

    reason: str
    cards: tuple[FindingCard, ...]


@dataclass(frozen=True)
class View:
    """A view that the migration creates, and whether it can be read."""

    name: str
    tables: str
    columns: str
    rows: str
    state: str
    tone: Tone
    detail: str


@dataclass(frozen=True)
class IntegritySection:
    """Everything about values: a sentence, the matrix, the columns, the findings by severity, the views.

    `fates` is what the migration did to the columns: `dropped`, `dropped and rewritten`.
    """

    verdict: str
    sentence: str
    tone: Tone
    fates: str
    matrix: tuple[MatrixRow, ...]
    columns: tuple[Column, ...]
    findings: tuple[FindingGroup, ...]
    accepted: tuple[AcceptedGroup, ...]
    views: tuple[View, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Interval:
    """A ratio with its interval, as numbers for a picture and as text; `low`, `high` None where there is none."""

    ratio: float
    low: float | None
    high: float | None
    text: str
    range_text: str


@dataclass(frozen=True)
class LatencyRow:
    """One query against the old state; `noise` is the A/A control of the same query.

    `level` repeats `clients` where the run measured several levels, and is empty where there is only one.
    `load` is what the samples call this row: the query's name as it is, and the number of clients. `figure` is what
    `before` and `after` are, in words: the response's median, the server's mean.
    """

    load: tuple[str, int]
    query: str
    figure: str
    metric: str
    basis: str
    clients: str
    level: str
    verdict: str
    tone: Tone
    effect: Interval | None
    noise: Interval | None
    before: str
    after: str
    blocks: str
    p_value: str
    margin: str
    over_limit: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class LatencySection:
    """The forest plot's rows, worst first, and the further metrics of the same queries.

    `low` and `high` are the ends of the shared log axis; `band` is the half-width of the band of equivalence.
    """

    sentence: str
    tone: Tone
    rows: tuple[LatencyRow, ...]
    further: tuple[LatencyRow, ...]
    low: float
    high: float
    band: float
    noise: str


@dataclass(frozen=True)
class LoadSection:
    """The mixed load: the mix by metric, and each query of it."""

    sentence: str
    tone: Tone
    rows: tuple[LatencyRow, ...]
    queries: tuple[LatencyRow, ...]


@dataclass(frozen=True)
class Series:
    """One arm of one query: a figure per block (seconds; None: not run, or void) and the quantiles behind the ECDF."""

    arm: str
    blocks_s: tuple[float | None, ...]
    quantiles_s: tuple[float, ...]
    samples: int


@dataclass(frozen=True)
class QueryDetail:
    """The blocks and distributions of one query at one level; `shares` belong to each series' `quantiles_s`.

    `void` holds the numbers of the blocks that are not believed, with the reason; `marks` those in which something
    interfered (a checkpoint, stolen time), which count all the same. `figure` is what the blocks show, the one that
    decides; the distributions are of responses.
    """

    query: str
    level: str
    figure: str
    verdict: str
    tone: Tone
    effect: str
    blocks: tuple[int, ...]
    void: tuple[tuple[int, str], ...]
    marks: tuple[tuple[int, str], ...]
    shares: tuple[float, ...]
    series: tuple[Series, ...]
