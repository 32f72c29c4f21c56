"""Defects in one column of a view: another value, another type, NULL for a value or a value for NULL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.catalogue import Column
from harness.prove.ground import Ground, Stand, rows_and_types
from harness.prove.model import Defect, Fault

_TEXT = frozenset({"text", "varchar", "bpchar"})
_NUMBERS = frozenset({"numeric", "int2", "int4", "int8", "float4", "float8"})
_WHOLE = frozenset({"int2", "int4", "int8"})
_INSTANTS = frozenset({"timestamp", "timestamptz"})
_ANY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Recipe:
    """A fault as a template of the column's expression: `{0}` is the expression, `{type}` the column's type.

    `types` are the base types that it suits (any where empty); `categories` those of pg_type. The value is cast back
    to the column's type, unless the fault is the type itself (`retypes`).
    """

    fault: str
    template: str
    types: frozenset[str] = _ANY
    kind: str = "value_differs"
    retypes: bool = False
    category: str = ""

    def suits(self, column: Column) -> bool:
        """Whether the fault can befall a column of this type."""
        if self.category and column.category != self.category:
            return False
        return (not self.types or column.base_type in self.types) and _fits(self.template, column)

    def cause(self, stand: Stand, place: int) -> str:
        """What the check must name as the cause; where no column holds the value, nothing tells who was right."""
        if self.retypes:
            return "type_drift"
        return "view_wrong" if stand.view.columns[place].name in stand.shape.columns else "unexplained"


RECIPES = (
    Recipe("text cut short", "left({0}::text, 5)", _TEXT),
    Recipe("last character lost", "substr({0}::text, 1, greatest(length({0}::text) - 1, 0))", _TEXT),
    Recipe("text in lower case", "lower({0}::text)", _TEXT),
    Recipe("text padded with a space", "({0}::text || ' ')", _TEXT),
    Recipe("text trimmed", "btrim({0}::text)", _TEXT),
    Recipe("letters beyond ASCII replaced", "regexp_replace({0}::text, '[^ -~]', '?', 'g')", _TEXT),
    Recipe("a constant for the value", "'n/a'", _TEXT),
    Recipe("one cell changed", "CASE WHEN {first} THEN {0}::text || '.' ELSE {0}::text END", _TEXT),
    Recipe("NULL shown as an empty string", "COALESCE({0}::text, '')", _TEXT, "null_to_value"),
    Recipe("NULL shown as a default", "COALESCE({0}::text, 'unknown')", _TEXT, "null_to_value"),
    Recipe("an empty string shown as NULL", "NULLIF({0}::text, '')", _TEXT, "value_to_null"),
    Recipe("every value shown as NULL", "NULL", kind="value_to_null"),
    Recipe("one value shown as NULL", "CASE WHEN {first} THEN NULL ELSE {0} END", kind="value_to_null"),
    Recipe("a number off by its last digit", "({0} + {unit})", _NUMBERS),
    Recipe("one number off by its last digit", "({0} + CASE WHEN {first} THEN {unit} ELSE 0 END)", _NUMBERS),
    Recipe("decimals rounded away", "round({0}::numeric, 0)", frozenset({"numeric", "float4", "float8"})),
    Recipe("decimals cut off", "trunc({0}::numeric, 0)", frozenset({"numeric", "float4", "float8"})),
    Recipe("a number's sign turned", "(- {0})", _NUMBERS),
    Recipe("a number a hundred times as large in part", "CASE WHEN {first} THEN {0} * 100 ELSE {0} END", _NUMBERS),
    Recipe("NULL shown as zero", "COALESCE({0}, 0)", _NUMBERS, "null_to_value"),
    Recipe("a truth turned round", "(NOT {0})", frozenset({"bool"})),
    Recipe("NULL shown as false", "COALESCE({0}, false)", frozenset({"bool"}), "null_to_value"),
    Recipe("a day later", "({0} + 1)", frozenset({"date"})),
    Recipe("the first of the month", "date_trunc('month', {0}::timestamp)", frozenset({"date"})),
    Recipe("an hour's time zone shift", "({0} + interval '1 hour')", _INSTANTS),
    Recipe("read in another time zone", "(({0} AT TIME ZONE 'UTC') AT TIME ZONE 'Asia/Tokyo')", _INSTANTS),
    Recipe("a time cut to seconds", "date_trunc('second', {0})", _INSTANTS),
    Recipe("a time cut to the day", "date_trunc('day', {0})", _INSTANTS),
    Recipe("another member of the enumeration", "(enum_range({0}))[1 + cardinality(enum_range(NULL, {0})) % "
           "cardinality(enum_range({0}))]", category="E"),
    Recipe("the first element lost", "({0})[2:]", category="A"),
    Recipe("an array's order turned", "ARRAY(SELECT e FROM unnest({0}) WITH ORDINALITY AS u (e, n) ORDER BY n DESC)",
           category="A"),
    Recipe("a document's keys lost", "'{{}}'", frozenset({"json", "jsonb"})),
    Recipe("text for varchar(n)", "({0})::text", frozenset({"varchar"}), "type_drift", True),
    Recipe("a longer varchar", "({0})::varchar(999)", frozenset({"varchar"}), "type_drift", True),
    Recipe("char(n) for varchar(n)", "({0})::char(255)", frozenset({"varchar"}), "type_drift", True),
    Recipe("another collation", '({0}) COLLATE "POSIX"', _TEXT, "type_drift", True),
    Recipe("numeric without its scale", "({0})::numeric", frozenset({"numeric"}), "type_drift", True),
    Recipe("numeric with another scale", "({0})::numeric(30, 4)", frozenset({"numeric"}), "type_drift", True),
    Recipe("a number written with more decimals", "({0})::numeric(30, 4)", frozenset({"numeric"}),
           "renders_differently", True),
    Recipe("float4 for a number", "({0})::float4", _NUMBERS - {"float4"}, "type_drift", True),
    Recipe("float8 for a number", "({0})::float8", _NUMBERS - {"float8"}, "type_drift", True),
    Recipe("a wider integer", "({0})::int8", _WHOLE - {"int8"}, "type_drift", True),
    Recipe("a narrower integer", "({0})::int4", frozenset({"int8"}), "type_drift", True),
    Recipe("a time without its zone", "({0})::timestamp", frozenset({"timestamptz"}), "type_drift", True),
    Recipe("a date for a time", "({0})::date", _INSTANTS, "type_drift", True),
    Recipe("text for an enumeration", "({0})::text", kind="type_drift", retypes=True, category="E"),
    Recipe("text for a truth", "({0})::text", frozenset({"bool"}), "type_drift", True),
)  # fmt: skip


def value_faults(ground: Ground) -> Iterator[Fault]:
    """Each fault with the places where it may be planted, replaced columns before those that only pass through."""
    for number, recipe in enumerate(RECIPES):
        yield Fault(recipe.fault, _places(ground, recipe, number))


def _places(ground: Ground, recipe: Recipe, number: int) -> Iterator[Defect]:
    stands = ground.stands
    turned = [stands[(number + step) % len(stands)] for step in range(len(stands))]
    for lost in (True, False):
        for stand in turned:
            for place in stand.places:
                named = stand.view.columns[place].name
                eligible = place in stand.lost if lost else stand.passes(place) and named not in stand.key
                if eligible and recipe.suits(stand.view.columns[place]):
                    yield _defect(ground, recipe, stand, place)


def _defect(ground: Ground, recipe: Recipe, stand: Stand, place: int) -> Defect:
    column = stand.view.columns[place]
    old = stand.text.expressions[place]
    made = recipe.template.format(f"({old})", first=stand.first_row, unit=_unit(column))
    new = made if recipe.retypes else f"({made})::{column.type_sql}"
    return Defect(
        on=f"{stand.view.display}.{stand.view.columns[place].name}",
        edits=ground.redefined(stand.view, stand.text.with_expression(place, new)),
        witness=rows_and_types(stand.view),
        kind=recipe.kind,
        object=stand.object_of(place),
        cause=recipe.cause(stand, place),
        touches=ground.reach(stand.view),
    )


def _unit(column: Column) -> str:
    """The smallest step of a number of this type, as its modifier says."""
    if column.base_type == "numeric" and column.modifier != -1:
        scale = (column.modifier - 4) & 0x7FF
        return f"{10**-scale:.{scale}f}" if scale else "1"
    return "1"


def _fits(template: str, column: Column) -> bool:
    """A constant must be no longer than the column takes."""
    if column.base_type in ("varchar", "bpchar") and column.modifier != -1 and "'unknown'" in template:
        return column.modifier - 4 >= len("unknown")
    return True
