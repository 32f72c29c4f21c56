"""The blocks and distributions of each query, read from the run's samples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from harness import text
from harness.errors import MeasureError
from harness.measure.model import SliceRecord
from harness.measure.samples import read_table
from harness.report.evidence import Absent, LatencyRow, LatencySection, QueryDetail, Series
from harness.report.words import AFTER, BEFORE, CONTROL, SERVER_MEAN

SHARES = (0.0, 0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.975, 0.99, 0.999, 1.0)
"""The shares of executions at which the distribution is shown."""

SHOWN = (BEFORE, AFTER, CONTROL)
"""In this order. Of the other arms, attribution tells; their figures, too, would make the page twice as large."""

Load = tuple[str, int]
_COLUMNS = ["query", "arm", "clients", "block", "warmup", "client", "intended_s", "done_s", "sqlstate", "rate_per_s"]


def read_details(samples: Path, latency: LatencySection | Absent) -> tuple[QueryDetail, ...] | Absent:
    """One entry per row of the forest plot and in its order, without warm-up; Absent, with the reason, where none."""
    if isinstance(latency, Absent):
        return Absent("No query was timed.")
    if not samples.exists():
        return Absent("The run's folder holds no samples.")
    try:
        table = read_table(samples)
    except MeasureError as error:
        return Absent(f"The samples cannot be read: {text.visible(error.message)}.")
    by_load: dict[Load, list[SliceRecord]] = defaultdict(list)
    for item in table.slices:
        if not item.warmup:
            by_load[item.query, item.clients].append(item)
    void = {load: _void(slices) for load, slices in by_load.items()}
    pooled = _latencies(samples, void)
    details = tuple(
        _detail(row, by_load[row.load], table.arms, void[row.load], pooled)
        for row in latency.rows
        if row.load in by_load
    )
    return details or Absent("No block was finished.")


def _detail(
    row: LatencyRow,
    slices: list[SliceRecord],
    arms: Sequence[str],
    void: dict[int, str],
    pooled: dict[tuple[Load, str], NDArray[np.float32]],
) -> QueryDetail:
    blocks = sorted({item.block for item in slices})
    return QueryDetail(
        query=row.query,
        level=row.level,
        figure=row.figure,
        verdict=row.verdict,
        tone=row.tone,
        effect=f"{row.effect.text} ({row.effect.range_text})" if row.effect else "not measured",
        blocks=tuple(blocks),
        void=tuple(void.items()),
        marks=tuple(_marks(slices).items()),
        shares=SHARES,
        series=tuple(
            _series(arm, blocks, _figures(row, arm, slices, void), pooled.get((row.load, arm)))
            for arm in SHOWN
            if arm in arms
        ),
    )


def _void(slices: list[SliceRecord]) -> dict[int, str]:
    """Blocks in which an arm's slice is invalid, which voids them for every arm."""
    return {item.block: text.visible(f"{item.arm}: {item.invalid}") for item in slices if item.invalid}


def _marks(slices: list[SliceRecord]) -> dict[int, str]:
    """What interfered with a block, by arm."""
    marks: dict[int, list[str]] = defaultdict(list)
    for item in slices:
        if item.marks:
            marks[item.block].append(text.visible(f"{item.arm}: {item.marks}"))
    return {block: "; ".join(words) for block, words in marks.items()}


def _figures(row: LatencyRow, arm: str, slices: list[SliceRecord], void: dict[int, str]) -> dict[int, float | None]:
    """An arm's figure per block, of the kind that decides this row."""
    counted = [item for item in slices if item.arm == arm and item.block not in void]
    return {item.block: item.server_mean_s if row.figure == SERVER_MEAN else item.p50_s for item in counted}


def _series(
    arm: str, blocks: list[int], figures: dict[int, float | None], latencies: NDArray[np.float32] | None
) -> Series:
    quantiles = () if latencies is None else np.quantile(latencies, SHARES).tolist()
    return Series(
        arm=arm,
        blocks_s=tuple(figures.get(block) for block in blocks),
        quantiles_s=tuple(float(value) for value in quantiles),
        samples=0 if latencies is None else len(latencies),
    )


def _latencies(samples: Path, void: dict[Load, dict[int, str]]) -> dict[tuple[Load, str], NDArray[np.float32]]:
    """Latencies in seconds of every load and arm, over its blocks that count; one row group in memory at a time."""
    found: dict[tuple[Load, str], list[NDArray[np.float32]]] = defaultdict(list)
    with pq.ParquetFile(samples) as file:
        for group in range(file.num_row_groups):
            for load, arm, block, latencies in _slices(file.read_row_group(group, columns=_COLUMNS)):
                if block not in void.get(load, {}):
                    found[load, arm].append(latencies)
    return {key: np.concatenate(parts) for key, parts in found.items()}


def _slices(rows: pa.Table) -> Iterator[tuple[Load, str, int, NDArray[np.float32]]]:
    """The slices of one row group with the latencies of their successes; warm-up is left out.

    Rows of a slice stand together, so that a slice begins wherever one of its names changes.
    """
    rows = rows.filter(pc.is_null(rows["rate_per_s"]))  # the open load is another experiment
    if not rows.num_rows:
        return
    codes = [_codes(rows["query"]), _codes(rows["arm"]), rows["clients"].to_numpy(), rows["block"].to_numpy()]
    begins = np.ones(rows.num_rows, dtype=bool)
    begins[1:] = np.any([code[1:] != code[:-1] for code in codes], axis=0)
    starts = np.flatnonzero(begins)
    good = rows["sqlstate"].is_null().to_numpy() & (rows["client"].to_numpy() >= 0) & ~rows["warmup"].to_numpy()
    latencies = (rows["done_s"].to_numpy() - rows["intended_s"].to_numpy()).astype(np.float32)
    queries, arms = _names(rows["query"]), _names(rows["arm"])
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), rows.num_rows], strict=True):
        query, arm, clients, block = (int(code[start]) for code in codes)
        values = latencies[start:end][good[start:end]]
        if len(values):
            yield (queries[query], clients), arms[arm], block, values


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(column.combine_chunks().indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def _names(column: pa.ChunkedArray) -> list[str]:
    names: list[str] = column.combine_chunks().dictionary.to_pylist()
    return names
