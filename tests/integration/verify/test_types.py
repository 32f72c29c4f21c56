"""Every type that the server has, and arrays of each: compared value by value, none is skipped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import asyncpg
import pytest

from harness.result import ColumnCheck, Integrity
from harness.server import Databases
from harness.sqltext import quote_ident
from tests.integration.verify.checking import execute
from tests.integration.verify.test_in_place import Shop, found

# type: two different values of it
VALUES = {
    "aclitem": ("'=r/postgres'", "'=w/postgres'"),
    "bit": ("B'1'", "B'0'"),
    "bit(3)": ("B'101'", "B'100'"),
    "bool": ("true", "false"),
    "box": ("'(1,1),(0,0)'", "'(3,3),(2,2)'"),
    "bpchar": ("'a'", "'b'"),
    "bytea": ("'\\x00ff'", "'\\x00fe'"),
    '"char"': ("'a'", "'b'"),
    "cid": ("'1'", "'2'"),
    "cidr": ("'10.0.0.0/8'", "'10.0.0.0/9'"),
    "circle": ("'<(0,0),1>'", "'<(1,1),1>'"),
    "date": ("'2024-02-29'", "'2024-03-01'"),
    "daterange": ("'[2024-01-01,2024-02-01)'", "'[2024-01-01,2024-02-02)'"),
    "datemultirange": ("'{[2024-01-01,2024-02-01)}'", "'{}'"),
    "float4": ("'1.5'", "'1.25'"),
    "float8": ("'NaN'", "'Infinity'"),
    "gtsvector": None,
    "inet": ("'10.0.0.1'", "'10.0.0.1/8'"),
    "int2": ("1", "2"),
    "int2vector": ("'1 2'", "'1 3'"),
    "int4": ("1", "2"),
    "int4multirange": ("'{[1,2)}'", "'{[1,3)}'"),
    "int4range": ("'[1,2)'", "'[1,3)'"),
    "int8": ("1", "2"),
    "int8multirange": ("'{[1,2)}'", "'{[1,3)}'"),
    "int8range": ("'[1,2)'", "'[1,3)'"),
    "interval": ("'1 day'", "'1 day 1 us'"),
    "json": ("'{\"a\": 1}'", "'{\"a\": 2}'"),
    "jsonb": ("'{\"a\": 1}'", "'{\"a\": 2}'"),
    "jsonpath": ("'$.a'", "'$.b'"),
    "line": ("'{1,-1,0}'", "'{1,-1,1}'"),
    "lseg": ("'[(0,0),(1,1)]'", "'[(0,0),(-1,1)]'"),
    "macaddr": ("'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"),
    "macaddr8": ("'08:00:2b:01:02:03:04:05'", "'08:00:2b:01:02:03:04:06'"),
    "money": ("'1.00'", "'1.01'"),
    "name": ("'a'", "'b'"),
    "numeric": ("123456789.01", "123456789.02"),
    "numeric(12,2)": ("0.10", "0.11"),
    "nummultirange": ("'{[1.0,2)}'", "'{[1.1,2)}'"),
    "numrange": ("'[1.0,2)'", "'[1.1,2)'"),
    "oid": ("1", "2"),
    "oidvector": ("'1 2'", "'1 3'"),
    "path": ("'[(0,0),(1,1)]'", "'((0,0),(1,1))'"),
    "pg_brin_bloom_summary": None,
    "pg_brin_minmax_multi_summary": None,
    "pg_dependencies": None,
    "pg_lsn": ("'0/1'", "'0/2'"),
    "pg_mcv_list": None,
    "pg_ndistinct": None,
    "pg_node_tree": None,
    "pg_snapshot": ("'10:20:'", "'10:20:15'"),
    "point": ("'(0,0)'", "'(0,1)'"),
    "polygon": ("'((0,0),(1,1),(1,0))'", "'((5,5),(6,6),(6,5))'"),
    "refcursor": ("'a'", "'b'"),
    "regclass": ("'pg_class'", "'pg_type'"),
    "regcollation": ("'\"C\"'", "'\"POSIX\"'"),
    "regconfig": ("'simple'", "'english'"),
    "regdictionary": ("'simple'", "'english_stem'"),
    "regnamespace": ("'pg_catalog'", "'public'"),
    "regoper": ("'|/'", "'||/'"),
    "regoperator": ("'+(int4,int4)'", "'-(int4,int4)'"),
    "regproc": ("'now'", "'pi'"),
    "regprocedure": ("'now()'", "'abs(int4)'"),
    "regrole": ("'postgres'", "'pg_monitor'"),
    "regtype": ("'int4'", "'int8'"),
    "text": ("'a'", "'A'"),
    "tid": ("'(0,1)'", "'(0,2)'"),
    "time": ("'12:00:00'", "'12:00:00.000001'"),
    "timestamp": ("'2024-01-01 12:00'", "'2024-01-01 12:00:00.000001'"),
    "timestamptz": ("'2024-01-01 12:00+00'", "'2024-01-01 12:00+01'"),
    "timetz": ("'12:00+00'", "'13:00+01'"),
    "tsmultirange": ("'{[2024-01-01,2024-01-02)}'", "'{}'"),
    "tsquery": ("'a & b'", "'a | b'"),
    "tsrange": ("'[2024-01-01,2024-01-02)'", "'[2024-01-01,2024-01-02]'"),
    "tstzmultirange": ("'{[2024-01-01,2024-01-02)}'", "'{}'"),
    "tstzrange": ("'[2024-01-01,2024-01-02)'", "'[2024-01-01,2024-01-02]'"),
    "tsvector": ("'a b'", "'a c'"),
    "txid_snapshot": ("'10:20:'", "'10:20:15'"),
    "uuid": ("'00000000-0000-0000-0000-000000000001'", "'00000000-0000-0000-0000-000000000002'"),
    "varbit": ("B'101'", "B'1010'"),
    "varchar": ("'a'", "'a '"),
    "varchar(9)": ("'a'", "''"),
    "xid": ("'1'", "'2'"),
    "xid8": ("'1'", "'2'"),
    "xml": ("'<a/>'", "'<b/>'"),
    "mood": ("'sad'", "'glad'"),
    "short": ("'a'", "'b'"),
    "pair": ("'(1,a)'", "'(1,b)'"),
    "nested": ("'(\"(1,a)\",{1.0})'", "'(\"(1,a)\",{1.5})'"),
    "spaces": ("'[1.5,2)'", "'[1.6,2)'"),
}
"""None for a type whose values only the server itself makes."""
TYPES = """
    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);
    CREATE TYPE pair AS (number int, word text);
    CREATE TYPE nested AS (inner_pair pair, amounts numeric[]);
    CREATE TYPE spaces AS RANGE (subtype = float8);
    CREATE DOMAIN amount AS numeric CHECK (VALUE >= 0);
"""
ALL_TYPES = """
    SELECT typname FROM pg_type
    WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm')
      AND NOT (typcategory = 'A' AND typsubscript = 'array_subscript_handler'::regproc AND typlen = -1 AND typelem <> 0
               AND typname LIKE '\\_%')
"""
# name: (type, written one way, written another way): equal values
RENDERINGS = {
    "scale": ("numeric", "1.0", "1.00"),
    "minus_zero": ("float8", "'0'", "'-0'"),
    "minus_zero4": ("float4", "'0'", "'-0'"),
    "month": ("interval", "'1 mon'", "'30 days'"),
    "json_space": ("json", "'[1]'", "'[ 1 ]'"),
    "jsonb_scale": ("jsonb", "'[1.0]'", "'[1.00]'"),
    "scales": ("numeric[]", "'{1.0}'", "'{1.00}'"),
    "zeros": ("float8[]", "'{0}'", "'{-0}'"),
    "range": ("numrange", "'[1.0,2)'", "'[1.00,2)'"),
    "multirange": ("nummultirange", "'{[1.0,2)}'", "'{[1.00,2)}'"),
    "record": ("nested", "'(\"(1,a)\",{1.0})'", "'(\"(1,a)\",{1.00})'"),
    "amount": ("amount", "1.0", "1.00"),
}


MORE = """
    CREATE EXTENSION citext;
    CREATE TABLE words (id int PRIMARY KEY, word text, loose citext,
        found tsvector GENERATED ALWAYS AS (to_tsvector('simple', word)) STORED);
    INSERT INTO words VALUES (1, 'one', 'a'), (2, 'two', 'b'), (3, 'three', 'c');
    CREATE VIEW words_shown AS
        SELECT id, word, CASE id WHEN 1 THEN 'A'::citext WHEN 2 THEN 'x' ELSE loose END AS loose,
               CASE id WHEN 3 THEN to_tsvector('simple', 'else') ELSE found END AS found
        FROM words;
    CREATE TABLE casts (id int PRIMARY KEY, number oid, relation regclass, amount float8, word text);
    INSERT INTO casts VALUES (1, 7, 'pg_class', 1.5, 'a');
    CREATE VIEW casts_shown AS
        SELECT id, 8::numeric AS number, 2::numeric AS relation, 2::money AS amount, 'b' AS word FROM casts;
"""


def _row(number: int, place: int, kinds: dict[str, tuple[str, str]]) -> str:
    """Row 1 is the same on both sides, row 2 another value, row 3 NULL, row 4 NULL made a value, row 5 the reverse."""
    cells = [str(number)]
    for kind, values in kinds.items():
        value = values[1] if number == 2 and place == 1 else values[0]
        is_null = number == 3 or (number == 4 and place == 0) or (number == 5 and place == 1)
        cells += ["NULL", "NULL"] if is_null else [f"CAST({value} AS {kind})", f"ARRAY[CAST({value} AS {kind})]"]
    return f"SELECT {', '.join(cells)}"


def _state(kinds: dict[str, tuple[str, str]]) -> str:
    columns = ", ".join(f"{quote_ident(kind)} {kind}, {quote_ident(kind + '[]')} {kind}[]" for kind in kinds)
    rendered = ", ".join(f'"{name}" {kind}' for name, (kind, _, _) in RENDERINGS.items())
    parts = [MORE]
    for place, name in enumerate(("old", "new")):
        rows = " UNION ALL ".join(_row(number, place, kinds) for number in range(1, 6))
        ways = ", ".join(f"CAST({values[1 + place]} AS {values[0]})" for values in RENDERINGS.values())
        same = ", ".join(f"CAST({values[1]} AS {values[0]})" for values in RENDERINGS.values())
        parts.append(f"""
            CREATE TABLE values_{name} (id int PRIMARY KEY, {columns});
            INSERT INTO values_{name} {rows};
            CREATE TABLE ways_{name} (id int PRIMARY KEY, {rendered});
            INSERT INTO ways_{name} SELECT 1, {ways} UNION ALL SELECT 2, {same};
        """)
    return "".join(parts)


@pytest.fixture(scope="module", params=["", "15"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    databases: Databases = request.getfixturevalue(f"databases{request.param}")
    arm = "types"
    asyncio.run(databases.create(arm))
    asyncio.run(execute(databases, arm, TYPES))
    made = Shop(databases, arm)
    asyncio.run(execute(databases, arm, _state(made_here(made))))
    yield made
    asyncio.run(databases.drop(arm))


def made_here(shop: Shop) -> dict[str, tuple[str, str]]:
    """The types whose values can be written on this server: one may be built without XML."""
    kinds = {}
    for kind, values in VALUES.items():
        with contextlib.suppress(asyncpg.FeatureNotSupportedError):
            if values is not None:
                shop.rows(f"SELECT CAST({values[0]} AS {kind})")
                kinds[kind] = values
    return kinds


@pytest.fixture(scope="module")
def compared(shop: Shop) -> Integrity:
    return shop.compare("values_old", "values_new", "id")


def test_every_type_of_the_server_is_in_this_test(shop: Shop) -> None:
    known = {name.strip('"').partition("(")[0] for name in VALUES}
    assert {row["typname"] for row in shop.rows(ALL_TYPES)} - known == set()


def test_every_value_of_every_type_is_in_its_class(shop: Shop, compared: Integrity) -> None:
    columns = {column.column: column for column in compared.columns}
    kinds = made_here(shop)
    assert len(kinds) > 80
    assert set(columns) == {"id", *kinds, *(f"{kind}[]" for kind in kinds)}
    wrong = {name: _counts(column) for name, column in columns.items() if name != "id" and _counts(column) != EXPECTED}
    assert wrong == {}


EXPECTED = (5, 2, 0, 1, 1, 1, "")


def _counts(column: ColumnCheck) -> tuple[int | str, ...]:
    differing = (column.renders_differently, column.different, column.null_to_value, column.value_to_null)
    return (column.rows, column.identical, *differing, column.reason)


def test_each_difference_is_reproduced_with_its_values(shop: Shop, compared: Integrity) -> None:
    differing = found(compared, "value_differs")
    assert len(differing) == 2 * len(made_here(shop))
    for finding in differing:
        ((key, old, new),) = shop.rows(finding.query)
        (example,) = finding.examples
        assert (str(key), old, new) == (example.key, example.old, example.new)
        assert old != new


def test_equal_values_written_in_two_ways_are_told_apart(shop: Shop) -> None:
    integrity = shop.compare("ways_old", "ways_new", "id")
    columns = {column.column: column for column in integrity.columns if column.column != "id"}
    assert {name: (column.identical, column.renders_differently) for name, column in columns.items()} == dict.fromkeys(
        RENDERINGS, (1, 1)
    )
    assert integrity.verdict == "pass"
    assert {finding.severity for finding in integrity.findings} == {"warning"}


def test_types_of_extensions_and_generated_columns_are_compared(shop: Shop) -> None:
    columns = {column.column: column for column in shop.compare("words", "words_shown", "id").columns}
    loose = columns["loose"]
    assert (loose.identical, loose.renders_differently, loose.different) == (1, 1, 1)
    assert (columns["found"].identical, columns["found"].different) == (2, 1)


def test_rows_of_every_type_are_compared_whole_where_there_is_no_key(shop: Shop) -> None:
    integrity = shop.compare("values_old", "values_new", "bool")
    missing, extra = found(integrity, "row_missing")[0], found(integrity, "row_extra")[0]
    assert (missing.count, extra.count) == (3, 3)


def test_a_value_that_cannot_be_cast_to_the_new_type_differs_and_hides_no_other_column(shop: Shop) -> None:
    columns = {column.column: column for column in shop.compare("casts", "casts_shown", "id").columns}
    counts = {name: (column.identical, column.different) for name, column in columns.items() if name != "id"}
    assert counts == {"number": (0, 1), "relation": (0, 1), "amount": (0, 1), "word": (0, 1)}
