"""Storage by stage: the database and each table, with the change that each stage brought."""

from __future__ import annotations

from harness import text
from harness.migrate.stages import STAGES
from harness.report.data import Bytes, Dropped, StorageSection, TableStorage
from harness.report.evidence import Absent
from harness.report.words import title
from harness.result import DroppedColumn, Result, StorageRecord

_LABELS = {
    "before": "before: as seeded",
    "tables_changed": "tables changed",
    "views_created": "views created",
    "columns_dropped": "columns dropped",
    "vacuumed": "vacuumed, without the new indexes",
    "indexes_added": "indexes added",
    "after": "after: all of it, vacuumed",
    "after_rewritten": "after, rewritten (VACUUM FULL)",
    "before_rewritten": "control: before, rewritten",
}


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
        dropping=_dropping(result),
        dropped=tuple(_dropped(item) for item in sorted(result.dropped_columns, key=_widest_first)),
        stages=tuple(_bytes(item, totals[0]) for item in totals),
        tables=tuple(
            TableStorage(text.visible(name), tuple(_bytes(item, tables[name][0]) for item in _changing(tables[name])))
            for name in ordered
        ),
        largest_bytes=max(item.total_bytes for item in totals),
    )


def _changing(records: list[StorageRecord]) -> list[StorageRecord]:
    """Without the migration's own stages that leave the table as it was: `result.json` holds them."""
    sizes = [(item.heap_bytes, item.index_bytes, item.toast_bytes) for item in records]
    return [
        item
        for number, item in enumerate(records)
        if number == 0 or item.stage not in STAGES.values() or sizes[number] != sizes[number - 1]
    ]


def _bytes(item: StorageRecord, first: StorageRecord) -> Bytes:
    same = item is first or not first.total_bytes
    return Bytes(
        label=_LABELS.get(item.stage, text.visible(title(item.stage))),
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
        free=text.size(item.free_bytes),
        row_bytes=text.MISSING if item.row_bytes is None else f"{item.row_bytes:,.0f}{text.GAP}B",
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


def _dropping(result: Result) -> str:
    """What heap and TOAST did up to the last DROP COLUMN; nothing where no such stage was weighed."""
    stages = list(dict.fromkeys(item.stage for item in result.storage))
    dropped = database_total(result, "columns_dropped")
    if dropped is None:
        return ""
    place = stages.index("columns_dropped")
    before = database_total(result, stages[place - 1]) if place else None
    if before is None:
        return ""
    moved = dropped.heap_bytes + dropped.toast_bytes - before.heap_bytes - before.toast_bytes
    if moved:
        did = f"adds {text.size(moved)}" if moved > 0 else f"frees {text.size(-moved)}"
        return (
            f"All that the migration does from “{_LABELS.get(before.stage, before.stage)}” up to its last DROP COLUMN "
            f"{did} in heap and TOAST; DROP COLUMN itself writes no row.{_held(result)}"
        )
    free = "" if "tables_changed" in stages[place:] else _free(result)
    return (
        "Dropping columns changes nothing in heap and TOAST: DROP COLUMN only marks a column as gone in the catalogue, "
        f"its bytes stay in every row until that row is written anew.{_held(result)}{free}"
    )


def _held(result: Result) -> str:
    """What the dropped columns held whose tables are still there, with their bytes or written anew without them."""
    staying = [item for item in result.dropped_columns if item.table_stays]
    estimates = [item.estimated_bytes for item in staying if item.estimated_bytes is not None]
    if not estimates:
        return ""
    which = "The dropped columns" if staying == list(result.dropped_columns) else "Those dropped from tables that stay"
    return f" {which} held about {text.size(sum(estimates))}."


def _free(result: Result) -> str:
    """VACUUM does not help: what is left of a dropped column is neither dead nor free."""
    before = database_total(result, "before")
    vacuumed = database_total(result, "vacuumed") or database_total(result, "after")
    if before is None or vacuumed is None or before.free_bytes is None or vacuumed.free_bytes is None:
        return ""
    return (
        f" To VACUUM they are neither dead nor free: free space is {text.size(before.free_bytes)} before and "
        f"{text.size(vacuumed.free_bytes)} after it."
    )


def _dropped(item: DroppedColumn) -> Dropped:
    return Dropped(
        column=text.visible(f"{item.table}.{item.column}"),
        width=text.MISSING if item.average_width_bytes is None else f"{item.average_width_bytes:,}{text.GAP}B",
        nulls=text.MISSING if item.null_share is None else f"{100 * item.null_share:.1f}{text.GAP}%",
        rows=text.count(item.rows),
        bytes=text.size(item.estimated_bytes),
    )


def _widest_first(item: DroppedColumn) -> tuple[int, str, str]:
    return (-(item.estimated_bytes or 0), item.table, item.column)
