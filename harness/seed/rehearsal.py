"""A few rows of every kind, made for nothing: what numpy and pyarrow set up at first use is there to be shared."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.seed.column_type import ColumnType
from harness.seed.encode import Encoder, as_batch, make_block
from harness.seed.pools import build_pools
from harness.seed.spec import SeedSpec
from harness.seed.world import World

_ROWS = 16

_TEXT = ColumnType("text")
_COLUMNS: dict[str, tuple[dict[str, Any], ColumnType]] = {
    "id": ({"kind": "uuid"}, ColumnType("uuid")),
    "number": ({"kind": "sequence", "prefix": "N-", "width": 6}, _TEXT),
    "group_id": ({"kind": "parent", "table": "groups", "skew": 0.5, "nulls": 0.1}, ColumnType("uuid")),
    "parent_id": (
        {"kind": "parent", "table": "parents", "within": {"group_id": "group_id"}, "skew": 0.5},
        ColumnType("uuid"),
    ),
    "near_id": ({"kind": "parent", "table": "parents", "order": "clustered", "skew": 0.5}, ColumnType("uuid")),
    "copied": ({"kind": "copy", "through": "parent_id", "column": "text"}, _TEXT),
    "word": ({"kind": "pool", "pool": "words", "skew": 0.5, "nulls": 0.1}, _TEXT),
    "list": ({"kind": "pool", "pool": "lists"}, ColumnType("_text")),
    "choice": ({"kind": "choice", "weights": {"a": 1, "b": 2}}, _TEXT),
    "amount": (
        {"kind": "number", "distribution": "lognormal", "median": 9, "sigma": 1, "max": 99, "scale": 2, "nulls": 0.1},
        ColumnType("numeric"),
    ),
    "count": ({"kind": "number", "min": 1, "max": 9}, ColumnType("int4")),
    "begun": ({"kind": "timeline", "first": "2020-01-01", "last": "2021-01-01"}, ColumnType("timestamptz")),
    "ended": ({"kind": "after", "column": "begun", "when": {"choice": ["a"]}}, ColumnType("date")),
    "text": ({"kind": "template", "text": "{word:slug} {row}"}, _TEXT),
    "total": ({"kind": "expression", "expression": "amount * count"}, ColumnType("numeric")),
    "flag": ({"kind": "expression", "expression": "choice == 'a' or count > 3"}, ColumnType("bool")),
}
"""A column of each kind and of each type, as the specification has it and as the database has."""


def rehearse() -> None:
    """Makes and encodes a table of every kind of column."""
    parents = {"id": {"kind": "uuid"}, "group_id": {"kind": "parent", "table": "groups"}, "text": _COLUMNS["number"][0]}
    tables = {
        "groups": {"min_rows": 2, "columns": {"id": {"kind": "uuid"}}},
        "parents": {"min_rows": 4, "columns": parents},
        "rows": {"min_rows": _ROWS, "columns": {name: entry for name, (entry, _) in _COLUMNS.items()}},
    }
    pools = {
        "words": {"kind": "values", "values": ["x", "longer than twelve letters"]},
        "lists": {"kind": "lists", "words": "words", "size": 3, "max": 2},
    }
    spec = SeedSpec.model_validate({"source": "rehearsal", "pools": pools, "tables": tables})
    world = World(spec, 1, 0, build_pools(spec, 0), realistic=False)
    columns, _ = make_block(world, "rows", np.arange(_ROWS))
    types = {name: kind for name, (_, kind) in _COLUMNS.items()}
    batch = as_batch("rows", columns, types)
    encoder = Encoder(batch.schema, types)
    encoder.begin()
    encoder.rows(batch)
    encoder.end()
