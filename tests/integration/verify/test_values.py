"""Every way in which two values can seem equal and are not, or differ and are, with the type that does it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.server import Databases
from tests.integration.verify.checking import Outcome, check

ROWS = 4
NULLS = ("NULL", "NULL")

Pairs = list[tuple[str, str]]
# name: (old type, new type, [(old, new), ...], counts that are not zero besides `identical`)
CASES: dict[str, tuple[str, str, Pairs, dict[str, int]]] = {
    "same_text": ("text", "text", [("'a'", "'a'"), ("''", "''")], {}),
    "text_case": ("text", "text", [("'Straße'", "'STRASSE'"), ("'a'", "'A'")], {"different": 2}),
    "text_cut": ("text", "text", [("'abcdef'", "'abcde'")], {"different": 1}),
    "text_space": ("text", "text", [("'a'", "'a '")], {"different": 1}),
    "text_accent": ("text", "text", [("U&'\\00e9'", "U&'e\\0301'")], {"different": 1}),
    "empty_for_null": ("text", "text", [("NULL", "''")], {"null_to_value": 1}),
    "null_for_empty": ("text", "text", [("''", "NULL")], {"value_to_null": 1}),
    "separator": ("text", "text", [("'a,b'", "'a'"), ("'c'", "'b,c'")], {"different": 2}),
    "numeric_scale": ("numeric", "numeric", [("1.0", "1.00"), ("2.5", "2.5")], {"renders_differently": 1}),
    "numeric_cent": (
        "numeric", "numeric", [("123456789.01", "123456789.02"), ("1e40", "1e40 + 1")], {"different": 2}
    ),
    "numeric_nan": ("numeric", "numeric", [("'NaN'", "'NaN'"), ("'NaN'", "1")], {"different": 1}),
    "numeric_fixed": ("numeric(12,2)", "numeric(12,2)", [("1.10", "1.10"), ("0.00", "NULL")], {"value_to_null": 1}),
    "numeric_bare": ("numeric(12,2)", "numeric", [("1.10", "1.1"), ("1.10", "1.10")], {"renders_differently": 1}),
    "numeric_as_float": (
        "numeric", "float8",
        [("0.1", "0.1"), ("1.50", "1.5"), ("123456789012345678.5", "123456789012345678.5")],
        {"renders_differently": 1, "different": 1},
    ),
    "float_zero": ("float8", "float8", [("0", "'-0'"), ("1", "1")], {"renders_differently": 1}),
    "float_short": ("float8", "float4", [("0.1", "0.1"), ("123456.789", "123456.789")], {"different": 1}),
    "interval_month": ("interval", "interval", [("'1 mon'", "'30 days'"), ("'1 day'", "'1 day'")],
                       {"renders_differently": 1}),
    "jsonb_scale": ("jsonb", "jsonb", [("'[1.0]'", "'[1.00]'"), ("'[1]'", "'[2]'")],
                    {"renders_differently": 1, "different": 1}),
    "json_space": ("json", "json", [("'[1]'", "'[ 1 ]'"), ("'[1]'", "'[1]'"), ("'[1]'", "'[2]'")],
                   {"renders_differently": 1, "different": 1}),
    "json_as_jsonb": ("json", "jsonb", [("'{\"a\": 1}'", "'{\"a\":1}'"), ("'[1,2]'", "'[1,2]'")],
                      {"renders_differently": 1}),
    "array_scale": ("numeric[]", "numeric[]", [("'{1.0}'", "'{1.00}'"), ("'{1,NULL}'", "'{1,NULL}'")],
                    {"renders_differently": 1}),
    "array_order": ("text[]", "text[]", [("'{a,b}'", "'{b,a}'"), ("'{}'", "NULL")],
                    {"different": 1, "value_to_null": 1}),
    "char_padding": ("char(5)", "varchar(5)", [("'ab'", "'ab'"), ("'abcde'", "'abcde'")], {"renders_differently": 1}),
    "char_longer": ("char(5)", "char(6)", [("'ab'", "'ab'")], {"renders_differently": 1}),
    "enum_as_text": ("mood", "varchar(20)", [("'glad'", "'glad'"), ("'sad'", "'glad'")], {"different": 1}),
    "text_as_enum": ("varchar(20)", "mood", [("'glad'", "'glad'")], {}),
    "varchar_longer": ("varchar(20)", "varchar(50)", [("'a'", "'a'")], {}),
    "zone_shift": ("timestamptz", "timestamptz",
                   [("'2024-03-31 01:30+00'", "'2024-03-31 01:30+01'"),
                    ("'2024-01-01 12:00+02'", "'2024-01-01 10:00+00'")],
                   {"different": 1}),
    "zone_lost": ("timestamptz", "timestamp", [("'2024-01-01 12:00+00'", "'2024-01-01 12:00'"),
                                               ("'2024-01-01 12:00+00'", "'2024-01-01 13:00'")],
                  {"renders_differently": 1, "different": 1}),
    "seconds_cut": ("timestamptz", "timestamptz", [("'2024-01-01 12:00:00.5+00'", "'2024-01-01 12:00:00+00'")],
                    {"different": 1}),
    "bytes": ("bytea", "bytea", [("'\\x00ff'", "'\\x00fe'"), ("'\\x00'", "'\\x00'")], {"different": 1}),
    "box_area": ("box", "box", [("'(1,1),(0,0)'", "'(3,3),(2,2)'"), ("'(1,1),(0,0)'", "'(1,1),(0,0)'")],
                 {"different": 1}),
    "range_scale": ("numrange", "numrange", [("'[1.0,2]'", "'[1.00,2]'")], {"renders_differently": 1}),
    "domain_text": ("short", "short", [("'a'", "'b'"), ("'a'", "'a'")], {"different": 1}),
    "record": ("pair", "pair", [("'(1,a)'", "'(1,b)'"), ("'(,)'", "NULL"), ("'(,)'", "'(,)'")],
               {"different": 1, "value_to_null": 1}),
    "whole": ("integer", "bigint", [("1", "1"), ("2", "3")], {"different": 1}),
    "flag": ("boolean", "boolean", [("true", "false"), ("NULL", "false")], {"different": 1, "null_to_value": 1}),
    "bits": ("varbit", "varbit", [("'101'", "'1010'")], {"different": 1}),
}  # fmt: skip
DRIFTS = {name for name, (old, new, _, _) in CASES.items() if old != new}


def _old_state() -> str:
    columns = ", ".join(f'"{name}" {old}, "{name}_now" {new}' for name, (old, new, _, _) in CASES.items())
    rows = []
    for number in range(ROWS):
        cells = [
            value for _, _, pairs, _ in CASES.values() for value in (pairs[number] if number < len(pairs) else NULLS)
        ]
        rows.append(f"({number}, {', '.join(cells)})")
    return f"""
        CREATE TYPE mood AS ENUM ('sad', 'glad');
        CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);
        CREATE TYPE pair AS (number int, word text);
        CREATE TABLE things (id int PRIMARY KEY, {columns});
        INSERT INTO things VALUES {", ".join(rows)};
    """


MIGRATION = f"""
    CREATE VIEW things_shown AS SELECT id, {", ".join(f'"{name}_now" AS "{name}"' for name in CASES)} FROM things;
    ALTER TABLE things {", ".join(f'DROP COLUMN "{name}"' for name in CASES)};
"""


@pytest.fixture(scope="module")
def outcome(databases: Databases) -> Iterator[Outcome]:
    made = check(databases, _old_state(), MIGRATION)
    yield made
    made.drop()


@pytest.mark.parametrize("name", CASES)
def test_each_value_is_counted_in_its_class(outcome: Outcome, name: str) -> None:
    found = outcome.column(f"things.{name}")
    expected = dict.fromkeys(("renders_differently", "different", "null_to_value", "value_to_null"), 0)
    expected |= CASES[name][3]
    assert {kind: getattr(found, kind) for kind in expected} == expected
    assert found.identical == found.rows - sum(expected.values())
    assert found.rows == ROWS
    assert found.counterpart == f"things_shown.{name}"


def test_a_drift_of_type_is_found_where_there_is_one_and_only_there(outcome: Outcome) -> None:
    drifted = {finding.object.removeprefix("things.") for finding in outcome.found("type_drift")}
    assert drifted == DRIFTS


def test_a_drift_alone_is_a_warning(outcome: Outcome) -> None:
    assert {finding.severity for finding in outcome.found("type_drift")} == {"warning"}


def test_every_query_of_a_finding_shows_as_many_rows_as_the_finding_counts(outcome: Outcome) -> None:
    found = [finding for finding in outcome.found() if finding.kind != "type_drift"]
    assert found
    for finding in found:
        assert len(outcome.rerun(finding)) == finding.count, finding.object


def test_examples_show_key_old_and_new_value(outcome: Outcome) -> None:
    (example,) = outcome.one("value_differs", "things.numeric_nan").examples
    assert (example.key, example.old, example.new) == ("1", "NaN", "1")


def test_a_value_that_the_new_type_cannot_hold_is_the_types_fault(outcome: Outcome) -> None:
    assert outcome.one("value_differs", "things.float_short").cause == "type_drift"


def test_the_type_query_shows_the_new_type(outcome: Outcome) -> None:
    ((shown, _),) = outcome.rerun(outcome.one("type_drift", "things.enum_as_text"))
    assert shown == "character varying(20)"
