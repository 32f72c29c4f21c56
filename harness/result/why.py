"""Records that say why: plans, their differences, causes in words, indexes, dropped columns, the server's account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

PlanMode = Literal["custom", "generic"]


@dataclass(frozen=True)
class PlanRecord:
    """EXPLAIN (ANALYZE, BUFFERS) of one statement of a query on one arm, with one typical parameter set.

    `plan` is the tree as EXPLAIN gives it in JSON, without its zeros; it is only estimated where `error` says why the
    statement did not run to its end, and None where not even that was possible. `mode` is the plan for these values
    (custom) or for any (generic; missing where the statement takes no parameter, for then the two are one). `rows` are
    those returned or written, `rows_read` those that the scans looked at, `buffers` shared pages (hit and read).
    `worst_estimate_factor` is how far the planner's row estimate was off at `worst_estimate_node`, at least 1.
    """

    query: str
    arm: str
    plan: Any
    buffers: int | None = None
    worst_estimate_factor: float | None = None
    mode: PlanMode = "custom"
    statement: int = 1
    parameters: str = ""
    execution_s: float | None = None
    planning_s: float | None = None
    rows: int | None = None
    rows_read: int | None = None
    buffers_hit: int | None = None
    buffers_read: int | None = None
    temp_blocks: int | None = None
    jit_s: float | None = None
    worst_estimate_node: str = ""
    error: str = ""


@dataclass(frozen=True)
class PlanChange:
    """One difference between a query's plan on an arm and on `before`; `before` and `after` are figures or words.

    `kind`: a node `appeared` or `disappeared`, a table's `method` changed; `rows_read`, `buffers`, `temp_blocks` and
    `jit` differ; an `estimate` of the arm's plan is off by ten times or more (`before`: expected, `after`: met).
    """

    query: str
    arm: str
    mode: PlanMode
    kind: Literal["appeared", "disappeared", "method", "rows_read", "buffers", "temp_blocks", "jit", "estimate"]
    node: str
    before: str
    after: str


@dataclass(frozen=True)
class Cause:
    """One fact of plan and pages that explains why a query is slower or faster on `arm`, derived by a rule (`kind`).

    `seconds` is the difference (arm minus `before`) that the plans' own timing charges to it, which ranks the causes of
    a query and is no measurement; None where it has none. `remedy` is a statement that certainly helps, or empty.
    """

    query: str
    arm: str
    verdict: Literal["slower", "faster"]
    kind: str
    sentence: str
    seconds: float | None = None
    remedy: str = ""
