"""Columns in their cheap form against the Arrow values that they stand for, down to the bytes that COPY gets."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pgpq import ArrowToPostgresBinaryEncoder

from harness.errors import SeedError
from harness.seed.column_type import ColumnType
from harness.seed.draw import stream, uuids
from harness.seed.encode import Encoder, as_batch
from harness.seed.keys import UUID, SerialKey, UuidKey
from harness.seed.values import Coded, Column, Flag, Moment, Number, Ref, Text, concat, overlay
from harness.seed.words import SLUG_LENGTH, TEXT, VIEW, Words, slug

NULL = np.array([False, True, False])
LISTS = pa.array([["a", "bc"], [], ["d" * 200]])


def copied(column: Column, kind: ColumnType) -> bytes:
    """The COPY stream of a table with this column alone."""
    batch = as_batch("t", {"c": column}, {"c": kind})
    encoder = Encoder(batch.schema, {"c": kind})
    return encoder.begin() + encoder.rows(batch) + encoder.end()


def copied_in_slices(column: Column, kind: ColumnType) -> bytes:
    """The same, one row at a time."""
    batch = as_batch("t", {"c": column}, {"c": kind})
    encoder = Encoder(batch.schema, {"c": kind})
    return b"".join(
        [encoder.begin(), *(encoder.rows(batch.slice(at, 1)) for at in range(batch.num_rows)), encoder.end()]
    )


def plainly(array: pa.Array) -> bytes:
    """The COPY stream that pgpq makes of an Arrow array."""
    batch = pa.record_batch([array], names=["c"])
    encoder = ArrowToPostgresBinaryEncoder(batch.schema)
    return bytes(encoder.write_header()) + bytes(encoder.write_batch(batch)) + bytes(encoder.finish())


NUMERIC = ColumnType("numeric", precision=12, scale=2)
CASES: list[tuple[Column, ColumnType, pa.Array]] = [
    (Coded(np.array([1, 0, 1]), Words(pa.array(["x", "yyy"]))), ColumnType("text"), pa.array(["yyy", "x", "yyy"])),
    (Coded(np.array([1, 0, 0]), Words(pa.array(["é", "y"])), NULL), ColumnType("varchar"), pa.array(["y", None, "é"])),
    (Coded(np.array([2, 0, 1]), Words(LISTS), NULL), ColumnType("_text"), pa.array([["d" * 200], None, []])),
    (Text.of(pa.array(["a", None, "日本" * 40])), ColumnType("text"), pa.array(["a", None, "日本" * 40])),
    (Number(np.array([-150, 7, 99]), 2, NULL), NUMERIC,
     pa.array([Decimal("-1.50"), None, Decimal("0.99")], pa.decimal128(12, 2))),
    (Number(np.array([3, 0, -4])), NUMERIC, pa.array([Decimal(3), Decimal(0), Decimal(-4)], pa.decimal128(12, 0))),
    (Number(np.array([2 * 10**10, 0, 5])), ColumnType("numeric"),
     pa.array([Decimal(2 * 10**10), Decimal(0), Decimal(5)], pa.decimal128(38, 0))),
    (Number(np.array([3, 0, -4]), 0, NULL), ColumnType("int4"), pa.array([3, None, -4], pa.int32())),
    (Number(np.array([150, 0, 25]), 2), ColumnType("float8"), pa.array([1.5, 0.0, 0.25])),
    (Moment(np.array([0, 5, 86_400_000_000]), NULL), ColumnType("timestamptz"),
     pa.array([datetime(1970, 1, 1, tzinfo=UTC), None, datetime(1970, 1, 2, tzinfo=UTC)], pa.timestamp("us", "UTC"))),
    (Moment(np.array([-1, 5, 86_400_000_000])), ColumnType("date"),
     pa.array([date(1969, 12, 31), date(1970, 1, 1), date(1970, 1, 2)])),
    (Flag(np.array([True, True, False]), NULL), ColumnType("bool"), pa.array([True, None, False])),
    (Ref("t", np.array([4, 0, 9]), SerialKey(10), NULL), ColumnType("int8"), pa.array([14, None, 19])),
    (Ref("t", np.array([4, 0, 1234567]), SerialKey(1, "A-", 6)), ColumnType("text"),
     pa.array(["A-000005", "A-000001", "A-1234568"])),
    (Ref("t", np.array([4, 0, 7]), SerialKey(0, "N", 3), NULL), ColumnType("text"), pa.array(["N004", None, "N007"])),
]  # fmt: skip


@pytest.mark.parametrize(("column", "kind", "wanted"), CASES, ids=[f"{type(c).__name__}-{k.name}" for c, k, _ in CASES])
def test_copy_gets_the_same_bytes_as_for_plain_values(column: Column, kind: ColumnType, wanted: pa.Array) -> None:
    assert copied(column, kind) == plainly(wanted)
    assert copied_in_slices(column, kind) == plainly(wanted)
    assert copied(column.take(slice(1, 3)), kind) == plainly(wanted[1:])
    assert copied(column.take(np.array([2, 2, 0])), kind) == plainly(wanted.take(pa.array([2, 2, 0])))
    emptied = column.with_null(np.array([False, False, True]))
    assert copied(emptied, kind) == plainly(pa.array([*wanted.to_pylist()[:2], None], wanted.type))


@pytest.mark.parametrize(("column", "kind", "wanted"), CASES, ids=[f"{type(c).__name__}-{k.name}" for c, k, _ in CASES])
def test_columns_are_joined_and_patched(column: Column, kind: ColumnType, wanted: pa.Array) -> None:
    if isinstance(column, Coded) and not column.words.are_texts:
        return
    assert copied(concat(column, column), kind) == plainly(pa.array(wanted.to_pylist() * 2, wanted.type))
    patched = overlay(column, np.array([True, False, False]), column.take(np.array([2])))
    assert copied(patched, kind) == plainly(wanted.take(pa.array([2, 1, 2])))


def test_uuids_are_the_same_made_beforehand_or_not() -> None:
    key = stream(1, "t", "id")
    rows = np.array([3, 0, 99])
    drawn = UuidKey(lambda wanted: uuids(wanted, key))
    made = UuidKey(drawn.draw, uuids(np.arange(100), key))
    few = UuidKey(drawn.draw, uuids(np.arange(50), key))
    wanted = drawn.arrow(rows, None, UUID)
    assert made.arrow(rows, None, UUID) == wanted
    assert few.arrow(rows, None, UUID) == wanted
    assert made.arrow(rows, None, TEXT).to_pylist() == [str(uuid.UUID(bytes=raw)) for raw in wanted.to_pylist()]


def test_a_value_that_the_column_cannot_hold_is_told_with_its_place() -> None:
    with pytest.raises(SeedError, match=r"t.c: a point in time cannot be stored as int32"):
        copied(Moment(np.array([0])), ColumnType("int4"))
    with pytest.raises(SeedError, match=r"t.c: .*(not in range|truncated|out of bounds)"):
        copied(Number(np.array([2**40])), ColumnType("int4"))


def test_json_gets_the_version_byte_that_jsonb_wants() -> None:
    sent = copied(Text.of(pa.array(['{"a": 1}'])), ColumnType("jsonb"))
    assert b'\x00\x00\x00\x09\x01{"a": 1}' in sent


@given(st.text(max_size=60))
def test_slugs_are_short_plain_and_never_empty(text: str) -> None:
    made = slug(text)
    assert 0 < len(made) <= SLUG_LENGTH
    assert made.isascii()
    assert made.isalnum()
    assert made == made.lower()


@given(st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=20), st.data())
def test_texts_survive_as_views(texts: list[str | None], data: Any) -> None:
    column = Text.of(pa.array(texts, TEXT))
    assert column.arrow(TEXT).to_pylist() == texts
    assert column.arrow(VIEW).to_pylist() == texts
    if texts:
        index = data.draw(st.lists(st.integers(0, len(texts) - 1)))
        assert column.take(np.array(index, dtype=np.int64)).arrow(VIEW).to_pylist() == [texts[at] for at in index]
