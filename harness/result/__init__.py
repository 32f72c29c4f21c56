"""The result model: everything result.json holds, as frozen records without behaviour."""

from harness.result.integrity import (
    ColumnCheck,
    Example,
    Finding,
    Integrity,
    Severity,
    ViewCheck,
)
from harness.result.measurement import (
    Attribution,
    ClaimResult,
    Comparison,
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
from harness.result.why import Cause, DroppedColumn, IndexRecord, PlanChange, PlanMode, PlanRecord, QueryIo, ServerIo

__all__ = [
    "Attribution",
    "Cause",
    "ClaimResult",
    "ColumnCheck",
    "Comparison",
    "DroppedColumn",
    "Environment",
    "Example",
    "Finding",
    "IndexRecord",
    "Integrity",
    "LockTaken",
    "MigrationStep",
    "PhaseRecord",
    "PlanChange",
    "PlanMode",
    "PlanRecord",
    "QueryError",
    "QueryIo",
    "Result",
    "SeedManifest",
    "SeedTable",
    "ServerIo",
    "Severity",
    "StorageRecord",
    "ViewCheck",
    "VoidSlice",
]
