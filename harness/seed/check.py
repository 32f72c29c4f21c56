"""Reads a seed specification and holds it against the schema; every error names file, table, column and reason."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Container, Iterator, Sequence
from itertools import filterfalse
from pathlib import Path

from pydantic import ValidationError

from harness.errors import ScenarioError
from harness.scenario import SqlFile
from harness.seed.bounds import gives, idle_words, max_length, nullable
from harness.seed.catalogue import declared_catalogue, tables_left_open
from harness.seed.column_type import Catalogue, ColumnType
from harness.seed.columns import ExpressionColumn, Generator, NumberColumn
from harness.seed.intervals import Interval
from harness.seed.plantable import anomaly_problems, reaching, unstorable
from harness.seed.ranges import Counts, choices, number_range
from harness.seed.references import problems, source
from harness.seed.scale import row_counts
from harness.seed.spec import SeedSpec
from harness.seed.values import DIGITS
from harness.seed.words import VIEW

_SHOWN = 5
_SHAPES = {
    "tuple_type": 'a list, like ["one", "two"]',
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "a table, like { key = 1 }"),
}
_REWRITTEN = frozenset({"bpchar", "jsonb", "float4", "float8"})
"""Types that need not show a value as it was given."""

_INTEGER_BITS = {"int2": 16, "int4": 32, "int8": 64}


def load_spec(path: Path) -> SeedSpec:
    """The specification in a TOML file. Raises ScenarioError with file, table, column and reason."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(f"{path}: the file is missing", "name it in the scenario's `seed`") from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: not valid TOML: {error}", "mend the file there") from None
    except RecursionError:
        raise ScenarioError(f"{path}: lists or tables lie too deep in one another", "mend the file there") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: not UTF-8: {error}", "save the file as UTF-8") from None
    return parse_spec(data, str(path))


def parse_spec(data: dict[str, object], origin: str) -> SeedSpec:
    """The specification in a table as tomllib gives it; `origin` names the file in messages. Raises ScenarioError."""
    _fail(origin, [(place, "a text in PostgreSQL cannot hold a NUL (\\u0000)") for place in _nul_places(data)])
    if "source" in data:
        _fail(origin, [("source", "this is no key of a seed file")])
    try:
        spec = SeedSpec.model_validate(_as_tuples({**data, "source": origin}))
    except ValidationError as error:
        _fail(origin, [(_place(item["loc"]), _words(item)) for item in error.errors()])
    _fail(origin, list(problems(spec)))
    _fail(origin, [*anomaly_problems(spec), *idle_words(spec)])
    return spec


def _as_tuples(data: object) -> object:
    """With tuples in the place of lists, which a strict model does not take for them."""
    if isinstance(data, list | tuple):
        return tuple(map(_as_tuples, data))
    return {key: _as_tuples(item) for key, item in data.items()} if isinstance(data, dict) else data


def _nul_places(data: object, place: str = "") -> Iterator[str]:
    """Where a string, or a key, holds the one character that PostgreSQL does not store."""
    if isinstance(data, str) and "\0" in data:
        yield place
    elif isinstance(data, list):
        for number, item in enumerate(data, start=1):
            yield from _nul_places(item, f"{place}[{number}]")
    elif isinstance(data, dict):
        for key, item in data.items():
            yield from _nul_places(key, place)
            yield from _nul_places(item, f"{place}.{key}" if place else key)


def check_declared(spec: SeedSpec, files: Sequence[SqlFile], scale: int) -> None:
    """Raises ScenarioError where, by the schema's statements alone, the specification does not fit at this scale.

    What the statements leave open is left to `check_spec` with the database's own catalogue.
    """
    declared = declared_catalogue(files)
    left_open = tables_left_open(files)
    check_spec(spec, declared, scale, spec.stored_tables.keys() if left_open is None else left_open)


def check_spec(spec: SeedSpec, catalogue: Catalogue, scale: int, left_open: Container[str] = ()) -> None:
    """Raises ScenarioError where the specification, at this scale, does not fit the tables that the database has; those
    that are `left_open` are not judged.
    """
    found = []
    counts = row_counts(spec, scale)
    for name, table in spec.stored_tables.items():
        if name in left_open:
            continue
        if name not in catalogue:
            found.append((f"tables.{name}", "the schema has no such table"))
            continue
        for column in table.stored_columns:
            place = f"tables.{name}.columns.{column}"
            found += [(place, words) for words in _misfits(spec, counts, name, column, catalogue[name].get(column))]
        for column, kind in catalogue[name].items():
            if kind.not_null and not kind.filled and column not in table.stored_columns:
                found.append(
                    (f"tables.{name}", f"column {column} is NOT NULL and has no default, but no generator either")
                )
    _fail(spec.source, found)


def _fail(origin: str, found: list[tuple[str, str]]) -> None:
    if found:
        shown = "; ".join(f"{place}: {words}" for place, words in found[:_SHOWN])
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise ScenarioError(f"{origin}: {shown}{more}", "mend these entries")


def _place(location: tuple[int | str, ...]) -> str:
    """`('tables', 'sales', 'columns', 'id', 'pool', 'skew')` without the kind that pydantic puts in."""
    parts = [
        part
        for at, part in enumerate(location)
        if at != (4 if location[0] == "tables" else 2 if location[0] == "pools" else -1)
    ]
    text = ""
    for part in parts:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _words(item: object) -> str:
    assert isinstance(item, dict)
    context = item.get("ctx", {})
    if item["type"] == "union_tag_invalid":
        return f"there is no kind {context['tag']!r}; the kinds are {context['expected_tags']}"
    if item["type"] == "union_tag_not_found":
        return "it needs a `kind`"
    if item["type"] == "extra_forbidden":
        return "there is no such key"
    if item["type"] in _SHAPES:
        return f"give {_SHAPES[item['type']]} (given: {_given(item['input'])})"
    if item["type"] == "too_short":
        return f"it holds too little; give at least {context['min_length']}"
    return f"{str(item['msg']).removeprefix('Value error, ')} (given: {_given(item['input'])})"


def _given(value: object) -> str:
    """The value's beginning, lists as they are written."""
    return str(list(value) if isinstance(value, tuple) else value)[:60]


def _misfits(spec: SeedSpec, counts: Counts, table: str, name: str, kind: ColumnType | None) -> Iterator[str]:
    if kind is None:
        yield "the schema's table has no such column"
        return
    if kind.generated:
        yield "the database computes this column itself; leave it out"
    target_type = kind.arrow()
    if target_type is None:
        yield f"columns of type {kind.name} cannot be filled; leave it out, or give it stored = false"
        return
    if kind.not_null and nullable(spec, table, name):
        yield "its generator can give NULL, the column is NOT NULL"
    if not gives(spec, table, name, target_type):
        yield f"its generator does not give values of type {kind.name}"
        return
    if kind.length is not None and (length := max_length(spec, counts, table, name)) > kind.length:
        words_of = "" if target_type == VIEW else "words of "
        yield f"its generator gives {words_of}up to {length} characters, the column holds {kind.length}"
    if name in spec.tables[table].row_key and (kind.scale or kind.name in _REWRITTEN):
        yield f"row_key: values are written otherwise in a column of type {kind.name}"
    yield from _foreign_words(choices(spec, table, name), kind)
    for anomaly in reaching(spec, table, name):
        yield from unstorable(spec, anomaly, table, name, kind)
    entry = source(spec, table, name)
    if isinstance(entry, NumberColumn | ExpressionColumn) and kind.scale is not None and entry.scale > kind.scale:
        yield f"its generator gives {entry.scale} decimals, the column holds {kind.scale}"
    if (bounds := number_range(spec, counts, table, name)) is not None:
        yield from _overflows(bounds, entry, kind)


def _foreign_words(words: set[str], kind: ColumnType) -> Iterator[str]:
    """What is no value of the type among the words that a generator can give, if they are known."""
    if kind.labels and not words:
        yield f"its generator's words are not known beforehand; the enum {kind.name} wants a choice of its values"
    elif kind.labels and (foreign := sorted(words - set(kind.labels))):
        yield f"{foreign[0]!r} is no value of the enum {kind.name} ({', '.join(kind.labels)})"
    if kind.name in ("json", "jsonb") and (wrong := sorted(filterfalse(_is_json, words))):
        yield f"{wrong[0]!r} is no JSON"


def _is_json(word: str) -> bool:
    """As PostgreSQL reads it: without Python's NaN and Infinity."""
    try:
        json.loads(word, parse_constant=int)
    except (ValueError, RecursionError):
        return False
    return True


def _overflows(bounds: Interval, entry: Generator, kind: ColumnType) -> Iterator[str]:
    """What the numbers between the bounds, of this generator, are too large for."""
    low, high = bounds
    largest = f"its generator gives up to {max(abs(low), abs(high)):.15g}"
    if kind.name in _INTEGER_BITS and not -(limit := 2 ** (_INTEGER_BITS[kind.name] - 1)) <= low <= high < limit:
        yield f"{largest}, the column holds less than {limit}"
    elif kind.precision is not None and max(abs(low), abs(high)) >= 10.0 ** (kind.precision - (kind.scale or 0)):
        yield f"{largest}, the column holds less than 1e{kind.precision - (kind.scale or 0)}"
    elif isinstance(entry, ExpressionColumn) and max(abs(low), abs(high)) >= 10.0 ** (DIGITS - entry.scale):
        yield f"{largest} with {entry.scale} decimals; {DIGITS} digits in all are the most that can be made"
