"""Writes the samples block by block, so that whatever ends the run, those so far are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from harness.measure.buffer import SAMPLE, Samples, state_text
from harness.measure.model import WARMUP_BLOCKS
from harness.measure.samples import METADATA_KEY, SCHEMA, SCHEMA_VERSION
from harness.measure.slices import SliceFacts

STREAM_SUFFIX = ".partial"

_ENCODINGS = {
    "op": "DELTA_BINARY_PACKED",
    **dict.fromkeys(("intended_s", "sent_s", "done_s", "answered_s"), "BYTE_STREAM_SPLIT"),
}
"""Operations count up; instants hardly ever occur twice, but neighbours share their high bytes. So encoded the file
takes little more than half of what it takes with dictionaries, and the values are the same to the last bit."""


class SampleWriter:
    """Appends blocks to the stream beside `path`; `finish` makes the Parquet file of it."""

    def __init__(self, path: Path, queries: Sequence[str], arms: Sequence[str], facts: Mapping[str, Any]) -> None:
        self._path = path
        self._queries = list(queries)
        self._arms = list(arms)
        described = json.dumps({"schema_version": SCHEMA_VERSION, **facts}, sort_keys=True).encode()
        self._file = stream_path(path).open("wb")
        self._stream = ipc.new_stream(self._file, SCHEMA.with_metadata({METADATA_KEY: described}))

    def append(self, slices: Sequence[tuple[SliceFacts, Samples]]) -> None:
        """Writes the slices of one block and gives them to the operating system; times count from measuring's start."""
        columns = [self._columns(facts, samples) for facts, samples in slices]
        if columns:
            self._stream.write_table(pa.concat_tables(columns).combine_chunks())
            self._file.flush()

    def _columns(self, facts: SliceFacts, samples: Samples) -> pa.Table:
        if not len(samples):
            samples = _placeholder()
        count = len(samples)
        states = [state_text(state) if state else None for state in samples["state"].tolist()]
        arrays = [
            pa.array(np.full(count, facts.block, dtype=np.int32)),
            pa.array(np.full(count, facts.block < WARMUP_BLOCKS)),
            pa.array(np.full(count, facts.clients, dtype=np.int16)),
            _repeated(self._queries, facts.query, count),
            _repeated(self._arms, facts.arm, count),
            pa.array(samples["client"].astype(np.int16)),
            pa.array(_turns(facts.turns, count)),
            pa.array(samples["op"]),
            *(pa.array(samples[name], from_pandas=True) for name in ("intended_s", "sent_s", "done_s", "answered_s")),
            pa.array(states, type=pa.string()),
            *(
                pa.repeat(pa.scalar(value, type=pa.float64()), count)
                for value in (facts.lag_p99_s, facts.client_cpu_s, facts.server_mean_s, facts.statements_mean_s)
            ),
            *(pa.repeat(pa.scalar(text or None, type=pa.string()), count) for text in (facts.invalid, facts.marks)),
            *(pa.repeat(pa.scalar(value, type=pa.float64()), count) for value in _times(facts)),
        ]
        return pa.Table.from_arrays(arrays, schema=SCHEMA)

    def finish(self) -> None:
        """Closes the stream and rewrites it as the Parquet file, one row group per block."""
        self._stream.close()
        self._file.close()
        _to_parquet(self._path)


def _times(facts: SliceFacts) -> tuple[float | None, float | None, float | None]:
    schedule = facts.schedule
    return (schedule.rate_per_s, schedule.began_s, schedule.ends_s) if schedule else (None, None, None)


def _turns(turns: Sequence[int], count: int) -> NDArray[np.int16]:
    """The turn of each sample; all are of the first one where the slice had but one, or no samples."""
    if sum(turns) != count:
        return np.zeros(count, dtype=np.int16)
    return np.repeat(np.arange(len(turns), dtype=np.int16), turns)


def _placeholder() -> Samples:
    row = np.zeros(1, dtype=SAMPLE)
    row["op"] = row["client"] = -1
    row["intended_s"] = row["sent_s"] = row["done_s"] = np.nan
    return row


def _repeated(names: list[str], name: str, count: int) -> pa.DictionaryArray:
    index = np.full(count, names.index(name), dtype=np.int16)
    return pa.DictionaryArray.from_arrays(pa.array(index), pa.array(names, type=pa.string()))


def stream_path(path: Path) -> Path:
    """Where the rows go while the run lasts."""
    return path.with_name(path.name + STREAM_SUFFIX)


def recover(path: Path) -> bool:
    """Makes the Parquet file from the stream that a killed run left; False where there is none."""
    if not stream_path(path).exists():
        return False
    _to_parquet(path)
    return True


def _to_parquet(path: Path) -> None:
    stream = stream_path(path)
    with stream.open("rb") as file:
        reader = ipc.open_stream(file)
        repeated = [name for name in reader.schema.names if name not in _ENCODINGS]
        with pq.ParquetWriter(
            path, reader.schema, compression="zstd", use_dictionary=repeated, column_encoding=_ENCODINGS
        ) as writer:
            for batch in _whole_batches(reader):
                writer.write_batch(batch)
    stream.unlink()


def _whole_batches(reader: Any) -> Iterator[pa.RecordBatch]:
    """The batches up to the end, or up to where a killed run was cut off."""
    while True:
        try:
            yield reader.read_next_batch()
        except (StopIteration, pa.ArrowInvalid, OSError):
            return
