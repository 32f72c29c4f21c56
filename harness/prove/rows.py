"""Defects in a view's rows: some of them left out, or some added that the table does not have."""

from __future__ import annotations

from collections.abc import Iterator

from harness.prove.edits import FEW, FaultMaker, edit, kinds, leaves_out, markers
from harness.prove.ground import Ground, Stand
from harness.prove.model import Defect
from harness.sqltext import quote_ident


def _filter(ground: Ground, stand: Stand, condition: str) -> Iterator[Defect]:
    if not stand.text.is_grouped:
        yield edit(ground, stand, stand.text.with_filter(condition), "row_missing", "row_filter")


def _deleted_left_out(ground: Ground, stand: Stand) -> Iterator[Defect]:
    for column in markers(stand.table.columns):
        test = leaves_out(stand.own(column.name), column, stand.table.sql)
        yield from _filter(ground, stand, test)


def _status_left_out(ground: Ground, stand: Stand) -> Iterator[Defect]:
    for column in kinds(stand.table.columns):
        test = leaves_out(stand.own(column.name), column, stand.table.sql)
        yield from _filter(ground, stand, test)


def _parent_left_out(ground: Ground, stand: Stand) -> Iterator[Defect]:
    """The rows of one parent, a tenant say, left out."""
    for link in ground.before.foreign_keys(stand.table.oid):
        if len(link.columns) == 1 and (column := stand.table.column(link.columns[0])) is not None:
            own = quote_ident(column.name)
            one = f"SELECT {own} FROM {stand.table.sql} WHERE {own} IS NOT NULL ORDER BY {own} LIMIT 1"
            test = f"{stand.own(column.name)} IS DISTINCT FROM ({one})"
            yield from _filter(ground, stand, test)


def _row_left_out(ground: Ground, stand: Stand) -> Iterator[Defect]:
    yield from _filter(ground, stand, f"NOT ({stand.first_row})")


def _nulls_left_out(ground: Ground, stand: Stand) -> Iterator[Defect]:
    """A comparison that NULL does not pass."""
    for column in stand.table.columns:
        if not column.not_null and column.has_equality:
            name = stand.own(column.name)
            yield from _filter(ground, stand, f"{name} = {name}")


def _distinct(ground: Ground, stand: Stand) -> Iterator[Defect]:
    for link in ground.before.foreign_keys(stand.table.oid):
        if not stand.text.is_grouped and not stand.text.is_set_operation and stand.table.column(link.columns[0]):
            definition = stand.text.with_distinct_on(stand.own(link.columns[0]))
            yield edit(ground, stand, definition, "row_missing", "row_filter")


def _limited(ground: Ground, stand: Stand) -> Iterator[Defect]:
    rows = next((check.rows for check in ground.clean.views if check.view == stand.view.display), None)
    if rows:
        yield edit(ground, stand, stand.text.with_limit(rows - 1), "row_missing",
                    "row_filter")  # fmt: skip


def _halves(ground: Ground, stand: Stand) -> Iterator[Defect]:
    """Two halves put together, neither of which holds the rows with a NULL."""
    for column in stand.table.columns:
        if not column.not_null and column.base_type in (*FEW, "date", "timestamptz", "timestamp", "numeric", "int4"):
            name = stand.own(column.name)
            median = f"(SELECT min({quote_ident(column.name)}) FROM {stand.table.sql})"
            test = name if column.base_type == "bool" else f"{name} > {median}"
            halves = [stand.text.with_filter(half) for half in (test, f"NOT ({test})")]
            yield edit(ground, stand, " UNION ALL ".join(halves),
                        "row_missing", "row_filter")  # fmt: skip


def _union(ground: Ground, stand: Stand) -> Iterator[Defect]:
    if stand.text.is_union_all:
        yield edit(ground, stand, stand.text.with_all_removed(), "row_missing", "row_filter")


def _row_invented(ground: Ground, stand: Stand) -> Iterator[Defect]:
    """A row of NULLs put beside those of the table."""
    nulls = ", ".join(f"NULL::{column.type_sql}" for column in stand.view.columns)
    definition = f"{stand.text.sql} UNION ALL SELECT {nulls}"
    yield edit(ground, stand, definition, "row_extra", "unexplained")


ROW_FAULTS: dict[str, FaultMaker] = {
    "marked rows left out": _deleted_left_out,
    "rows of one status left out": _status_left_out,
    "rows of one parent left out": _parent_left_out,
    "one row left out": _row_left_out,
    "rows with a NULL left out": _nulls_left_out,
    "one row for each parent": _distinct,
    "rows cut off by a LIMIT": _limited,
    "a union of halves that loses NULLs": _halves,
    "UNION for UNION ALL": _union,
    "a row that the table does not have": _row_invented,
}
"""Each fault, and what finds the places for it in one view."""
