"""Keys: made from a row's number, so that whoever refers to a row can make its key, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.seed.columns import Generator, SequenceColumn
from harness.seed.draw import Array, Bits, Mask, Rows, uuids
from harness.seed.words import TEXT, VIEW, bitmap

UUID = pa.binary(16)


def fixed(kind: Any, values: Array, null: Mask | None) -> Any:
    """An Arrow array over numpy's own memory."""
    return pa.Array.from_buffers(kind, len(values), [bitmap(null), pa.py_buffer(np.ascontiguousarray(values))])


def refuse(what: str, target: Any) -> TypeError:
    """The error that values cannot become the Arrow type asked for."""
    return TypeError(f"{what} cannot be stored as {target}")


@dataclass(frozen=True)
class UuidKey:
    """How a table's key is made from the row's number: a UUID. `made` holds those of the first rows, if any."""

    draw: Callable[[Rows], Bits]
    made: Bits | None = None

    def arrow(self, rows: Rows, null: Mask | None, target: Any) -> Any:
        """The keys of these rows."""
        if target not in (UUID, TEXT):
            raise refuse("a uuid", target)
        raw = fixed(UUID, self._bytes(rows), null)
        if target == UUID:
            return raw
        return pa.array([None if key is None else _uuid_text(key) for key in raw.to_pylist()], TEXT)

    def _bytes(self, rows: Rows) -> Array:
        if self.made is None or len(rows) == 0 or rows.max() >= len(self.made):
            return self.draw(rows)
        return self.made.view(np.complex128)[:, 0][rows]


def _uuid_text(raw: bytes) -> str:
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@dataclass(frozen=True)
class SerialKey:
    """How a table's key is made from the row's number: a whole number, with a prefix and leading zeros or without."""

    start: int = 1
    prefix: str = ""
    width: int = 0

    def arrow(self, rows: Rows, null: Mask | None, target: Any) -> Any:
        """The keys of these rows."""
        numbers = rows + self.start
        if not self.prefix and not self.width:
            return pa.array(numbers, mask=null).cast(target)
        if target not in (TEXT, VIEW):
            raise refuse("a text", target)
        if len(numbers) and self.width and numbers.min() >= 0 and numbers.max() < 10**self.width:
            texts = _padded(numbers, self.prefix.encode(), self.width, null)
        else:
            digits = pc.utf8_lpad(pa.array(numbers, mask=null).cast(TEXT), width=self.width, padding="0")
            texts = pc.binary_join_element_wise(pa.scalar(self.prefix), digits, "")
        return texts.cast(target)


_TRIPLES = np.frombuffer("".join(f"{number:03d}" for number in range(1000)).encode(), dtype=np.uint8).reshape(1000, 3)


def _padded(numbers: Rows, prefix: bytes, width: int, null: Mask | None) -> Any:
    """Prefix and digits, written three digits at a time into one buffer: all strings are equally long."""
    groups = -(-width // 3)
    small = numbers.astype(np.uint32) if width <= 9 else numbers  # half the width divides in a third of the time
    letters = np.empty((len(numbers), len(prefix) + 3 * groups), dtype=np.uint8)
    for group in range(groups):
        end = letters.shape[1] - 3 * group
        letters[:, end - 3 : end] = _TRIPLES[small // small.dtype.type(1000**group) % small.dtype.type(1000)]
    letters = letters[:, 3 * groups - width :]
    letters[:, : len(prefix)] = np.frombuffer(prefix, dtype=np.uint8)
    ends = np.arange(len(numbers) + 1, dtype=np.int32) * letters.shape[1]
    buffers = [bitmap(null), pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(letters))]
    return pa.Array.from_buffers(TEXT, len(numbers), buffers)


def key_maker(spec: Generator, key: np.uint64) -> UuidKey | SerialKey:
    """How keys of a table are made whose key column is specified so."""
    if isinstance(spec, SequenceColumn):
        return SerialKey(spec.start, spec.prefix, spec.width)
    return UuidKey(lambda rows: uuids(rows, key))
