"""A block of rows as PostgreSQL's binary COPY reads it, and the anomalies planted in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pgpq import ArrowToPostgresBinaryEncoder
from pgpq.encoders import StringEncoderBuilder
from pgpq.schema import Jsonb

from harness.errors import SeedError
from harness.seed.anomalies import Planted, Sheet, plant
from harness.seed.column_type import ColumnType
from harness.seed.draw import Rows
from harness.seed.values import Column
from harness.seed.words import TEXT
from harness.seed.world import World

MANIFEST = pa.schema(
    [
        pa.field("table", pa.dictionary(pa.int32(), pa.string())),
        pa.field("key", pa.string()),
        pa.field("column", pa.dictionary(pa.int32(), pa.string())),
        pa.field("kind", pa.dictionary(pa.int32(), pa.string())),
        pa.field("finding", pa.dictionary(pa.int32(), pa.string())),
        pa.field("cause", pa.dictionary(pa.int32(), pa.string())),
    ]
)
"""One row a planted anomaly; `finding` and `cause` are NULL where a check has nothing to report."""

KEY_SEPARATOR = ", "
"""Stands between the values of a key of several columns, here as in the examples of the check's findings."""


def make_block(world: World, table: str, rows: Rows) -> tuple[dict[str, Column], list[Planted]]:
    """The columns that are stored of these rows of a table, and the anomalies in them."""
    frame = world.frame(table, rows)
    columns = {name: frame.column(name) for name in world.spec.tables[table].stored_columns}
    if not any(item.table == table for item in world.anomalies):
        return columns, []
    sheet = Sheet(columns, len(rows))
    plant(world.spec, world.anomalies, frame, sheet)
    return sheet.columns, sheet.planted


def as_batch(table: str, columns: Mapping[str, Column], types: Mapping[str, ColumnType]) -> Any:
    """The columns as an Arrow record batch, in the types that the database's columns read."""
    arrays = []
    for name, column in columns.items():
        try:
            arrays.append(column.arrow(types[name].arrow()))
        except (TypeError, pa.ArrowInvalid) as error:
            raise SeedError(f"{table}.{name}: {error}", "mend its generator in the seed file") from error
    return pa.record_batch(arrays, names=list(columns))


class Encoder:
    """The COPY stream of one table: `begin`, then `rows` for each batch, then `end`."""

    def __init__(self, schema: Any, types: Mapping[str, ColumnType]) -> None:
        if any(types[field.name].name == "jsonb" for field in schema):
            encoders = {field.name: _encoder_of(field, types[field.name]) for field in schema}
            self._encoder = ArrowToPostgresBinaryEncoder.new_with_encoders(schema, encoders)
        else:  # the same, forty times as fast
            self._encoder = ArrowToPostgresBinaryEncoder(schema)

    def begin(self) -> bytes:
        """The stream's header."""
        return bytes(self._encoder.write_header())

    def rows(self, batch: Any) -> bytes:
        """The rows of a batch."""
        return self._encoder.write_batch(batch)

    def end(self) -> bytes:
        """The stream's trailer."""
        return bytes(self._encoder.finish())


def _encoder_of(field: Any, kind: ColumnType) -> Any:
    if kind.name == "jsonb":
        return StringEncoderBuilder.new_with_output(field, Jsonb())
    return ArrowToPostgresBinaryEncoder.infer_encoder(field)


def manifest_rows(world: World, table: str, rows: Rows, planted: list[Planted]) -> Iterator[Any]:
    """Record batches of MANIFEST, one for each kind and column."""
    for item in planted:
        keys = _row_keys(world, table, rows[np.flatnonzero(item.where)])
        words = (table, None, item.column, item.kind, item.finding or None, item.cause or None)
        arrays = [
            keys if field.name == "key" else _same(word, len(keys)) for field, word in zip(MANIFEST, words, strict=True)
        ]
        yield pa.record_batch(arrays, schema=MANIFEST)


def _row_keys(world: World, table: str, rows: Rows) -> Any:
    """The values by which rows are known, as text."""
    entry = world.spec.tables[table]
    if entry.recorded_by == (entry.key,):
        return world.key_of(table).arrow(rows, None, TEXT)
    frame = world.frame(table, rows)
    return pc.binary_join_element_wise(*(frame.column(name).arrow(TEXT) for name in entry.row_key), KEY_SEPARATOR)


def _same(word: str | None, size: int) -> Any:
    codes = pa.array(np.zeros(size, dtype=np.int32), mask=np.full(size, word is None))
    return pa.DictionaryArray.from_arrays(codes, pa.array([word or ""], pa.string()))
