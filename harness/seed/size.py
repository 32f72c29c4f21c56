"""How large a seeded database will be, from a sample of its rows."""

from __future__ import annotations

from collections import deque
from threading import Lock

import numpy as np

from harness.seed.encode import make_block
from harness.seed.pools import Pools, build_pools
from harness.seed.scale import row_counts
from harness.seed.spec import SeedSpec
from harness.seed.values import Coded, Column, Flag, Moment, Number, Text
from harness.seed.words import TEXT
from harness.seed.world import World

_SAMPLE_SCALE = 5_000
_SAMPLE_ROWS = 500
_ROW_OVERHEAD = 36
"""A row's header (23 bytes, padded), its pointer in the page, and the bitmap of NULLs."""

_INDEX_SHARE = 1.25
"""Tables with their indexes and TOAST by tables' bytes as sampled here: 1.2 was measured for the built-in CRM."""


_Sample = tuple[Pools, dict[str, float]]

_last: deque[tuple[SeedSpec, int, _Sample]] = deque(maxlen=1)
_sampling = Lock()


def estimate_bytes(spec: SeedSpec, scale: int, seed: int = 0) -> int:
    """About how many bytes the seeded database takes on disk, indexes included; WAL and copies of it come on top."""
    counts = row_counts(spec, scale)
    _, sizes = pools_and_row_bytes(spec, seed)
    return int(sum(counts[table] * size for table, size in sizes.items()) * _INDEX_SHARE)


def pools_and_row_bytes(spec: SeedSpec, seed: int) -> _Sample:
    """The pools, and about how many bytes a row of each stored table takes on disk.

    The last answer is kept: a run asks when it checks its input, when it looks for room on the disk and when it seeds.
    """
    with _sampling:
        for known_spec, known_seed, sample in _last:
            if (known_spec, known_seed) == (spec, seed):
                return sample
        pools = build_pools(spec, seed)
        sample = pools, _sampled_row_bytes(spec, pools)
        _last.append((spec, seed, sample))
        return sample


def _sampled_row_bytes(spec: SeedSpec, pools: Pools) -> dict[str, float]:
    world = World(spec, _SAMPLE_SCALE, 0, pools, realistic=False)
    return {table: _row_bytes(world, table) for table in spec.stored_tables}


def _row_bytes(world: World, table: str) -> float:
    rows = np.arange(min(world.counts[table], _SAMPLE_ROWS))
    columns, _ = make_block(world, table, rows)
    return _ROW_OVERHEAD + sum(_bytes(column) for column in columns.values()) / len(rows)


def _bytes(column: Column) -> float:
    """Bytes of the column's values as PostgreSQL keeps them, nearly; a text has a header of one to four bytes."""
    kept = len(column) if column.null is None else len(column) - int(column.null.sum())
    match column:
        case Text() | Coded():
            kind = column.words.array.type if isinstance(column, Coded) else TEXT
            return kept * (float(column.arrow(kind).nbytes) / max(kept, 1) - 2)
        case Flag():
            return float(kept)
        case Number() | Moment():
            return kept * 8.0
        case _:
            return kept * 16.0
