"""A small seed specification and what the tests ask of it."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from harness.seed.check import parse_spec
from harness.seed.draw import Rows
from harness.seed.pools import build_pools
from harness.seed.spec import SeedSpec
from harness.seed.values import Column
from harness.seed.world import World

SHOP: dict[str, Any] = {
    "pools": {
        "word": {"kind": "values", "values": ["red", "green", "blue", "Straße", "日本"]},
        "name": {"kind": "faker", "provider": "last_name", "size": 50, "max_length": 30},
        "sentence": {"kind": "faker", "provider": "sentence", "size": 50},
        "prose": {"kind": "prose", "sentences": "sentence", "size": 200, "median_length": 100, "max_length": 900},
        "words": {"kind": "lists", "words": "word", "size": 30, "min": 0, "max": 3},
        "odd": {"kind": "values", "values": ["Zoe\u0308", "\U0001f680"]},
    },
    "tables": {
        "shop": {
            "min_rows": 6,
            "max_rows": 6,
            "columns": {"id": {"kind": "uuid"}, "title": {"kind": "pool", "pool": "name"}},
        },
        "person": {
            "share": 0.1,
            "min_rows": 30,
            "columns": {
                "id": {"kind": "sequence"},
                "shop_id": {"kind": "parent", "table": "shop", "skew": 0.5, "cover": True},
                "name": {"kind": "template", "text": "{_word} {row}"},
                "_word": {"kind": "pool", "pool": "word", "stored": False},
                "email": {"kind": "template", "text": "{_word:slug}{row}@x.example", "nulls": 0.2},
                "role": {"kind": "choice", "weights": {"clerk": 3, "boss": 1}},
                "born": {"kind": "timeline", "first": "1970-01-01", "last": "2000-01-01"},
                "gone": {"kind": "after", "column": "born", "nulls": 1},
            },
        },
        "sale": {
            "share": 1.0,
            "columns": {
                "id": {"kind": "uuid"},
                "shop_id": {"kind": "parent", "table": "shop", "skew": 0.5},
                "person_id": {
                    "kind": "parent",
                    "table": "person",
                    "within": {"shop_id": "shop_id"},
                    "skew": 0.8,
                    "nulls": 0.1,
                },
                "person_name": {"kind": "copy", "through": "person_id", "column": "name"},
                "person_email": {"kind": "copy", "through": "person_id", "column": "email"},
                "person_role": {"kind": "copy", "through": "person_id", "column": "role"},
                "price": {"kind": "number", "distribution": "lognormal", "median": 50, "max": 9999, "scale": 2},
                "copied_price": {"kind": "expression", "expression": "price"},
                "state": {"kind": "choice", "weights": {"open": 1, "done": 2}},
                "done_at": {"kind": "after", "column": "made_at", "mean_days": 5, "when": {"state": ["done"]}},
                "made_at": {"kind": "timeline", "first": "2020-01-01", "last": "2024-01-01", "jitter_days": 2},
                "note": {"kind": "pool", "pool": "prose", "nulls": 0.5},
                "tags": {"kind": "pool", "pool": "words"},
                "is_open": {"kind": "expression", "expression": "state == 'open'"},
                "lines": {"kind": "number", "min": 1, "max": 9},
            },
        },
        "line": {
            "share": 3.0,
            "columns": {
                "id": {"kind": "uuid"},
                "sale_id": {"kind": "parent", "table": "sale", "order": "clustered", "skew": 0.4},
                "before_id": {"kind": "previous", "same": "sale_id", "nulls": 0.3},
                "_shop": {"kind": "copy", "through": "sale_id", "column": "shop_id", "stored": False},
                "person_id": {"kind": "parent", "table": "person", "within": {"_shop": "shop_id"}},
                "person_name": {"kind": "copy", "through": "person_id", "column": "name"},
                "sold_at": {"kind": "copy", "through": "sale_id", "column": "made_at"},
            },
        },
    },
}


def shop(**changes: Any) -> dict[str, Any]:
    """The specification's data with some places changed: `tables__sale__share=2` sets tables.sale.share."""
    data = copy.deepcopy(SHOP)
    for path, value in changes.items():
        *places, last = path.split("__")
        place = data
        for name in places:
            place = place.setdefault(name, {})
        if value is None:
            place.pop(last)
        else:
            place[last] = value
    return data


def shop_spec(**changes: Any) -> SeedSpec:
    """The specification itself."""
    return parse_spec(shop(**changes), "shop.toml")


def world(scale: int = 1000, seed: int = 1, realistic: bool = False, lent_rows: int = 10_000, **changes: Any) -> World:
    """All its tables at a scale and seed."""
    spec = shop_spec(**changes)
    return World(spec, scale, seed, build_pools(spec, seed), realistic=realistic, lent_rows=lent_rows)


def one_column(entry: dict[str, Any], rows: Rows, scale: int = 100_000, seed: int = 1) -> Column:
    """A column specified so, as part of `sale`, at these rows."""
    made = world(scale, seed, tables__sale__columns__probe=entry)
    return made.frame("sale", rows).column("probe")


def plain(column: Column) -> list[Any]:
    """The column's values as Python objects, each kind in one fixed form."""
    import pyarrow as pa

    from harness.seed.values import Coded, Flag, Moment, Number, Ref, Text

    match column:
        case Coded(words=words) if not words.are_texts:
            lists = words.array.to_pylist()
            null = np.zeros(len(column), dtype=np.bool_) if column.null is None else column.null
            return [None if gone else lists[code] for code, gone in zip(column.codes, null, strict=True)]
        case Coded() | Text():
            kind = pa.string()
        case Number(scale=scale):
            kind = pa.decimal128(30, scale) if scale else pa.int64()
        case Moment():
            kind = pa.timestamp("us", tz="UTC")
        case Flag():
            kind = pa.bool_()
        case Ref(key=key):
            kind = pa.string() if hasattr(key, "draw") else pa.int64()
        case _:
            raise AssertionError(column)
    return list(column.arrow(kind).to_pylist())


def numbers(*rows: int) -> Rows:
    """Row numbers as an array."""
    return np.array(rows, dtype=np.int64)
