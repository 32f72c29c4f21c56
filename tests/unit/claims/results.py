"""A result with a figure for every kind of selector."""

from __future__ import annotations

from dataclasses import replace

from harness.result import Comparison, Finding, Integrity, LockTaken, MigrationStep, QueryError, Result, StorageRecord
from harness.result.integrity import ColumnCheck, ViewCheck


def comparison(query: str, ratio: float | None, width: float = 0.1, clients: int = 1) -> Comparison:
    return Comparison(
        query=query,
        arm="after",
        metric="p50",
        basis="response",
        clients=clients,
        ratio=ratio,
        ci_low=ratio and ratio * (1 - width),
        ci_high=ratio and ratio * (1 + width),
        p_adjusted=0.01,
        blocks=12,
        void_blocks=0,
        samples=100,
        verdict="slower",
        before_s=ratio and 0.1,
        after_s=ratio and 0.1 * ratio,
        margin=0.02,
        after_low_s=ratio and 0.09 * ratio,
        after_high_s=ratio and 0.11 * ratio,
    )


def column(name: str, verdict: str = "identical") -> ColumnCheck:
    table, _, short = name.partition(".")
    return ColumnCheck(table, short, "text", None, None, "name", verdict, rows=10)  # type: ignore[arg-type]


EMPTY = Result(
    schema_version=1,
    tool="bench",
    run_id="r",
    scenario="s",
    origin="o",
    scale="10k",
    profile="clean",
    seed=1,
    started_at="t",
)
FULL = replace(
    EMPTY,
    integrity=Integrity(
        verdict="fail",
        views=(ViewCheck("v", ("a",), 2, 10), ViewCheck("w", ("b",), 2, None, error="broken")),
        columns=(column("a.x"), column("a.y", "different"), column("b.x")),
        findings=(
            Finding("no_counterpart", "error", "a.y", ""),
            Finding("value_differs", "error", "a.x", "", accepted="known"),
        ),
    ),
    latency=(comparison("fast", 0.125), comparison("slow", 2.0), comparison("lost", None)),
    storage=(
        StorageRecord("before", None, 10, 600, 300, 0, 1000),
        StorageRecord("after", None, 10, 300, 300, 0, 650),
        StorageRecord("after", "a", 10, 300, 300, 0, 600),
    ),
    migrations=(
        MigrationStep("1.sql", 1, "ALTER", 0.5, True, locks=(LockTaken("a", "AccessExclusiveLock"),)),
        MigrationStep("2.sql", 1, "CREATE", 0.25, True, locks=(LockTaken("a", "ShareLock"),)),
    ),
    errors=(QueryError("slow", "after", "57014", "cancelled", 3),),
)
