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


@dataclass(frozen=True)
class DroppedColumn:
    """What a dropped column occupied in `before`, by a sample of its rows: an estimate, None where there is none.

    `rows` are those that lost it, in partitions and in what inherits it, too. `average_width_bytes` is that of its
    values that are not NULL, as they are stored (in TOAST, too); `estimated_bytes` is rows times share times width.
    """

    table: str
    column: str
    type: str
    rows: int
    average_width_bytes: int | None
    null_share: float | None
    estimated_bytes: int | None
    table_stays: bool = True
    """Whether the table itself is still there, neither dropped whole nor made anew under its name."""


@dataclass(frozen=True)
class IndexRecord:
    """One index of an arm; `scans` are those during the measured workload, None where nothing was measured.

    `key` is what it sorts by, `leads` the table and column that it begins with (`orders.customer_id`; an expression has
    an empty column). `created`: the migration made it; `asked_for`: its statements name it, and did nothing where an
    index of that name was there already. `enforces`: a constraint or the replica identity needs it, scanned or not.
    `duplicate_of` is another index with the same key, `redundant_with` one whose key begins with this one's; a
    duplicate under another name is what IF NOT EXISTS, which compares names only, does not prevent.
    """

    arm: str
    table: str
    index: str
    key: str
    leads: str
    size_bytes: int
    scans: int | None
    unique: bool
    enforces: bool
    valid: bool
    created: bool
    asked_for: bool
    duplicate_of: str
    redundant_with: str
    definition: str


@dataclass(frozen=True)
class QueryIo:
    """Pages per execution of a query while it was timed, by pg_stat_statements, and how its executions were planned.

    `hit` pages were in the shared cache, `read` ones were not (the kernel may have had them), `temp` ones were written
    to temporary files. The plans are counted over all levels of clients, preparation included. `changed_in_blocks` are
    those in which the pages jumped, which for the same parameters means another plan; of reads only.
    """

    query: str
    arm: str
    clients: int
    executions: int
    hit_per_execution: float
    read_per_execution: float
    temp_per_execution: float
    generic_plans: int
    custom_plans: int
    changed_in_blocks: tuple[int, ...] = ()


@dataclass(frozen=True)
class ServerIo:
    """What one kind of process of the whole server read and wrote while the queries were timed, by pg_stat_io."""

    backend: str
    object: str
    context: str
    hits: int
    reads: int
    read_bytes: int
    writes: int
    written_bytes: int
    extends: int
    evictions: int
