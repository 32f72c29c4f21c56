"""Records of the gate: a new run held against a stored one, item by item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.result.measurement import Verdict

GATE_SCHEMA_VERSION = 1

Outcome = Literal["pass", "fail", "open"]
"""`fail` sets exit code 3 (integrity) or 1 (speed, storage), `open` sets 4, where the item is gated."""

Change = Literal["new", "worse", "gone", "same", "unknown"]
"""What became of a finding; `unknown`: the stored run did not check what it is about."""


@dataclass(frozen=True)
class RunName:
    """Which run it is; `checked`: its integrity check compared something."""

    run_id: str
    tool: str
    scenario: str
    scale: str
    profile: str
    seed: int
    started_at: str
    checked: bool = True


@dataclass(frozen=True)
class Difference:
    """Something in which the two runs' machines, servers, settings or questions differ."""

    what: str
    base: str
    new: str


@dataclass(frozen=True)
class QueryShift:
    """The effect of one query (after over before) in both runs, and how far it moved.

    `ratio` is the new effect over the stored one (1.10: the migrated query lost ten percent against its own run's
    `before`); None, like its interval, where one of the runs has no valid figure. `passes`: a slow-down beyond five
    percent is rejected. `detectable`: the smallest slow-down that so many blocks would find (0.08: eight percent).
    `advisory` comparisons fail nothing; a gated one that is advisory is undecided (exit code 4).
    """

    query: str
    clients: int
    metric: str
    basis: Literal["response", "server"]
    base_ratio: float | None
    base_low: float | None
    base_high: float | None
    base_blocks: int
    new_ratio: float | None
    new_low: float | None
    new_high: float | None
    new_blocks: int
    ratio: float | None
    ci_low: float | None
    ci_high: float | None
    p_adjusted: float | None
    margin: float
    verdict: Verdict
    passes: bool
    outcome: Outcome
    gated: bool
    advisory: bool
    detectable: float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class StorageShift:
    """Bytes of one table (None: the whole database) at one stage in both runs.

    `expected_bytes` are the stored run's, scaled by how much the same table grew in the arm `before`; `growth` is how
    far the new bytes exceed them (0.10: ten percent; None where nothing was expected). `advisory` ones fail nothing.
    """

    stage: str
    table: str | None
    base_bytes: int
    new_bytes: int
    expected_bytes: int
    growth: float | None
    outcome: Outcome
    advisory: bool = False


@dataclass(frozen=True)
class FindingShift:
    """A finding of either run: `new`, `worse` (graver, or more rows), `gone`, the `same`, or `unknown`.

    Counts are rows touched. `unknown` is a finding on what the stored run did not check: it fails as it fails the new
    run by itself.
    """

    change: Change
    kind: str
    severity: str
    object: str
    detail: str
    base_count: int
    new_count: int
    outcome: Outcome


@dataclass(frozen=True)
class ItemShift:
    """What one view, dropped column or claim is in both runs; empty where a run does not have it.

    `compared` is false where the stored run did not check it.
    """

    name: str
    base: str
    new: str
    outcome: Outcome
    detail: str = ""
    compared: bool = True


@dataclass(frozen=True)
class Gate:
    """A new run against a stored one. Lists are flat; `fingerprint` is empty where both ran under the same conditions.

    `storage_tolerance` and `storage_tolerance_bytes` may both be exceeded before growth fails the gate.
    """

    schema_version: int
    base: RunName
    new: RunName
    fingerprint: tuple[Difference, ...]
    latency: tuple[QueryShift, ...]
    storage: tuple[StorageShift, ...]
    findings: tuple[FindingShift, ...]
    views: tuple[ItemShift, ...]
    columns: tuple[ItemShift, ...]
    claims: tuple[ItemShift, ...]
    storage_tolerance: float
    storage_tolerance_bytes: int
    notes: tuple[str, ...]
    verdict: str
    exit_code: int
