"""Queries one by one: what the report has of each beside its row of the forest plot, brought together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from harness.report.data import ReportData
from harness.report.evidence import Absent, LatencyRow, QueryDetail
from harness.report.reasons import PlanQuery, WhyRow

Item = TypeVar("Item")


@dataclass(frozen=True)
class QueryEntry:
    """One query at one level of clients; plans and causes, which have no level, stand with its first entry."""

    query: str
    row: LatencyRow | None
    detail: QueryDetail | None
    plan: PlanQuery | None
    why: WhyRow | None


def query_entries(data: ReportData) -> tuple[QueryEntry, ...]:
    """Queries in the order of the forest plot, then those that have only plans or causes."""
    rows = () if isinstance(data.latency, Absent) else data.latency.rows
    details = {(item.query, item.level): item for item in _present(data.details)}
    plans = {item.query: item for item in _present(data.plans)}
    causes = {item.query: item for item in _present(data.causes)}
    entries = [
        QueryEntry(
            query=row.query,
            row=row,
            detail=details.get((row.query, row.level)),
            plan=plans.pop(row.query, None),
            why=causes.pop(row.query, None),
        )
        for row in rows
    ]
    others = dict.fromkeys([*plans, *causes])
    entries += [QueryEntry(query, None, None, plans.get(query), causes.get(query)) for query in others]
    return tuple(item for item in entries if item.detail or item.plan or item.why)


def _present(section: tuple[Item, ...] | Absent) -> tuple[Item, ...]:
    return () if isinstance(section, Absent) else section
