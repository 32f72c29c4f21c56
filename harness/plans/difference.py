"""What two plans of a query do differently: nodes, methods, rows read, pages, JIT, spills, wrong estimates; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.plans.outline import name
from harness.plans.tree import OFF_BY, Node, read_tree, rows_read
from harness.result import PlanChange, PlanRecord

_TELLING = 1.05
"""Rows and pages that differ by less are the same."""


@dataclass(frozen=True)
class Scanned:
    """All scans of one table in a query's plans, put together; `rows` were looked at, `pages` without other nodes', but
    with those that functions touched that are called there."""

    table: str
    methods: tuple[str, ...]
    rows: float
    times: float
    pages: int
    self_s: float
    calls: frozenset[str]

    @property
    def words(self) -> str:
        """The methods, each once."""
        return ", ".join(self.methods)


def plan_changes(before: Sequence[PlanRecord], after: Sequence[PlanRecord]) -> tuple[PlanChange, ...]:
    """The differences of two lists of records, each one query on one arm in one mode, all its statements.

    Nothing where either side has no executed plan.
    """
    if not is_whole(before) or not is_whole(after):
        return ()
    old, new = nodes_of(before), nodes_of(after)
    found = [*_scans(old, new), *_others(old, new), *_figures(before, after), *_estimates(new)]
    first = after[0]
    return tuple(PlanChange(first.query, first.arm, first.mode, *change) for change in found)


def is_whole(records: Sequence[PlanRecord]) -> bool:
    """Whether every statement ran to its end."""
    return bool(records) and all(record.plan is not None and not record.error for record in records)


def nodes_of(records: Sequence[PlanRecord]) -> list[Node]:
    """Every executed node of the statements' plans."""
    return [node for record in records for node in read_tree(record.plan) if node.loops]


def scans_of(nodes: Sequence[Node]) -> dict[str, Scanned]:
    """The scans by table, in order of appearance; a bitmap's index part counts with its table."""
    tables = dict.fromkeys(node.table for node in nodes if node.is_scan)
    return {
        table: _scanned(table, [node for node in nodes if node.is_scan and node.table == table]) for table in tables
    }


def _scanned(table: str, scans: Sequence[Node]) -> Scanned:
    bitmaps = [node for scan in scans if scan.kind == "Bitmap Heap Scan" for node in scan if node is not scan]
    return Scanned(
        table=table,
        methods=tuple(dict.fromkeys(scan.method for scan in scans)),
        rows=sum(rows_read(scan) for scan in scans),
        times=max(scan.times for scan in scans),
        pages=sum(node.pages for node in (*scans, *bitmaps)),
        self_s=sum(node.self_s for node in (*scans, *bitmaps)),
        calls=frozenset(call for node in scans for call in node.calls),
    )


Kind = Literal["appeared", "disappeared", "method", "rows_read", "buffers", "temp_blocks", "jit", "estimate"]
_Change = tuple[Kind, str, str, str]


def _scans(old: Sequence[Node], new: Sequence[Node]) -> list[_Change]:
    was, now = scans_of(old), scans_of(new)
    found: list[_Change] = [("appeared", table, "", scan.words) for table, scan in now.items() if table not in was]
    found += [("disappeared", table, scan.words, "") for table, scan in was.items() if table not in now]
    for table in (table for table in now if table in was):
        if set(was[table].methods) != set(now[table].methods):
            found.append(("method", table, was[table].words, now[table].words))
        if differs(was[table].rows, now[table].rows):
            found.append(("rows_read", table, f"{was[table].rows:.0f}", f"{now[table].rows:.0f}"))
    return found


def _others(old: Sequence[Node], new: Sequence[Node]) -> list[_Change]:
    """Nodes that read no table, by kind and number."""

    def kinds(nodes: Sequence[Node]) -> Counter[str]:
        return Counter(name(node) for node in nodes if not node.is_scan and node.kind != "Bitmap Index Scan")

    was, now = kinds(old), kinds(new)
    more: list[_Change] = [("appeared", kind, str(was[kind]), str(now[kind])) for kind in now if now[kind] > was[kind]]
    less: list[_Change] = [
        ("disappeared", kind, str(was[kind]), str(now[kind])) for kind in was if was[kind] > now[kind]
    ]
    return more + less


def _figures(before: Sequence[PlanRecord], after: Sequence[PlanRecord]) -> list[_Change]:
    def total(records: Sequence[PlanRecord], field: str) -> float:
        return sum(getattr(record, field) or 0 for record in records)

    found: list[_Change] = []
    for kind, field in (("buffers", "buffers"), ("temp_blocks", "temp_blocks")):
        was, now = total(before, field), total(after, field)
        if differs(was, now):
            found.append((kind, "", f"{was:.0f}", f"{now:.0f}"))  # type: ignore[arg-type]
    was, now = total(before, "jit_s"), total(after, "jit_s")
    if bool(was) != bool(now):
        found.append(("jit", "", f"{was:.4f} s", f"{now:.4f} s"))
    return found


def _estimates(new: Sequence[Node]) -> list[_Change]:
    return [
        ("estimate", name(node), f"{node.expected_rows:.0f}", f"{node.rows / node.loops:.0f}")
        for node in new
        if node.estimate_factor >= OFF_BY
    ]


def differs(was: float, now: float) -> bool:
    """Whether two counts differ enough to be told."""
    return max(was, now) > _TELLING * min(was, now)
