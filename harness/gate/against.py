"""Puts the comparison of two runs together, and decides the exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.errors import EXIT_INCONCLUSIVE, EXIT_INTEGRITY, EXIT_OK, EXIT_REGRESSION
from harness.gate.fit import differing_conditions
from harness.gate.integrity import claim_shifts, column_shifts, finding_shifts, view_shifts
from harness.gate.latency import Views, query_shifts, settled_loads
from harness.gate.storage import TOLERANCE, TOLERANCE_BYTES, storage_shifts
from harness.gate.stored import StoredRun
from harness.judge import QueryRules, View, stored_invalid, stored_rules
from harness.measure.model import BlockTable, Load
from harness.result import FindingShift, Gate, QueryShift, Result, RunName, StorageShift
from harness.result.gate import GATE_SCHEMA_VERSION

VERDICTS = {
    EXIT_OK: "no worse than the baseline",
    EXIT_REGRESSION: "regression against the baseline",
    EXIT_INTEGRITY: "integrity failure that the baseline does not have",
    EXIT_INCONCLUSIVE: "undecided against the baseline",
}
ADVISORY = "no worse than the baseline, latency advisory"


@dataclass(frozen=True)
class Side:
    """One run as it is compared: its result, finished or about to be, and its table of blocks."""

    result: Result
    table: BlockTable

    @classmethod
    def of(cls, run: StoredRun) -> Side:
        """A stored run."""
        return cls(run.result, run.table)

    @property
    def view(self) -> View:
        """The table by query, level, arm and block."""
        return View(self.table, stored_rules(self.result), stored_invalid(self.result))


def compare(base: Side, new: Side) -> Gate:
    """Holds the new run against the stored one: every query, table, finding, view, column and claim."""
    differences = differing_conditions(base.result, new.result)
    latency = query_shifts(Views(base.view, new.view), advisory=bool(differences))
    storage = storage_shifts(base.result, new.result)
    findings = finding_shifts(base.result, new.result)
    failing = {item.object for item in findings if item.outcome == "fail"}
    code = _exit_code(new.result, latency, storage, findings)
    return Gate(
        schema_version=GATE_SCHEMA_VERSION,
        base=_name(base.result),
        new=_name(new.result),
        fingerprint=differences,
        latency=latency,
        storage=storage,
        findings=findings,
        views=view_shifts(base.result, new.result, failing),
        columns=column_shifts(base.result, new.result, failing),
        claims=claim_shifts(base.result, new.result),
        storage_tolerance=TOLERANCE,
        storage_tolerance_bytes=TOLERANCE_BYTES,
        notes=_notes(new.result, latency, storage),
        verdict=VERDICTS[code] if code or not differences else ADVISORY,
        exit_code=code,
    )


def gate_decider(base: Side, queries: Mapping[str, QueryRules]) -> Callable[[BlockTable], set[Load]]:
    """For `measure`: the loads that the gate has settled at a look."""
    stored = base.view

    def settled(table: BlockTable) -> set[Load]:
        return settled_loads(Views(stored, View(table, queries)))

    return settled


def _exit_code(
    new: Result,
    latency: tuple[QueryShift, ...],
    storage: tuple[StorageShift, ...],
    findings: tuple[FindingShift, ...],
) -> int:
    """Integrity before speed and storage, both before what is undecided; nothing compared is undecided."""
    deciding = [item for item in latency if item.gated and not item.advisory]
    if new.integrity.verdict == "not_checked" or any(item.outcome == "fail" for item in findings):
        return EXIT_INTEGRITY
    outcomes = {item.outcome for item in deciding}
    if "fail" in outcomes or any(item.outcome == "fail" for item in storage):
        return EXIT_REGRESSION
    if "open" in outcomes or not latency or not storage:
        return EXIT_INCONCLUSIVE
    return EXIT_OK


def _notes(new: Result, latency: tuple[QueryShift, ...], storage: tuple[StorageShift, ...]) -> tuple[str, ...]:
    notes = {
        "no query was timed in either run": not latency,
        "no storage was read in either run": not storage,
        "the new run's integrity was not checked": new.integrity.verdict == "not_checked",
    }
    return tuple(note for note, holds in notes.items() if holds)


def _name(result: Result) -> RunName:
    return RunName(
        run_id=result.run_id,
        tool=result.tool,
        scenario=result.scenario,
        scale=result.scale,
        profile=result.profile,
        seed=result.seed,
        started_at=result.started_at,
    )
