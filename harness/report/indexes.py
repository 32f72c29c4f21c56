"""The indexes of the migrated state for the report: new, never used, duplicate, redundant or invalid ones."""

from __future__ import annotations

from harness import text
from harness.report.data import IndexRow, IndexSection
from harness.report.evidence import Absent, Tone
from harness.report.words import AFTER
from harness.result import IndexRecord, Result


def index_section(result: Result) -> IndexSection | Absent:
    """A sentence over all indexes of the migrated state, and those of which there is something to say."""
    every = [item for item in result.indexes if item.arm == AFTER]
    if not every:
        return Absent("No index was looked at.")
    remarked = [item for item in every if _remarks(item)]
    ordered = sorted(remarked, key=lambda item: (not _is_needless(item), -item.size_bytes, item.index))
    return IndexSection(
        sentence=_sentence(every),
        rows=tuple(_row(item) for item in ordered),
        plain=len(every) - len(remarked),
    )


def is_unused(item: IndexRecord) -> bool:
    """Whether the workload never scanned it, and neither a constraint nor the replica identity needs it."""
    return item.scans == 0 and not item.enforces


def _is_needless(item: IndexRecord) -> bool:
    return not item.valid or bool(item.duplicate_of or item.redundant_with)


def _was_there(item: IndexRecord) -> bool:
    return item.asked_for and not item.created


def _sentence(every: list[IndexRecord]) -> str:
    groups = (
        ("made by the migration", [item for item in every if item.created]),
        (
            "asked for by the migration and there already, so that its statements did nothing",
            [item for item in every if _was_there(item)],
        ),
        ("never scanned by this run's workload", [item for item in every if is_unused(item)]),
        ("duplicates under another name", [item for item in every if item.duplicate_of]),
        ("whose key only begins another's", [item for item in every if item.redundant_with]),
        ("invalid", [item for item in every if not item.valid]),
    )
    parts = [f"{words}: {len(found):,} ({_bytes(found)})" for words, found in groups if found]
    start = f"{text.count(len(every), 'index', 'indexes')} ({_bytes(every)})"
    unmeasured = " Scans were not counted: no query was timed." if every[0].scans is None else ""
    return f"Of {start}: {'; '.join(parts) or 'nothing to remark'}.{unmeasured}"


def _bytes(found: list[IndexRecord]) -> str:
    return text.size(sum(item.size_bytes for item in found))


def _remarks(item: IndexRecord) -> list[str]:
    remarks = {
        "invalid": not item.valid,
        f"the same as {item.duplicate_of}": item.duplicate_of,
        f"covered by {item.redundant_with}": item.redundant_with,
        "never scanned": is_unused(item),
        "new": item.created,
        "asked for, but there already": _was_there(item),
    }
    return [words for words, holds in remarks.items() if holds]


def _row(item: IndexRecord) -> IndexRow:
    tone: Tone = "bad" if _is_needless(item) else "open" if is_unused(item) else "plain"
    return IndexRow(
        table=text.visible(item.table),
        index=text.visible(item.index),
        key=text.visible(item.key),
        size=text.size(item.size_bytes),
        scans=text.count(item.scans),
        remarks=text.visible(", ".join(_remarks(item))),
        tone=tone,
    )
