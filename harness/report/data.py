"""What every format of the report is made from: frozen, every figure formatted and every sentence decided, once."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.evidence import (
    Absent,
    Fact,
    IntegritySection,
    LatencySection,
    LoadSection,
    QueryDetail,
    Tone,
)
from harness.report.reasons import AttributionRow, PlanQuery, WhyRow


@dataclass(frozen=True)
class Figure:
    """One of the figures that matter: large value, what it counts, and a line of context."""

    label: str
    value: str
    context: str
    tone: Tone


@dataclass(frozen=True)
class Headline:
    """The verdict: one sentence in plain words, further sentences, the exit code and what it means."""

    sentence: str
    reasons: tuple[str, ...]
    exit_code: int
    exit_meaning: str
    tone: Tone


@dataclass(frozen=True)
class Claim:
    """A statement of the runbook and what became of it; `tested` is how the statement was read."""

    id: str
    statement: str
    source: str
    verdict: str
    tone: Tone
    figure: str
    tested: str
    reason: str


@dataclass(frozen=True)
class Claims:
    """All claims, refuted ones first, then open ones; `counts` says how many of each."""

    counts: str
    rows: tuple[Claim, ...]


@dataclass(frozen=True)
class Bytes:
    """Heap, indexes and TOAST as numbers for a picture and as text."""

    label: str
    heap_bytes: int
    index_bytes: int
    toast_bytes: int
    total_bytes: int
    heap: str
    index: str
    toast: str
    total: str
    change: str
    rows: str
    free: str
    row_bytes: str


@dataclass(frozen=True)
class TableStorage:
    """One table at every stage."""

    table: str
    stages: tuple[Bytes, ...]


@dataclass(frozen=True)
class Dropped:
    """A dropped column: how wide, how often NULL, and what that came to."""

    column: str
    width: str
    nulls: str
    rows: str
    bytes: str


@dataclass(frozen=True)
class IndexRow:
    """One index of the migrated state; `remarks` say what is wrong or new about it."""

    table: str
    index: str
    key: str
    size: str
    scans: str
    remarks: str
    tone: Tone


@dataclass(frozen=True)
class IndexSection:
    """The indexes of the migrated state, those with a remark first."""

    sentence: str
    rows: tuple[IndexRow, ...]
    plain: int


@dataclass(frozen=True)
class StorageSection:
    """The database at every stage, and each table at every stage; `largest_bytes` ends the shared axis.

    `dropping` says why dropping columns shows no gain, and `dropped` what they occupied, by estimate.
    """

    sentence: str
    dropping: str
    dropped: tuple[Dropped, ...]
    stages: tuple[Bytes, ...]
    tables: tuple[TableStorage, ...]
    largest_bytes: int


@dataclass(frozen=True)
class Step:
    """One statement of a migration."""

    file: str
    line: str
    statement: str
    seconds: str
    locks: str
    error: str


@dataclass(frozen=True)
class MigrationFile:
    """A migration's statements with their sum."""

    name: str
    statements: str
    seconds: str
    wal: str
    strongest_lock: str
    steps: tuple[Step, ...]
    failed: bool


@dataclass(frozen=True)
class Phase:
    """A phase of the run and how it ended."""

    name: str
    seconds: str
    peak: str
    status: str
    tone: Tone
    error: str


@dataclass(frozen=True)
class Trouble:
    """An execution error or a slice that was not believed."""

    query: str
    arm: str
    what: str
    count: str


@dataclass(frozen=True)
class MethodSection:
    """How the figures came about and how to get them again."""

    environment: tuple[Fact, ...]
    settings: tuple[Fact, ...]
    degraded: tuple[str, ...]
    seeded: tuple[Fact, ...]
    anomalies: tuple[Fact, ...]
    phases: tuple[Phase, ...]
    server_io: tuple[Fact, ...]
    notes: tuple[str, ...]
    repeat: str


@dataclass(frozen=True)
class ReportData:
    """The whole report."""

    title: str
    origin: str
    facts: tuple[Fact, ...]
    incomplete: str
    headline: Headline
    figures: tuple[Figure, ...]
    claims: Claims | Absent
    integrity: IntegritySection | Absent
    latency: LatencySection | Absent
    load: LoadSection | Absent
    details: tuple[QueryDetail, ...] | Absent
    attribution: tuple[AttributionRow, ...] | Absent
    storage: StorageSection | Absent
    indexes: IndexSection | Absent
    causes: tuple[WhyRow, ...] | Absent
    plans: tuple[PlanQuery, ...] | Absent
    migrations: tuple[MigrationFile, ...] | Absent
    troubles: tuple[Trouble, ...]
    method: MethodSection
