"""Did a table grow since the stored run, beyond what the old state grew by itself?"""

from __future__ import annotations

from harness.result import Result, StorageShift

TOLERANCE = 0.02
TOLERANCE_BYTES = 10 * 8192
"""Growth fails the gate beyond both: small tables grow by whole pages, and forks of theirs come and go."""

_REFERENCE = {"after": "before", "after_rewritten": "before_rewritten"}
"""The stages that are compared, each with the stage of the old state that it is held against."""

_Key = tuple[str, str | None]


def storage_shifts(base: Result, new: Result, advisory: bool = False) -> tuple[StorageShift, ...]:
    """One record per table and stage, the whole database first (its table is None).

    `advisory`: the runs' data differ by what was seeded, so that no growth may fail the gate.
    """
    old, fresh = _sizes(base), _sizes(new)
    keys = dict.fromkeys(key for key in (*fresh, *old) if key[0] in _REFERENCE)
    return tuple(_shift(stage, table, old, fresh, advisory) for stage, table in sorted(keys, key=_order))


def _order(key: _Key) -> tuple[str, bool, str]:
    return key[0], key[1] is not None, key[1] or ""


def _sizes(result: Result) -> dict[_Key, int]:
    return {(item.stage, item.table): item.total_bytes for item in result.storage}


def _shift(stage: str, table: str | None, old: dict[_Key, int], fresh: dict[_Key, int], advisory: bool) -> StorageShift:
    reference = _REFERENCE[stage], table
    was, is_now = old.get(reference, 0), fresh.get(reference, 0)
    expected = round(old.get((stage, table), 0) * (is_now / was if was and is_now else 1.0))
    size = fresh.get((stage, table), 0)
    beyond = size - expected
    fails = beyond > TOLERANCE * expected and beyond > TOLERANCE_BYTES
    return StorageShift(
        stage=stage,
        table=table,
        base_bytes=old.get((stage, table), 0),
        new_bytes=size,
        expected_bytes=expected,
        growth=beyond / expected if expected else None,
        outcome="fail" if fails else "pass",
        advisory=advisory,
    )
