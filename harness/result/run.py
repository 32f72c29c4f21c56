"""The whole result of a run, as result.json holds it: what ran, where, and everything that was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from harness.result.gate import Gate
from harness.result.integrity import Integrity, PlantedKind
from harness.result.measurement import (
    Attribution,
    ClaimResult,
    Comparison,
    InvalidLoad,
    MeasuredQuery,
    QueryError,
    StorageRecord,
    VoidSlice,
)
from harness.result.why import Cause, DroppedColumn, IndexRecord, PlanChange, PlanRecord, QueryIo, ServerIo

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class PhaseRecord:
    """One phase of the pipeline: how long it took and how it ended."""

    name: str
    seconds: float
    peak_mb: float
    status: Literal["done", "failed", "skipped"]
    error: str | None = None


@dataclass(frozen=True)
class Environment:
    """The machine, the server and the client that produced the figures."""

    machine: dict[str, Any] = field(default_factory=dict)
    server_kind: Literal["embedded", "given"] = "embedded"
    server_version: str = ""
    server_version_num: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    client: dict[str, str] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeedTable:
    """Rows and bytes of one seeded table."""

    table: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class SeedManifest:
    """What was seeded; `anomalies` counts the planted ones by kind (the manifest itself is a Parquet file).

    The fingerprints tell whether two runs began from the same old state: its tables, keys and indexes; the seed file;
    roles, grants, policies and who asks. Empty where a version stored the run that kept none.
    """

    tables: tuple[SeedTable, ...] = ()
    anomalies: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    bytes: int = 0
    schema_fingerprint: str = ""
    seed_fingerprint: str = ""
    access_fingerprint: str = ""


@dataclass(frozen=True)
class LockTaken:
    """A lock on a relation that a statement held when it ended."""

    relation: str
    mode: str


@dataclass(frozen=True)
class MigrationStep:
    """One statement of a migration; `file` is the file's name, `line` where the statement begins.

    `wal_bytes` is what the server wrote to its log meanwhile, on whoever's behalf; None where it does not tell.
    """

    file: str
    line: int
    statement: str
    seconds: float
    in_transaction: bool
    locks: tuple[LockTaken, ...] = ()
    error: str | None = None
    wal_bytes: int | None = None


@dataclass(frozen=True)
class Result:
    """All of result.json. Lists are empty and `complete` is false where a later phase failed.

    `attribution_absent` says why `attribution` is empty, where that is no failure.
    With `workload` and `invalid_loads` the samples can be judged again; `gate` is there where the run had a baseline.
    """

    schema_version: int
    tool: str
    run_id: str
    scenario: str
    origin: str
    scale: str
    profile: str
    seed: int
    started_at: str
    options: dict[str, Any] = field(default_factory=dict)
    phases: tuple[PhaseRecord, ...] = ()
    environment: Environment = field(default_factory=Environment)
    seed_manifest: SeedManifest = field(default_factory=SeedManifest)
    migrations: tuple[MigrationStep, ...] = ()
    integrity: Integrity = field(default_factory=lambda: Integrity(verdict="not_checked"))
    planted: tuple[PlantedKind, ...] = ()
    workload: tuple[MeasuredQuery, ...] = ()
    invalid_loads: tuple[InvalidLoad, ...] = ()
    latency: tuple[Comparison, ...] = ()
    throughput: tuple[Comparison, ...] = ()
    attribution: tuple[Attribution, ...] = ()
    attribution_absent: str = ""
    storage: tuple[StorageRecord, ...] = ()
    dropped_columns: tuple[DroppedColumn, ...] = ()
    indexes: tuple[IndexRecord, ...] = ()
    plans: tuple[PlanRecord, ...] = ()
    plan_changes: tuple[PlanChange, ...] = ()
    query_io: tuple[QueryIo, ...] = ()
    server_io: tuple[ServerIo, ...] = ()
    causes: tuple[Cause, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    errors: tuple[QueryError, ...] = ()
    void_slices: tuple[VoidSlice, ...] = ()
    gate: Gate | None = None
    notes: tuple[str, ...] = ()
    complete: bool = False
    verdict: str = ""
    exit_code: int = 5

    @property
    def seed_only(self) -> bool:
        """Whether it was asked for a seeded database and no more: nothing is proven by it."""
        return self.options.get("goal") == "seed"
