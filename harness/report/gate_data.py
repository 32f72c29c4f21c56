"""What every format of a comparison of two runs is made from: frozen, everything formatted, what became worse first."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.evidence import Absent, Fact, Tone


@dataclass(frozen=True)
class QueryRow:
    """One query's effect in both runs and its shift; `role` says whether it can fail the gate."""

    query: str
    level: str
    metric: str
    verdict: str
    sign: str
    tone: Tone
    base: str
    new: str
    shift: str
    interval: str
    blocks: str
    margin: str
    detectable: str
    role: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A table, finding, view, column or claim in both runs; `advisory` where it may not decide."""

    name: str
    state: str
    tone: Tone
    base: str
    new: str
    detail: str = ""
    advisory: bool = False


@dataclass(frozen=True)
class GateData:
    """The whole comparison; sections hold rows, or the reason why there are none."""

    title: str
    sentence: str
    exit_code: int
    exit_meaning: str
    tone: Tone
    facts: tuple[Fact, ...]
    cautions: tuple[str, ...]
    conditions: tuple[Row, ...]
    queries: tuple[QueryRow, ...] | Absent
    further: tuple[QueryRow, ...]
    storage: tuple[Row, ...] | Absent
    findings: tuple[Row, ...] | Absent
    views: tuple[Row, ...]
    columns: tuple[Row, ...]
    claims: tuple[Row, ...] | Absent
