"""samples.parquet: every execution with its block, and the facts of its slice; appended block by block.

| column | type | holds |
| --- | --- | --- |
| `block`, `warmup` | int32, bool | the block, from 0; whether it is warm-up, which decides nothing |
| `clients` | int16 | the level: connections that ran the slice together |
| `query`, `arm` | dictionary of string | what ran, and on which state of the database |
| `client` | int16 | which of the connections; -1 in the one row of a slice without any execution |
| `turn` | int16 | which of the slice's turns, from 0: between them the other arms had theirs |
| `op` | int64 | the operation's number; the same number is the same operation on every arm |
| `intended_s`, `sent_s`, `done_s` | float64 | seconds since measuring began; a latency is `done_s - intended_s`; \
an operation of an open load that was never sent (skipped) has null in the last two |
| `answered_s` | float32 | seconds from the request to its answer's last byte; null: it failed |
| `sqlstate` | string | null: the execution succeeded |
| `lag_p99_s`, `client_cpu_s` | float64 | of the slice: the event loop's lag (see `lag`), CPU time per \
execution |
| `server_mean_s`, `statements_mean_s` | float64 | of the slice: the mean time from a request to its answer's last \
byte, and what pg_stat_statements has of it (null where unknown) |
| `invalid` | string | of the slice: why it may not be used; null where it may |
| `marks` | string | of the slice: what interfered (a checkpoint, autovacuum, stolen time, temporary files, \
sessions that waited for a lock); null: nothing |
| `rate_per_s`, `began_s`, `ends_s` | float64 | of an open slice: the rate of the whole mix, when its schedule began \
and ended; null: a closed slice |

While the run lasts the rows go to a stream beside the file (`sample_writer`), which a killed run leaves readable up to
its last block.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from harness.errors import SamplesError
from harness.measure.buffer import SAMPLE, Samples, state_number
from harness.measure.model import MIX, BlockTable, SliceRecord
from harness.measure.slices import Schedule, SliceFacts, summarise, summarise_blocks

SCHEMA_VERSION = 5
READABLE_VERSIONS = (3, 4, 5)
"""Version 4 had no `answered_s`, version 3 no turns either: each slice was run at one go."""

METADATA_KEY = b"bench.samples"
_NAME = pa.dictionary(pa.int16(), pa.string())

SCHEMA = pa.schema(
    [
        ("block", pa.int32()),
        ("warmup", pa.bool_()),
        ("clients", pa.int16()),
        ("query", _NAME),
        ("arm", _NAME),
        ("client", pa.int16()),
        ("turn", pa.int16()),
        ("op", pa.int64()),
        ("intended_s", pa.float64()),
        ("sent_s", pa.float64()),
        ("done_s", pa.float64()),
        ("answered_s", pa.float32()),
        ("sqlstate", pa.string()),
        ("lag_p99_s", pa.float64()),
        ("client_cpu_s", pa.float64()),
        ("server_mean_s", pa.float64()),
        ("statements_mean_s", pa.float64()),
        ("invalid", pa.string()),
        ("marks", pa.string()),
        ("rate_per_s", pa.float64()),
        ("began_s", pa.float64()),
        ("ends_s", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Slice:
    """One query's part of a slice, with its samples; for a closed load that is the whole slice."""

    facts: SliceFacts
    samples: Samples


def read_table(path: Path) -> BlockTable:
    """The closed load's table of blocks; the same file gives the same table, whatever the machine.

    Raises SamplesError where the file is none of ours or of another schema version.
    """
    closed = ((item.facts, item.samples) for item in read_slices(path) if item.facts.schedule is None)
    return BlockTable(tuple(summarise_blocks(closed)))


def read_open_table(path: Path) -> BlockTable:
    """The open load's table of blocks: of each slice the mix, then its queries. Raises as `read_table` does."""
    found = groupby(
        (item for item in read_slices(path) if item.facts.schedule), lambda item: (item.facts.block, item.facts.arm)
    )
    return BlockTable(tuple(record for _, parts in found for record in summarise_mix(list(parts))))


def summarise_mix(parts: Sequence[Slice]) -> list[SliceRecord]:
    """The records of an open slice: the whole mix, then each query of which it holds an operation."""
    whole = summarise(replace(parts[0].facts, query=MIX), np.concatenate([item.samples for item in parts]))
    return [whole, *(replace(summarise(item.facts, item.samples), invalid=whole.invalid) for item in parts)]


def read_slices(path: Path) -> Iterator[Slice]:
    """Every slice with its executions, in the order in which they ran; raises as `read_table` does."""
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise SamplesError(f"{path} cannot be read as samples: {error}", "name the samples.parquet of a run") from None
    with file:
        _check_version(path, file.schema_arrow.metadata or {})
        for group in range(file.num_row_groups):
            yield from _slices(file.read_row_group(group))


def _check_version(path: Path, metadata: Mapping[bytes, bytes]) -> None:
    if METADATA_KEY not in metadata:
        raise SamplesError(f"{path} holds no samples of this tool", "name the samples.parquet of a run")
    version = json.loads(metadata[METADATA_KEY]).get("schema_version")
    if version not in READABLE_VERSIONS:
        known = " to ".join(map(str, (READABLE_VERSIONS[0], READABLE_VERSIONS[-1])))
        fault = f"{path} has the samples' schema version {version}, this tool reads {known}"
        raise SamplesError(fault, "measure again")


def _slices(block: pa.Table) -> Iterator[Slice]:
    """The slices of one row group: rows of a slice stand together, in the order in which they ran."""
    keys = [block["clients"].to_numpy(), _indices(block["query"]), _indices(block["arm"]), block["block"].to_numpy()]
    change = np.zeros(block.num_rows, dtype=bool)
    for key in keys:
        change[1:] |= key[1:] != key[:-1]
    starts = [0, *np.flatnonzero(change).tolist()]
    for start, end in zip(starts, [*starts[1:], block.num_rows], strict=True):
        yield _slice(block.slice(start, end - start))


def _indices(column: pa.ChunkedArray) -> NDArray[np.int64]:
    combined = column.combine_chunks()
    return np.asarray(combined.indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def _slice(rows: pa.Table) -> Slice:
    first = rows.slice(0, 1).to_pylist()[0]
    names = ("query", "arm", "clients", "block", "lag_p99_s", "client_cpu_s", "server_mean_s", "statements_mean_s")
    open_load = first["rate_per_s"] is not None
    facts = SliceFacts(
        **{name: first[name] for name in names},
        invalid=first["invalid"] or "",
        marks=first["marks"] or "",
        schedule=Schedule(first["began_s"], first["ends_s"], first["rate_per_s"]) if open_load else None,
    )
    if first["op"] < 0:
        return Slice(facts, np.empty(0, dtype=SAMPLE))
    samples = np.zeros(rows.num_rows, dtype=SAMPLE)
    for name in ("op", "intended_s", "sent_s", "done_s", "client"):
        samples[name] = rows[name].to_numpy()
    samples["answered_s"] = rows["answered_s"].to_numpy() if "answered_s" in rows.column_names else np.nan
    samples["state"] = [state_number(state) if state else 0 for state in rows["sqlstate"].to_pylist()]
    return Slice(replace(facts, turns=_turns(rows)), samples)


def _turns(rows: pa.Table) -> tuple[int, ...]:
    """How many samples each turn has; empty where there is but one."""
    if "turn" not in rows.column_names:
        return ()
    counts = np.bincount(rows["turn"].to_numpy())
    return tuple(counts.tolist()) if len(counts) > 1 else ()
