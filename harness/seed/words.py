"""Texts as Arrow's string views: a text that is copied to a row costs 16 bytes, however long it is."""

from __future__ import annotations

import re
import struct
import unicodedata
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pgpq import ArrowToPostgresBinaryEncoder

from harness.seed.draw import Array, Mask

TEXT = pa.string()
VIEW = pa.string_view()

Views = npt.NDArray[np.complex128]
"""String views as Arrow lays them out, 16 bytes each; numpy moves them as the one type of its own of that size."""

SLUG_LENGTH = 24
"""The most characters that a slug has."""

_NEITHER = re.compile("[^a-z0-9]+")

_ROW_OF_ONE = struct.Struct("!hi")
"""What COPY puts before the only field of a row: the number of fields and the field's length."""


def bitmap(null: Mask | None) -> Any:
    """Arrow's buffer of which values are not NULL."""
    return None if null is None else pa.py_buffer(np.packbits(~null, bitorder="little"))


def views_of(array: Any) -> tuple[Views, tuple[Any, ...]]:
    """The views of an array of strings and the buffers that they point into."""
    viewed = array.cast(VIEW)
    _, views, *texts = viewed.buffers()
    if views is None:
        return np.empty(0, dtype=np.complex128), ()
    return np.frombuffer(views, dtype=np.complex128)[viewed.offset : viewed.offset + len(viewed)], tuple(texts)


def viewing(views: Views, texts: tuple[Any, ...], null: Mask | None) -> Any:
    """An array of string views over numpy's own memory."""
    return pa.Array.from_buffers(VIEW, len(views), [bitmap(null), pa.py_buffer(np.ascontiguousarray(views)), *texts])


class Words:
    """A dictionary of strings, or of lists of strings, from which columns are drawn."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @property
    def are_texts(self) -> bool:
        """Strings, not lists of them."""
        return bool(self.array.type == TEXT)

    @cached_property
    def _views(self) -> tuple[Views, tuple[Any, ...]]:
        return views_of(self.array)

    @cached_property
    def _fields(self) -> Any:
        return pa.array(copy_fields(self.array), pa.binary())

    def drawn(self, codes: Array, null: Mask | None, target: Any) -> Any:
        """The words with these numbers as an Arrow array of the type `target`.

        Lists come as the bytes that COPY sends for them: they are encoded once a word instead of once a row.
        """
        if target == VIEW:
            views, texts = self._views
            return viewing(views[codes], texts, null)
        source = self.array if self.are_texts else self._fields
        return source.take(pa.array(codes, mask=null))

    @cached_property
    def slugs(self) -> Words:
        """Every word in letters and digits only; costs one call a word, not one a row."""
        return Words(pa.array([slug(word) for word in self.array.to_pylist()], TEXT))


def copy_fields(array: Any) -> list[bytes]:
    """Each value of an Arrow array without NULLs as a field of PostgreSQL's binary COPY, its length left out."""
    batch = pa.record_batch([array], names=["value"])
    encoder = ArrowToPostgresBinaryEncoder(batch.schema)
    encoder.write_header()
    stream = bytes(encoder.write_batch(batch)) + bytes(encoder.finish())
    fields, at = [], 0
    for _ in range(len(array)):
        _, length = _ROW_OF_ONE.unpack_from(stream, at)
        at += _ROW_OF_ONE.size
        fields.append(stream[at : at + length])
        at += length
    return fields


def slug(text: str) -> str:
    """The text in a-z and 0-9 only, for addresses; letters that have no such form become their code point."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    kept = _NEITHER.sub("", plain)
    return (kept or "".join(f"{ord(letter):x}" for letter in text if letter.isalnum()) or "x")[:SLUG_LENGTH]
