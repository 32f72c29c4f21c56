# ruff: noqa: ARG001 - every generator is called in the same way
"""Generators: each makes a column's values for any row numbers, from those numbers and the seed alone."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache, singledispatch

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.seed.columns import (
    AfterColumn,
    ChoiceColumn,
    CopyColumn,
    ExpressionColumn,
    Generator,
    NumberColumn,
    ParentColumn,
    PoolColumn,
    PreviousColumn,
    SequenceColumn,
    TemplateColumn,
    TimelineColumn,
    UuidColumn,
)
from harness.seed.draw import (
    Array,
    Mask,
    Rows,
    below,
    normal,
    shuffled,
    slot,
    unit,
    weighted_slots,
    zipf_rank,
)
from harness.seed.expression import evaluate, rounded
from harness.seed.frame import Frame
from harness.seed.keys import SerialKey, key_maker
from harness.seed.values import DAY_MICROS, Coded, Column, Moment, Number, Ref, Text, either
from harness.seed.words import TEXT, Words, slug

MAX_CLUSTER = 9
"""Clustered children gather at parents whose numbers end in up to so many zero bits: every 512th has most."""

PART = re.compile(r"\{(\w+)(?::(slug))?\}")


def make(spec: Generator, frame: Frame, name: str) -> Column:
    """The column's values for the frame's rows, with its NULLs (`nulls`, `when`)."""
    if spec.nulls == 1 and len(frame.rows):  # only the kind of value is wanted: one stands for all
        one = generate(spec, frame.at(frame.rows[:1]), name)
        return one.take(np.zeros(len(frame.rows), dtype=np.int64)).with_null(np.ones(len(frame.rows), dtype=np.bool_))
    column = generate(spec, frame, name)
    if spec.nulls > 0:
        column = column.with_null(unit(frame.rows, frame.key(name, "nulls")) < spec.nulls)
    for other, allowed in spec.when.items():
        column = column.with_null(~_is_one_of(frame.column(other), allowed))
    return column


def _is_one_of(column: Column, allowed: tuple[str, ...]) -> Mask:
    if isinstance(column, Coded) and column.words.are_texts:
        known = np.asarray(pc.is_in(column.words.array, value_set=pa.array(allowed, TEXT)))
        found = known[column.codes]
        return found if column.null is None else found & ~column.null
    return np.asarray(pc.is_in(column.arrow(TEXT), value_set=pa.array(allowed, TEXT)))


@singledispatch
def generate(spec: Generator, frame: Frame, name: str) -> Column:
    """The column's values without its own NULLs."""
    raise TypeError(f"no generator for {type(spec).__name__}")


@generate.register
def _(spec: UuidColumn, frame: Frame, name: str) -> Column:
    return Ref(frame.table, frame.rows, key_maker(spec, frame.key(name)))


@generate.register
def _(spec: SequenceColumn, frame: Frame, name: str) -> Column:
    if not spec.prefix and not spec.width:
        return Number(frame.rows + spec.start)
    return Text.of(SerialKey(spec.start, spec.prefix, spec.width).arrow(frame.rows, None, TEXT))


@generate.register
def _(spec: PoolColumn, frame: Frame, name: str) -> Column:
    words = frame.pools[spec.pool]
    if spec.skew == 0:
        return Coded(below(frame.rows, frame.key(name), len(words)), words)
    return Coded(zipf_rank(unit(frame.rows, frame.key(name)), len(words), spec.skew), words)


@lru_cache(maxsize=512)
def _words(words: tuple[str, ...]) -> Words:
    return Words(pa.array(words, TEXT))


@lru_cache(maxsize=512)
def _slots(words: tuple[str, ...], weights: tuple[tuple[tuple[str, float], ...], ...]) -> Array:
    """A table of slots for each of some sets of weights over the same words."""
    return np.stack([weighted_slots([dict(one).get(word, 0.0) for word in words]) for one in weights])


@generate.register
def _(spec: ChoiceColumn, frame: Frame, name: str) -> Column:
    words = tuple(dict.fromkeys([*spec.weights, *(word for case in spec.cases.values() for word in case)]))
    tables = _slots(words, tuple(tuple(one.items()) for one in (spec.weights, *spec.cases.values())))
    at = slot(frame.rows, frame.key(name))
    if spec.by is None:
        return Coded(tables[0][at], _words(words))
    by = frame.column(spec.by)
    case = np.zeros(len(at), dtype=np.int64)
    for number, value in enumerate(spec.cases, start=1):
        case[_is_one_of(by, (value,))] = number
    return Coded(tables[case, at], _words(words))


@generate.register
def _(spec: ParentColumn, frame: Frame, name: str) -> Column:
    size, key = frame.count(spec.table), frame.key(name)
    make_key = frame.key_of(spec.table)
    if spec.order == "clustered":
        return Ref(spec.table, _clustered(frame.rows, frame.count(frame.table), size, key, spec.skew), make_key)
    uniform = unit(frame.rows, key)
    if spec.within:
        ((own, theirs),) = spec.within.items()
        group = frame.column(own)
        assert isinstance(group, Ref)
        wanted = group.rows if group.null is None else np.where(group.null, 0, group.rows)
        rows, empty = frame.groups(spec.table, theirs).pick(wanted, uniform, spec.skew)
        null = empty if group.null is None else empty | group.null
        return Ref(spec.table, rows, make_key, null if null.any() else None)
    rows = shuffled(zipf_rank(uniform, size, spec.skew), size)
    if spec.cover:
        rows = np.where(frame.rows < size, frame.rows % size, rows)
    return Ref(spec.table, rows, make_key)


def _clustered(rows: Rows, children: int, parents: int, key: np.uint64, skew: float) -> Rows:
    """Parents in the order of their children; a share `skew` of the children gathers at rounder row numbers.

    A child is thrown one parent's width to and fro, which makes the numbers of children differ. Those that gather move
    to the parent below whose number ends in k zero bits, k geometric with ratio 1/2: a parent with k zero bits gets
    the children of 2**k neighbours, each with probability 2**-k: about skew * k more, and a tail of busy parents.
    """
    uniform = unit(rows, key)
    position = (rows + 0.5) * (parents / children) + (uniform - 0.5) * 2.0
    parent = np.clip(position.astype(np.int64), 0, parents - 1)
    if skew == 0:
        return parent
    lot = unit(rows, key ^ np.uint64(0x5851F42D4C957F2D))
    zeros = np.where(lot < skew, np.minimum(-np.log2(lot / skew), MAX_CLUSTER), 0).astype(np.int64)
    return (parent >> zeros) << zeros


@generate.register
def _(spec: PreviousColumn, frame: Frame, name: str) -> Column:
    before = np.maximum(frame.rows - 1, 0)
    own, other = frame.column(spec.same), frame.at(before).column(spec.same)
    assert isinstance(own, Ref)
    assert isinstance(other, Ref)
    null = either((own.rows != other.rows) | (frame.rows == 0), either(own.null, other.null))
    return Ref(frame.table, before, frame.key_of(frame.table), null)


@generate.register
def _(spec: CopyColumn, frame: Frame, name: str) -> Column:
    column = frame.copied(spec.through, spec.column)
    null = frame.column(spec.through).null
    return column if null is None else column.with_null(null)


@generate.register
def _(spec: NumberColumn, frame: Frame, name: str) -> Column:
    uniform = unit(frame.rows, frame.key(name))
    if spec.distribution == "lognormal":
        values = np.clip(spec.median * np.exp(spec.sigma * normal(uniform)), spec.min, spec.max)
        return Number(rounded(values, spec.scale), spec.scale)
    low, high = round(spec.min * 10**spec.scale), round(spec.max * 10**spec.scale)
    return Number(low + (uniform * (high - low + 1)).astype(np.int64), spec.scale)


def _micros(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_MICROS


@generate.register
def _(spec: TimelineColumn, frame: Frame, name: str) -> Column:
    first, last = _micros(spec.first), _micros(spec.last)
    noise = (unit(frame.rows, frame.key(name)) - 0.5) * (2 * spec.jitter_days * DAY_MICROS)
    at = first + (frame.rows + 0.5) * ((last - first) / frame.count(frame.table)) + noise
    return Moment(np.clip(at, first, last).astype(np.int64))


@generate.register
def _(spec: AfterColumn, frame: Frame, name: str) -> Column:
    base = frame.column(spec.column)
    assert isinstance(base, Moment)
    days = spec.min_days - spec.mean_days * np.log(unit(frame.rows, frame.key(name)))
    later = (np.minimum(days, spec.max_days) * DAY_MICROS).astype(np.int64)
    return Moment(base.micros + later, base.null)


@generate.register
def _(spec: TemplateColumn, frame: Frame, name: str) -> Column:
    parts = []
    end = 0
    for match in PART.finditer(spec.text):
        parts.append(pa.scalar(spec.text[end : match.start()], TEXT))
        parts.append(_part(frame, match[1], match[2]))
        end = match.end()
    parts.append(pa.scalar(spec.text[end:], TEXT))
    kept = [part for part in parts if not isinstance(part, pa.Scalar) or part.as_py()]
    text = pc.binary_join_element_wise(*kept, pa.scalar("", TEXT))
    if isinstance(text, pa.Scalar):  # no part of it depends on the row
        text = pa.repeat(text, len(frame.rows))
    return Text.of(pc.utf8_slice_codeunits(text, 0, spec.max_length) if spec.max_length else text)


def _part(frame: Frame, name: str, form: str | None) -> pa.Array:
    if name == "row":
        return pa.array(frame.rows + 1).cast(TEXT)
    column = frame.column(name)
    if form == "slug" and isinstance(column, Coded) and column.words.are_texts:
        column = Coded(column.codes, column.words.slugs, column.null)
    elif form == "slug":
        return pa.array([None if text is None else slug(text) for text in column.arrow(TEXT).to_pylist()], TEXT)
    return column.arrow(TEXT)


@generate.register
def _(spec: ExpressionColumn, frame: Frame, name: str) -> Column:
    return evaluate(spec.expression, frame.column, len(frame.rows), spec.scale)
