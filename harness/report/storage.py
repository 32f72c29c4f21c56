"""Storage by stage: the database and each table, with the change that each stage brought."""

from __future__ import annotations

from harness import text
from harness.report.data import Bytes, StorageSection, TableStorage
from harness.report.evidence import Absent
from harness.report.words import title
from harness.result import Result, StorageRecord


def database_total(result: Result, stage: str) -> StorageRecord | None:
    """The record of the whole database at a stage, None where it was not read."""
    return next((item for item in result.storage if item.stage == stage and item.table is None), None)


def storage_section(result: Result) -> StorageSection | Absent:
    """Every stage against the first one; tables largest first."""
    totals = [item for item in result.storage if item.table is None]
    if not totals:
        return Absent("No storage was read.")
    names = {item.table for item in result.storage if item.table is not None}
    tables = {name: [item for item in result.storage if item.table == name] for name in names}
    ordered = sorted(tables, key=lambda name: (-max(item.total_bytes for item in tables[name]), name))
    return StorageSection(
        sentence=_sentence(result),
        stages=tuple(_bytes(item, totals[0]) for item in totals),
        tables=tuple(
            TableStorage(text.visible(name), tuple(_bytes(item, tables[name][0]) for item in tables[name]))
            for name in ordered
        ),
        largest_bytes=max(item.total_bytes for item in totals),
    )


def _bytes(item: StorageRecord, first: StorageRecord) -> Bytes:
    same = item is first or not first.total_bytes
    return Bytes(
        label=text.visible(title(item.stage)),
        heap_bytes=item.heap_bytes,
        index_bytes=item.index_bytes,
        toast_bytes=item.toast_bytes,
        total_bytes=item.total_bytes,
        heap=text.size(item.heap_bytes),
        index=text.size(item.index_bytes),
        toast=text.size(item.toast_bytes),
        total=text.size(item.total_bytes),
        change=text.MISSING if same else text.change(item.total_bytes / first.total_bytes),
        rows=text.count(item.rows),
    )


def _sentence(result: Result) -> str:
    before, after = database_total(result, "before"), database_total(result, "after")
    if before is None or after is None or not before.total_bytes:
        return "Storage was read at some stages only, so that before and after cannot be compared."
    moved = text.change(after.total_bytes / before.total_bytes)
    start = f"The migrated database is {moved} against the old one as they stand"
    old, new = database_total(result, "before_rewritten"), database_total(result, "after_rewritten")
    if old is None or new is None or not old.total_bytes:
        return f"{start}. Dropping a column frees nothing until its table is rewritten."
    return (
        f"{start}, and {text.change(new.total_bytes / old.total_bytes)} once both are rewritten (VACUUM FULL): "
        "dropping a column frees nothing before that, and what a rewrite of the old state gains, too, is not the "
        "migration's merit."
    )
