"""Puts the comparison of two runs together, and decides the exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness import text
from harness.errors import EXIT_INCONCLUSIVE, EXIT_INTEGRITY, EXIT_OK, EXIT_REGRESSION
from harness.gate.fit import differing_conditions, differing_data, unknown_parts
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
UNSEEN = "integrity failure, which the baseline was not checked for"


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
    views = Views(base.view, new.view)
    differences = differing_conditions(base.result, new.result)
    latency = query_shifts(views, advisory=bool(differences))
    storage = storage_shifts(base.result, new.result, advisory=bool(differing_data(base.result, new.result)))
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
        notes=_notes(base.result, new.result, views, latency, storage),
        verdict=_verdict(code, findings),
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
    """Integrity before speed and storage, both before what is undecided.

    A gate passes only by comparisons: of every gated query, of at least one, and of storage. Where one of them may not
    decide, because the conditions differ, a pass would say what nobody has seen.
    """
    gated = [item for item in latency if item.gated]
    deciding = [item for item in gated if not item.advisory]
    if new.integrity.verdict == "not_checked" or any(item.outcome == "fail" for item in findings):
        return EXIT_INTEGRITY
    outcomes = {item.outcome for item in deciding}
    if "fail" in outcomes or any(item.outcome == "fail" and not item.advisory for item in storage):
        return EXIT_REGRESSION
    undecided = "open" in outcomes or len(deciding) < len(gated) or any(item.advisory for item in storage)
    if undecided or not gated or not storage:
        return EXIT_INCONCLUSIVE
    return EXIT_OK


def _verdict(code: int, findings: tuple[FindingShift, ...]) -> str:
    failing = {item.change for item in findings if item.outcome == "fail"}
    return UNSEEN if code == EXIT_INTEGRITY and failing == {"unknown"} else VERDICTS[code]


def _notes(
    base: Result, new: Result, views: Views, latency: tuple[QueryShift, ...], storage: tuple[StorageShift, ...]
) -> tuple[str, ...]:
    others = dict.fromkeys(query for query, _ in views.loads if not views.asks_alike(query))
    unknown = unknown_parts(base, new)
    notes = {
        "no query was timed in either run": not latency,
        "no query that was timed can fail the gate (gated = false): speed is not held against the baseline": latency
        and not any(item.gated for item in latency),
        f"not compared, for its text or parameters are not the baseline's: {text.several(list(others))}; "
        "a new baseline makes it comparable": others,
        f"whether both runs are of one question is not known ({text.several(list(unknown))}): a version that kept no "
        "fingerprints stored one of them": unknown,
        "the baseline's integrity was not checked: what the new run finds is judged by itself": base.integrity.verdict
        == "not_checked",
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
        checked=result.integrity.verdict != "not_checked",
    )
