"""A plan as EXPLAIN gives it in JSON, made into a tree of nodes with their own share of time, rows and pages; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.plans.shares import own_shares

OFF_BY = 10.0
"""An estimate this many times too high or too low is flagged."""

CALLS = "Calls"
"""A key of our own in a stored plan's nodes, in place of EXPLAIN's long `Output`: the functions called there."""
COLUMNS = "Columns"
"""Another, in place of `Output` below an Append: what each of its branches hands on, in the same order."""

_BLOCKING = frozenset({"Sort", "Hash", "Aggregate", "WindowAgg", "SetOp", "Incremental Sort"})
"""Nodes that read their input to its end whatever is asked of them (a plain or hashed Aggregate does)."""

_APART = frozenset({"InitPlan", "SubPlan"})
"""Children of these kinds yield values, not the rows that their parent takes in."""

CONDITIONS = ("Index Cond", "Hash Cond", "Merge Cond", "Recheck Cond", "Join Filter", "Filter", "One-Time Filter")
_GATHERS = frozenset({"Gather", "Gather Merge"})
_BITMAP_SETS = frozenset({"BitmapAnd", "BitmapOr"})
"""These report no rows of their own."""


@dataclass(frozen=True)
class Node:
    """One node; `rows`, `removed`, pages and seconds are totals over all loops.

    Pages and seconds are the node's own: neither its children's nor those of a CTE or an InitPlan that it asked for.
    `role` is what it is to its parent: its outer or inner input, a member, a plan apart (EXPLAIN's words).
    `expected_rows` is the estimate for one loop. `stops_early`: what is above may stop asking, so that fewer rows than
    expected are no wrong estimate. `times`: how often the whole of it ran; the processes that share a scan have a loop
    each, and run it once. `calls`: the functions that are called there. `columns`: what a branch of an Append
    hands on. Not executed nodes have no loops.
    """

    kind: str
    role: str
    schema: str
    relation: str
    alias: str
    index: str
    join: str
    conditions: tuple[tuple[str, str], ...]
    sort_key: tuple[str, ...]
    expected_rows: float
    rows: float
    loops: float
    times: float
    removed: float
    self_s: float
    hit: int
    read: int
    temp_written: int
    workers: int
    stops_early: bool
    calls: tuple[str, ...]
    columns: tuple[str, ...]
    children: tuple[Node, ...]

    def __iter__(self) -> Iterator[Node]:
        """This node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The children whose rows it takes in: without CTEs, InitPlans and SubPlans."""
        return tuple(child for child in self.children if child.role not in _APART)

    @property
    def is_scan(self) -> bool:
        """Whether it reads a table (a bitmap's index part is counted apart)."""
        return bool(self.relation) and self.kind != "ModifyTable"

    @property
    def table(self) -> str:
        """The table as a reader writes it: without the schema `public`."""
        return self.relation if self.schema in ("", "public") or not self.relation else f"{self.schema}.{self.relation}"

    @property
    def pages(self) -> int:
        """Shared pages that the node itself touched."""
        return self.hit + self.read

    @property
    def method(self) -> str:
        """How it reads: `Index Scan using orders_pkey`; a bitmap scan names the indexes of its bitmap."""
        indexes = [self.index] if self.index else [node.index for node in self if node.kind == "Bitmap Index Scan"]
        named = [name for name in dict.fromkeys(indexes) if name]
        return f"{self.kind} using {', '.join(named)}" if named else self.kind

    @property
    def estimate_factor(self) -> float:
        """How many times the estimate of one loop is off, at least 1; counts below one row count as one."""
        if not self.loops or self.kind in _BITMAP_SETS:
            return 1.0
        expected, met = max(self.expected_rows, 1.0), max(self.rows / self.loops, 1.0)
        return max(met / expected, 1.0 if self.stops_early else expected / met)


@dataclass(frozen=True)
class Figures:
    """What a plan's execution came to; `worst` is the node whose row estimate was off the most."""

    execution_s: float
    planning_s: float
    rows: int
    rows_read: int
    hit: int
    read: int
    temp_blocks: int
    jit_s: float
    trigger_s: float
    worst: Node


def read_tree(plan: Any) -> Node:
    """The tree of one EXPLAIN (FORMAT JSON), in its list or not; raises ValueError for anything else."""
    top = plan[0] if isinstance(plan, Sequence) and not isinstance(plan, str) and plan else plan
    if not isinstance(top, Mapping) or "Plan" not in top:
        raise ValueError("this is no plan of EXPLAIN (FORMAT JSON)")
    own = {name: own_shares(top["Plan"], used) for name, used in _USED.items()}
    return _node(top["Plan"], own, stops_early=False, gathered=None)


def figures(plan: Any) -> Figures:
    """The figures of one EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)."""
    top = plan[0] if isinstance(plan, list) else plan
    tree = read_tree(top)
    nodes = list(tree)
    written = [child for node in nodes if node.kind == "ModifyTable" for child in node.inputs[:1]]
    return Figures(
        execution_s=top.get("Execution Time", 0.0) / 1e3,
        planning_s=top.get("Planning Time", 0.0) / 1e3,
        rows=round(sum(node.rows for node in written) if written else tree.rows),
        rows_read=round(sum(rows_read(node) for node in nodes)),
        hit=sum(node.hit for node in nodes),
        read=sum(node.read for node in nodes),
        temp_blocks=sum(node.temp_written for node in nodes),
        jit_s=top.get("JIT", {}).get("Timing", {}).get("Total", 0.0) / 1e3,
        trigger_s=sum(item.get("Time", 0.0) for item in top.get("Triggers", ())) / 1e3,
        worst=max(nodes, key=lambda node: node.estimate_factor),
    )


def rows_read(node: Node) -> float:
    """Rows that a scan looked at, those that it threw away included; 0 for any other node."""
    return node.rows + node.removed if node.is_scan else 0.0


def _node(
    plan: Mapping[str, Any], own: Mapping[str, Mapping[int, float]], stops_early: bool, gathered: float | None
) -> Node:
    """`gathered`: how often the Gather above it ran, if there is one."""
    kind, loops = plan["Node Type"], plan.get("Actual Loops", 0)
    below = plan.get("Plans", ())
    inputs = [child for child in below if child.get("Parent Relationship") not in _APART]
    inner = inputs[1] if len(inputs) > 1 else None
    below_gather = loops if kind in _GATHERS else gathered
    children = tuple(
        _node(child, own, _stops_early(plan, stops_early, is_inner=child is inner), below_gather) for child in below
    )
    return Node(
        kind=kind,
        role=plan.get("Parent Relationship", ""),
        schema=plan.get("Schema", ""),
        relation=plan.get("Relation Name", ""),
        alias=plan.get("Alias", ""),
        index=plan.get("Index Name", ""),
        join=plan.get("Join Type", ""),
        conditions=tuple((name, str(plan[name])) for name in CONDITIONS if name in plan),
        sort_key=tuple(plan.get("Sort Key", ())),
        expected_rows=float(plan.get("Plan Rows", 0)),
        rows=float(plan.get("Actual Rows", 0)) * loops,
        loops=float(loops),
        times=float(gathered if gathered and loops and plan.get("Parallel Aware") else loops),
        removed=sum(float(value) for key, value in plan.items() if key.startswith("Rows Removed by")) * loops,
        self_s=own["seconds"][id(plan)],
        hit=round(own["hit"][id(plan)]),
        read=round(own["read"][id(plan)]),
        temp_written=round(own["temp_written"][id(plan)]),
        workers=int(plan.get("Workers Launched", 0)),
        stops_early=stops_early,
        calls=tuple(plan.get(CALLS, ())) + ((plan["Function Name"],) if "Function Name" in plan else ()),
        columns=tuple(plan.get(COLUMNS, ())),
        children=children,
    )


def _total_s(plan: Mapping[str, Any]) -> float:
    """Seconds of a node with all below it, over all loops; the processes of a parallel part work side by side."""
    total_ms = float(plan.get("Actual Total Time", 0.0)) * float(plan.get("Actual Loops", 0))
    workers = plan.get("Workers", 0)
    return total_ms / (1 + (len(workers) if isinstance(workers, list) else int(workers))) / 1e3


def _counted(key: str) -> Callable[[Mapping[str, Any]], float]:
    return lambda plan: float(plan.get(key, 0))


_USED: Mapping[str, Callable[[Mapping[str, Any]], float]] = {
    "seconds": _total_s,
    "hit": _counted("Shared Hit Blocks"),
    "read": _counted("Shared Read Blocks"),
    "temp_written": _counted("Temp Written Blocks"),
}


def _stops_early(plan: Mapping[str, Any], above: bool, *, is_inner: bool) -> bool:
    """Whether the child may be left before its end: below a LIMIT, in a semi join, or on either side of a merge."""
    kind = plan["Node Type"]
    if kind in ("Limit", "Merge Join"):
        return True
    if plan.get("Join Type") in ("Semi", "Anti", "Right Semi", "Right Anti") and is_inner:
        return True
    if kind == "Aggregate" and plan.get("Strategy") in ("Sorted", "Mixed"):
        return above
    return above and kind not in _BLOCKING
