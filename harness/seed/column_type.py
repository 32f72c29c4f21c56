"""What a column of the database can hold, and the Arrow type that is encoded for it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from harness.seed.words import TEXT, VIEW

_INTEGERS = {"int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64()}
_TEXTS = frozenset({"text", "varchar", "bpchar", "name", "citext"})
_PLAIN: dict[str, pa.DataType] = {
    **_INTEGERS,
    **dict.fromkeys(_TEXTS, VIEW),
    "json": TEXT,
    "jsonb": TEXT,
    "uuid": pa.binary(16),
    "bool": pa.bool_(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "timestamp": pa.timestamp("us"),
    "_text": pa.list_(TEXT),
    "_varchar": pa.list_(TEXT),
}


@dataclass(frozen=True)
class ColumnType:
    """A column as PostgreSQL has it; `name` is the type's internal name (`varchar`, `int4`, `_text`).

    `length` limits a varchar or char, or each one in an array; `precision` and `scale` are a numeric's; `labels` an
    enum's, else empty.
    `filled` says that PostgreSQL fills the column itself where a row does not give it (default, identity, generated).
    """

    name: str
    not_null: bool = False
    filled: bool = False
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    labels: tuple[str, ...] = ()
    generated: bool = False

    def arrow(self) -> pa.DataType | None:
        """The Arrow type whose binary COPY form this column reads; None where the seeder cannot fill such a column."""
        if self.labels:
            return VIEW
        if self.name == "numeric":
            if (self.scale or 0) < 0:
                return None
            return pa.decimal128(min(self.precision or 38, 38), 9 if self.scale is None else self.scale)
        return _PLAIN.get(self.name)


Catalogue = dict[str, dict[str, ColumnType]]
"""Tables of one schema, each with its columns in their order."""
