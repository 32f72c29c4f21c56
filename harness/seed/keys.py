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

TEXT = pa.string()
UUID = pa.binary(16)


def _bitmap(null: Mask | None) -> Any:
    return None if null is None else pa.py_buffer(np.packbits(~null, bitorder="little"))


def fixed(kind: Any, values: Array, null: Mask | None) -> Any:
    """An Arrow array over numpy's own memory."""
    return pa.Array.from_buffers(kind, len(values), [_bitmap(null), pa.py_buffer(np.ascontiguousarray(values))])


def refuse(what: str, target: Any) -> TypeError:
    """The error that values cannot become the Arrow type asked for."""
    return TypeError(f"{what} cannot be stored as {target}")


@dataclass(frozen=True)
class UuidKey:
    """How a table's key is made from the row's number: a UUID."""

    draw: Callable[[Rows], Bits]

    def arrow(self, rows: Rows, null: Mask | None, target: Any) -> Any:
        """The keys of these rows."""
        if target not in (UUID, TEXT):
            raise refuse("a uuid", target)
        raw = fixed(UUID, self.draw(rows), null)
        return (
            raw
            if target == UUID
            else pa.array([None if key is None else _uuid_text(key) for key in raw.to_pylist()], TEXT)
        )


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
        numbers = pa.array(rows + self.start, mask=null)
        if not self.prefix and not self.width:
            return numbers.cast(target)
        if target != TEXT:
            raise refuse("a text", target)
        digits = pc.utf8_lpad(numbers.cast(TEXT), width=self.width, padding="0") if self.width else numbers.cast(TEXT)
        return pc.binary_join_element_wise(pa.scalar(self.prefix), digits, "") if self.prefix else digits


def key_maker(spec: Generator, key: np.uint64) -> UuidKey | SerialKey:
    """How keys of a table are made whose key column is specified so."""
    if isinstance(spec, SequenceColumn):
        return SerialKey(spec.start, spec.prefix, spec.width)
    return UuidKey(lambda rows: uuids(rows, key))
