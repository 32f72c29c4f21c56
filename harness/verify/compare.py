"""The SQL that compares one old value with one new value: the same, equal but written differently, or different."""

from __future__ import annotations

from dataclasses import dataclass

from harness.catalogue import Column
from harness.sqltext import quote_ident

_INSTANTS = frozenset({"date", "timestamp", "timestamptz"})
_JSON = frozenset({"json", "jsonb"})


@dataclass(frozen=True)
class Comparison:
    """`differs` is true unless both are the same value, written the same; `equal` then tells values that only look
    different, and is None where no two equal values do.
    """

    differs: str
    equal: str | None

    def class_of(self, old: str, new: str) -> str:
        """SQL that names the kind of difference, NULL where there is none."""
        renders = f" WHEN {self.equal} THEN 'renders_differently'" if self.equal else ""
        return (
            f"CASE WHEN NOT ({self.differs}) THEN NULL WHEN {old} IS NOT DISTINCT FROM NULL THEN 'null_to_value'"
            f" WHEN {new} IS NOT DISTINCT FROM NULL THEN 'value_to_null'{renders} ELSE 'value_differs' END"
        )


def compare(old: Column, new: Column, left: str, right: str, *, left_is_text: bool = False) -> Comparison:
    """How `left` (of column `old`) and `right` (of `new`) are compared, values as they are.

    Text is compared byte for byte, since a collation may call different strings equal. The rendering is compared only
    where the type has several for one value: on every column it costs 40 %. `left_is_text`: the old type is gone.
    """
    if old.plain_type != new.plain_type or left_is_text:
        return Comparison(_distinct(render(old, left), render(new, right)), _equal_across(old, new, left, right))
    if not new.has_equality:
        equal = f"{left}::jsonb = {right}::jsonb" if new.base_type == "json" else None
        return Comparison(_distinct(render(old, left), render(new, right)), equal)
    if new.base_type == "numeric":
        return _compare_numeric(old, new, left, right)
    if not new.one_rendering:
        return Comparison(_distinct(render(old, left), render(new, right)), _collated(new, left, right, "{} = {}"))
    if new.collation is None:
        return Comparison(_distinct(left, right), None)
    exact = _distinct(f'{left} COLLATE "C"', f'{right} COLLATE "C"')
    return Comparison(exact, None if new.deterministic else _collated(new, left, right, "{} = {}"))


def _compare_numeric(old: Column, new: Column, left: str, right: str) -> Comparison:
    """A modifier fixes the scale of every value; without one, 1.0 and 1.00 are equal and differ in their scale."""
    native = _distinct(left, right)
    if old.modifier == new.modifier != -1:
        return Comparison(native, None)
    return Comparison(f"{native} OR {_distinct(f'scale({left})', f'scale({right})')}", f"{left} = {right}")


def _equal_across(old: Column, new: Column, left: str, right: str) -> str | None:
    """Equality of values of two types, without a loss on either side: floats go through their shortest text."""
    kinds = {old.category, new.category}
    bases = {old.base_type, new.base_type}
    if kinds == {"N"} and not bases & {"money"}:
        return f"{left}::text::numeric = {right}::text::numeric"
    if bases <= _INSTANTS:
        return f"{left}::timestamptz = {right}::timestamptz"
    if bases <= _JSON:
        return f"{left}::jsonb = {right}::jsonb"
    if kinds <= {"S", "E"}:
        return f'{left}::text COLLATE "C" = {right}::text COLLATE "C"'
    return None


def render(column: Column, value: str) -> str:
    """The value as text, exactly: a cast of char(n) to text would take its padding away."""
    if column.base_type == "bpchar":
        return f"""CASE WHEN {value} IS NOT NULL THEN format('%s', {value}) COLLATE "C" END"""
    return f'{value}::text COLLATE "C"'


def join_on_key(old: tuple[Column, ...], new: tuple[Column, ...], left: str, right: str) -> str:
    """`left.k = right.k AND ...`: with `=`, which can be hashed; by text only where the types do not meet."""
    pairs = zip(old, new, strict=True)
    return " AND ".join(_key_equality(a, b, field(left, a.name), field(right, b.name)) for a, b in pairs)


def _key_equality(old: Column, new: Column, left: str, right: str) -> str:
    if old.category != new.category or (old.category not in ("N", "S") and old.base_type != new.base_type):
        return f"{left}::text = {right}::text"
    return _collated(new, left, right, "{} = {}") if old.collation != new.collation else f"{left} = {right}"


def joins_alike(old: Column, new: Column) -> bool:
    """Whether key values that the join finds equal are the same value, written the same."""
    same = (old.plain_type, old.collation) == (new.plain_type, new.collation)
    return same and new.has_equality and new.one_rendering and new.deterministic


def field(alias: str, name: str) -> str:
    """`alias."name"`."""
    return f"{alias}.{quote_ident(name)}"


def now_called(before: str, now: str) -> str:
    """What a reader calls the new side where the old one may bear the same name."""
    return f"{now} as it is now" if before == now else now


def is_drift(old: Column, new: Column) -> bool:
    """Whether the replacement has another type, modifier or collation."""
    return (old.type_sql, old.collation) != (new.type_sql, new.collation)


def cast_explains(old: Column, new: Column, left: str, right: str) -> str | None:
    """SQL that tells whether the new value is the old one cast to the new type; None where a cast means nothing."""
    if not is_drift(old, new) or old.category != new.category or new.category not in ("N", "S", "D"):
        return None
    return f"({left})::{new.type_sql}::text = {right}::text"


def _distinct(left: str, right: str) -> str:
    return f"{left} IS DISTINCT FROM {right}"


def _collated(column: Column, left: str, right: str, form: str) -> str:
    if column.collation is None:
        return form.format(left, right)
    collation = quote_ident(column.collation)
    return form.format(f"{left} COLLATE {collation}", f"{right} COLLATE {collation}")
