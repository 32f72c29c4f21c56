"""Causes and plans for the report: what explains each verdict, and the plans behind it as compact trees."""

from __future__ import annotations

from collections.abc import Sequence

from harness import text
from harness.plans import outline, read_tree, shape
from harness.report.evidence import Absent
from harness.report.latency import headline_comparisons
from harness.report.reasons import PlanQuery, PlanText, WhyRow
from harness.report.words import AFTER, BEFORE, LATENCY_TONES
from harness.result import Cause, PlanChange, PlanRecord, QueryIo, Result

_MOST_CHANGES = 12
_PARAMETER_CHARS = 200
_OTHER_ARMS = ("before_indexes", "after_noindexes")
_CHANGES = {
    "appeared": "new: {node} {after}",
    "disappeared": "gone: {node} {before}",
    "method": "{node}: {after}, before {before}",
    "rows_read": "{node}: {after} rows read, before {before}",
    "buffers": "{after} pages, before {before}",
    "temp_blocks": "{after} temporary pages, before {before}",
    "jit": "JIT {after}, before {before}",
    "estimate": "{node}: {before} rows expected, {after} met",
}


def why_rows(result: Result) -> tuple[WhyRow, ...] | Absent:
    """One row per query with causes, in the order of the forest plot."""
    order = sorted(headline_comparisons(result), key=lambda item: -(item.ratio or 0.0))
    names = [item.query for item in order]
    by_query: dict[str, list[Cause]] = {}
    for cause in sorted(result.causes, key=lambda item: names.index(item.query) if item.query in names else len(names)):
        by_query.setdefault(cause.query, []).append(cause)
    rows = [_why(query, causes) for query, causes in by_query.items()]
    if rows:
        return tuple(rows)
    if not result.plans:
        return Absent("No plan was read.")
    return Absent("No query is proven slower or faster, so there is nothing to explain.")


def _why(query: str, causes: Sequence[Cause]) -> WhyRow:
    return WhyRow(
        query=text.visible(query),
        verdict=causes[0].verdict,
        tone=LATENCY_TONES[causes[0].verdict],
        causes=tuple(text.visible(item.sentence) for item in causes),
        remedies=tuple(text.visible(item.remedy) for item in causes if item.remedy),
    )


def plan_queries(result: Result) -> tuple[PlanQuery, ...] | Absent:
    """One entry per query: the plans before and after, and generic ones that differ from them."""
    if not result.plans:
        return Absent("No plan was recorded.")
    queries = dict.fromkeys(plan.query for plan in result.plans)
    return tuple(_query(query, result) for query in queries)


def _query(query: str, result: Result) -> PlanQuery:
    sides: dict[tuple[str, str], list[PlanRecord]] = {}
    for plan in result.plans:
        if plan.query == query:
            sides.setdefault((plan.arm, plan.mode), []).append(plan)
    shown: list[PlanText] = []
    notes: list[str] = []
    seen: dict[object, str] = {}
    same: dict[str, list[str]] = {}
    for (arm, mode), records in sorted(sides.items(), key=lambda item: _rank(*item[0])):
        label = arm if mode == "custom" else f"{arm}, generic plan"
        errors = dict.fromkeys(record.error for record in records if record.error)
        notes += [f"{label}: {text.visible(error)}" for error in errors]
        shapes = tuple(shape(read_tree(record.plan)) for record in records if record.plan is not None)
        if not shapes:
            continue
        if shapes in seen and (arm, mode) not in ((BEFORE, "custom"), (AFTER, "custom")):
            same.setdefault(seen[shapes], []).append(label)
            continue
        seen.setdefault(shapes, label)
        if arm in _OTHER_ARMS:
            notes.append(f"{label}: a plan of its own, in result.json; {_came_to(records)}")
            continue
        shown.append(PlanText(f"{label}: {_came_to(records)}", text.visible(_tree(records))))
    notes += [f"the same plan as {one}: {'; '.join(others)}" for one, others in same.items()]
    notes += [_while_timed(item) for item in result.query_io if item.query == query and item.arm in (BEFORE, AFTER)]
    parameters = next((plan.parameters for plan in result.plans if plan.query == query and plan.parameters), "")
    changes = [item for item in result.plan_changes if (item.query, item.arm, item.mode) == (query, AFTER, "custom")]
    return PlanQuery(
        query=text.visible(query),
        summary=_summary(sides),
        parameters=text.visible(parameters[:_PARAMETER_CHARS]),
        changes=_changes(changes),
        plans=tuple(shown),
        notes=tuple(notes),
    )


def _while_timed(item: QueryIo) -> str:
    """`after, 1 client, while timed: 470 pages per execution, 3 of them not in the cache, 92 % by generic plans`."""
    pages = item.hit_per_execution + item.read_per_execution
    words = [f"{pages:,.4g} pages per execution"]
    words += [f"{item.read_per_execution:,.3g} of them not in the cache"] if item.read_per_execution else []
    words += [f"{item.temp_per_execution:,.3g} temporary pages written"] if item.temp_per_execution else []
    planned = item.generic_plans + item.custom_plans
    words += [f"{text.share(item.generic_plans, planned)} by generic plans"] if planned else []
    changed = text.several([str(block) for block in item.changed_in_blocks], 8)
    words += [f"another plan from block {changed} on: the pages jumped there"] if changed else []
    return f"{item.arm}, {text.count(item.clients, 'client')}, while timed: {', '.join(words)}"


def _rank(arm: str, mode: str) -> tuple[bool, int]:
    order = (BEFORE, AFTER, *_OTHER_ARMS)
    return (mode != "custom", order.index(arm) if arm in order else len(order))


def _came_to(records: Sequence[PlanRecord]) -> str:
    if any(record.error for record in records):
        return "estimated only"
    pages = sum(record.buffers or 0 for record in records)
    read = sum(record.buffers_read or 0 for record in records)
    from_disk = f", {read:,} of them not in the cache" if read else ""
    return (
        f"{text.duration(sum(record.execution_s or 0.0 for record in records))} "
        f"and {text.duration(sum(record.planning_s or 0.0 for record in records))} of planning, "
        f"{text.count(pages, 'page')}{from_disk}"
    )


def _summary(sides: dict[tuple[str, str], list[PlanRecord]]) -> str:
    """`151 → 470 pages, 100 → 100,150 rows read`; nothing where a side did not run."""
    old, new = sides.get((BEFORE, "custom"), []), sides.get((AFTER, "custom"), [])
    if not old or not new or any(record.error for record in (*old, *new)):
        return ""
    pages = [sum(record.buffers or 0 for record in side) for side in (old, new)]
    rows = [sum(record.rows_read or 0 for record in side) for side in (old, new)]
    return f"{pages[0]:,} → {text.count(pages[1], 'page')}, {rows[0]:,} → {text.count(rows[1], 'row')} read"


def _changes(changes: Sequence[PlanChange]) -> tuple[str, ...]:
    words = list(dict.fromkeys(text.visible(_change(item)) for item in changes))
    rest = len(words) - _MOST_CHANGES
    return (*words[:_MOST_CHANGES], f"{rest:,} more in result.json") if rest > 0 else tuple(words)


def _change(item: PlanChange) -> str:
    words = {"node": item.node, "before": item.before, "after": item.after}
    if item.kind in ("appeared", "disappeared"):  # of nodes without a table, it is how many
        words |= {key: f"× {value}" for key, value in words.items() if value.isdecimal()}
    return " ".join(_CHANGES[item.kind].format(**words).split())


def _tree(records: Sequence[PlanRecord]) -> str:
    return "\n".join(line for record in records if record.plan for line in outline(read_tree(record.plan)))
