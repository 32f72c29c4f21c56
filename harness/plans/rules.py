"""The rules that find causes: each compares the two sides of a query and yields sentences; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from harness import text
from harness.plans.difference import Scanned, differs
from harness.plans.sides import Facts, Found, Side
from harness.plans.tree import OFF_BY, Node, figures

_PAGE_BYTES = 8192
_NARROWER = 0.97
_MANY = 1.5
_JOINS = frozenset({"Nested Loop", "Hash Join", "Merge Join"})
_JOINING = _JOINS | {"Hash", "Memoize", "Materialize"}
_FUNCTION_SCAN = "Function Scan"
_SORTING = frozenset({"Sort", "Incremental Sort"})
_IN_ORDER = frozenset({"Index Scan", "Index Only Scan"})
_PASSING = frozenset({"Limit", "LockRows", "Result", "ProjectSet", "Subquery Scan", "Gather Merge"})
"""These hand rows on in the order in which they get them, and ask for none: what sorts below them sorts the result."""
_ORDERED = _PASSING | {"Nested Loop", "Merge Join", "Memoize", "Materialize", "Merge Append", "Unique", "WindowAgg"}
"""These keep the order of their first input, too."""
_GROUPING = frozenset({"Aggregate", "WindowAgg", "Unique", "SetOp"})


def _tables(old: Side, new: Side, _facts: Facts) -> Iterator[Found]:
    """Tables that only one side reads; the joining is charged to them."""
    added = [scan for table, scan in new.scans.items() if table not in old.scans]
    removed = [scan for table, scan in old.scans.items() if table not in new.scans]
    joining_s = new.seconds(_JOINING) - old.seconds(_JOINING)
    if added:
        number = text.count(len(added), "more table", "more tables")
        spent_s = sum(scan.self_s for scan in added) + max(joining_s, 0.0)
        yield Found("tables_added", f"reads {number}: {_listed(added)}", spent_s)
    if removed:
        number = text.count(len(removed), "table fewer", "tables fewer")
        saved_s = sum(scan.self_s for scan in removed) - min(joining_s, 0.0)
        yield Found("tables_removed", f"reads {number}: {_listed(removed)}", -saved_s)
    was, now = (list(dict.fromkeys(node.kind for node in side.of(_JOINS))) for side in (old, new))
    if not added and not removed and set(was) != set(now):
        words = f"joins by {text.several(now) or 'nothing'}, the old plan by {text.several(was) or 'nothing'}"
        yield Found("join_method", words, joining_s)


def _listed(scans: Sequence[Scanned]) -> str:
    dearest = sorted(scans, key=lambda scan: -scan.self_s)
    return text.several([f"{scan.table} ({_how(scan)})" for scan in dearest], 4)


def _how(scan: Scanned) -> str:
    often = f", {scan.times:,.0f} times" if scan.times > 1 else ""
    return f"{scan.words}{often}, {text.count(round(scan.rows), 'row')}"


def _scans(old: Side, new: Side, facts: Facts) -> Iterator[Found]:
    """Tables that both sides read: by another method, more or fewer rows, or more or fewer pages."""
    for table, now in new.scans.items():
        was = old.scans.get(table)
        if was is None:
            continue
        seconds = now.self_s - was.self_s
        if set(was.methods) != set(now.methods):
            named = [name for method in now.methods for name in method.partition(" using ")[2].split(", ")]
            made = any((table, name) in facts.new_indexes for name in named)
            new_index = " (an index that the migration made)" if made else ""
            words = f"reads {table} by {_how(now)}{new_index}, where the old plan read it by {_how(was)}"
            yield Found("scan_method", words, seconds)
        elif max(was.rows, now.rows) > _MANY * max(min(was.rows, now.rows), 1.0):
            if (now.rows > was.rows) != (seconds > 0):
                continue
            words = f"reads {text.count(round(now.rows), 'row')} of {table}, the old plan {was.rows:,.0f}"
            yield Found("rows_read", words, seconds)
        elif (
            not facts.functions & (was.calls ^ now.calls)
            and differs(was.pages, now.pages)
            and (now.pages > was.pages) == (seconds > 0)
        ):
            yield Found("pages_of_table", _pages_of(table, was, now, facts), seconds)


def _functions(old: Side, new: Side, facts: Facts) -> Iterator[Found]:
    """Functions that only one side calls: the schema's own in an expression, or any in place of a table."""
    was, now = (_calls(side, facts) for side in (old, new))
    for one, other, sign in ((now, was, 1), (was, now, -1)):
        for name, nodes in one.items():
            if name in other:
                continue
            side = old if sign == 1 else new
            beside_s = sum(side.scans[table].self_s for table in {node.table for node in nodes} & side.scans.keys())
            rows = text.count(round(sum(node.rows for node in nodes)), "row")
            words = (
                f"calls the function {name} for {rows}, the old plan not"
                if sign == 1
                else f"no longer calls the function {name}"
            )
            yield Found("function", words, sign * (sum(node.self_s for node in nodes) - beside_s))


def _calls(side: Side, facts: Facts) -> dict[str, list[Node]]:
    """The nodes that call each function."""
    found: dict[str, list[Node]] = {}
    for node in side.nodes:
        for name in node.calls:
            if name in facts.functions or node.kind == _FUNCTION_SCAN:
                found.setdefault(name, []).append(node)
    return found


def _pages_of(table: str, was: Scanned, now: Scanned, facts: Facts) -> str:
    share = text.change(now.pages / was.pages).lstrip("+−±") if was.pages else f"{now.pages:,}"
    words = f"reads {share} {'fewer' if now.pages < was.pages else 'more'} pages of {table} for the same rows"
    wide, narrow = facts.row_bytes.get(table, (0.0, 0.0))
    if now.pages < was.pages and 0 < narrow < _NARROWER * wide:
        return f"{words}: they are narrower ({narrow:,.0f} bytes each, not {wide:,.0f})"
    return words


def _sorts(old: Side, new: Side, _facts: Facts) -> Iterator[Found]:
    was, now = (sum(_input(node) for node in side.of(_SORTING)) for side in (old, new))
    seconds = new.seconds(_SORTING) - old.seconds(_SORTING)
    if now > _MANY * was:
        in_order = _gives_rows(old, _ORDERED, _IN_ORDER) and _gives_rows(new, _PASSING, _SORTING)
        other = f", the old plan {was:,.0f}" if was else ", the old plan none"
        other = " where the old plan read an index in order" if in_order and not was else other
        yield Found("sort", f"sorts {text.count(round(now), 'row')}{other}", seconds)
    elif was > _MANY * now:
        yield Found("sort", f"sorts {text.count(round(now), 'row')}, the old plan {was:,.0f}", seconds)


def _gives_rows(side: Side, through: frozenset[str], wanted: frozenset[str]) -> bool:
    """Whether a statement's rows come from such a node, in the order in which it has them."""
    return any(_source(top, through).kind in wanted for top in side.tops)


def _source(node: Node, through: frozenset[str]) -> Node:
    """The node whose rows these kinds of nodes only hand on."""
    while node.kind in through and node.inputs:
        node = node.inputs[0]
    return node


def _input(node: Node) -> float:
    """Rows that go into a node."""
    return sum(child.rows for child in node.inputs)


def _groups(old: Side, new: Side, _facts: Facts) -> Iterator[Found]:
    was, now = (sum(_input(node) for node in side.of(_GROUPING)) for side in (old, new))
    if differs(was, now):
        words = f"aggregates {text.count(round(now), 'row')}, the old plan {was:,.0f}"
        yield Found("aggregate", words, new.seconds(_GROUPING) - old.seconds(_GROUPING))


def _spills(old: Side, new: Side, _facts: Facts) -> Iterator[Found]:
    was, now = (sum(node.temp_written for node in side.nodes) for side in (old, new))
    if not differs(was, now):
        return
    spilling_s = [sum(node.self_s for node in side.nodes if node.temp_written) for side in (old, new)]
    other = f"the old plan {text.size(was * _PAGE_BYTES)}" if was else "the old plan nothing"
    yield Found("spill", f"spills {text.size(now * _PAGE_BYTES)} to disk, {other}", spilling_s[1] - spilling_s[0])


def _jit(old: Side, new: Side, _facts: Facts) -> Iterator[Found]:
    was, now = old.total("jit_s"), new.total("jit_s")
    if now and not was:
        yield Found("jit", f"is now JIT-compiled: {text.duration(now)}", now)
    elif was and not now:
        yield Found("jit", f"is no longer JIT-compiled, which took {text.duration(was)}", -was)


def _planning(old: Side, new: Side, facts: Facts) -> Iterator[Found]:
    """Counts as often as the timed executions were planned anew."""
    was, now = old.total("planning_s"), new.total("planning_s")
    old_share, new_share = facts.planned_anew
    if differs(was * old_share, now * new_share):
        words = f"planning takes {_planned(now, new_share)}, of the old form {_planned(was, old_share)}"
        yield Found("planning", words, new_share * now - old_share * was)


def _planned(seconds: float, share: float) -> str:
    if share < 0.01:
        return "nothing (a generic plan)"
    return text.duration(seconds) + ("" if share > 0.99 else f" in {share:.0%} of all executions")


def _writes(old: Side, new: Side, _facts: Facts) -> Iterator[Found]:
    """Rows written, with the time of the writing itself and of the triggers that it fires."""
    kinds = frozenset({"ModifyTable"})
    sides = []
    for side in (old, new):
        tables = list(dict.fromkeys(node.table for node in side.of(kinds)))
        rows = sum(_input(node) for node in side.of(kinds))
        triggers_s = sum(figures(record.plan).trigger_s for record in side.records)
        sides.append((tables, rows, side.seconds(kinds) + triggers_s))
    (old_tables, was, old_s), (tables, now, new_s) = sides
    if differs(was, now) or old_tables != tables:
        words = f"writes {text.count(round(now), 'row')} in {text.several(tables)}"
        yield Found("rows_written", f"{words}, the old form {was:,.0f} in {text.several(old_tables)}", new_s - old_s)


def _workers(old: Side, new: Side, _facts: Facts, _verdict: str) -> Iterator[Found]:
    was, now = (max((node.workers for node in side.nodes), default=0) for side in (old, new))
    if was != now:
        yield Found("workers", f"runs with {text.count(now, 'parallel worker')}, the old plan with {was:,}")


def _pages(old: Side, new: Side, _facts: Facts, verdict: str) -> Iterator[Found]:
    was, now = old.total("buffers"), new.total("buffers")
    if differs(was, now) and (now > was) == (verdict == "slower"):
        yield Found("pages", f"touches {text.count(round(now), 'page')} in all, the old plan {was:,.0f}")


def _estimates(_old: Side, new: Side, _facts: Facts, verdict: str) -> Iterator[Found]:
    wrong = [node for node in new.nodes if node.estimate_factor >= OFF_BY]
    if wrong and verdict == "slower":
        worst = max(wrong, key=lambda node: node.estimate_factor)
        met, where = worst.rows / worst.loops, f" of {worst.table}" if worst.table else ""
        words = f"the planner expected {text.count(round(worst.expected_rows), 'row')}{where} and met {met:,.0f}"
        yield Found("estimate", f"{words} ({worst.kind})")


TIMED: tuple[Callable[[Side, Side, Facts], Iterator[Found]], ...] = (
    _tables,
    _scans,
    _functions,
    _sorts,
    _groups,
    _spills,
    _jit,
    _planning,
    _writes,
)
"""Rules whose findings have a time, by which they are ranked."""

UNTIMED: tuple[Callable[[Side, Side, Facts, str], Iterator[Found]], ...] = (_pages, _estimates, _workers)
"""Rules that fill up where the timed ones leave room."""
