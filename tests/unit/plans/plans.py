"""Small plans in the form in which EXPLAIN gives them, and records of them."""

from __future__ import annotations

from typing import Any

from harness.plans import figures
from harness.result import PlanRecord


def node(kind: str, *children: dict[str, Any], rows: float = 1, loops: int = 1, ms: float = 0.0, **more: Any) -> Any:
    """A plan's node; `ms` is its own time, `pages` its own pages; both are summed up as EXPLAIN does."""
    below_ms = sum(child["Actual Total Time"] * child["Actual Loops"] for child in children)
    pages = more.pop("pages", 0) + sum(child.get("Shared Hit Blocks", 0) for child in children)
    temp = more.pop("temp", 0) + sum(child.get("Temp Written Blocks", 0) for child in children)
    words = {key.replace("_", " ").title().replace("By", "by"): value for key, value in more.items()}
    return {
        "Node Type": kind,
        "Plan Rows": words.pop("Expected", rows),
        "Actual Rows": rows,
        "Actual Loops": loops,
        "Actual Total Time": (ms + below_ms) / loops,
        "Shared Hit Blocks": pages,
        "Temp Written Blocks": temp,
        **words,
        **({"Plans": list(children)} if children else {}),
    }


def scan(kind: str, table: str, **more: Any) -> Any:
    """A scan of a table in the schema public, under the alias of its first letter."""
    return node(kind, schema="public", relation_name=table, alias=table[0], **more)


def record(plan: Any, arm: str = "before", planning_ms: float = 0.1, **top: Any) -> PlanRecord:
    """The record of an executed plan."""
    whole = {"Plan": plan, "Planning Time": planning_ms, "Execution Time": plan["Actual Total Time"], **top}
    found = figures(whole)
    return PlanRecord(
        query="q",
        arm=arm,
        plan=whole,
        buffers=found.hit + found.read,
        execution_s=found.execution_s,
        planning_s=found.planning_s,
        rows=found.rows,
        rows_read=found.rows_read,
        temp_blocks=found.temp_blocks,
        jit_s=found.jit_s,
    )
