"""The result model: everything result.json holds, as frozen records without behaviour."""

from harness.result.integrity import (
    ColumnCheck,
    Example,
    Finding,
    Integrity,
    PlantedKind,
    Severity,
    ViewCheck,
)
from harness.result.measurement import (
    Attribution,
    ClaimResult,
    Comparison,
    PlanRecord,
    QueryError,
    StorageRecord,
    VoidSlice,
)
from harness.result.run import (
    Environment,
    LockTaken,
    MigrationStep,
    PhaseRecord,
    Result,
    SeedManifest,
    SeedTable,
)

__all__ = [
    "Attribution",
    "ClaimResult",
    "ColumnCheck",
    "Comparison",
    "Environment",
    "Example",
    "Finding",
    "Integrity",
    "LockTaken",
    "MigrationStep",
    "PhaseRecord",
    "PlanRecord",
    "PlantedKind",
    "QueryError",
    "Result",
    "SeedManifest",
    "SeedTable",
    "Severity",
    "StorageRecord",
    "ViewCheck",
    "VoidSlice",
]
