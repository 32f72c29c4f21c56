"""Two relations of any kind compared where they are: what differs is found, and the database stays as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from harness.errors import UsageError
from harness.progress import Silent
from harness.result import Finding, Integrity
from harness.server import Databases
from harness.verify.in_place import Wanted, compare_in_place, open_two
from tests.integration.server.outside import wait_until
from tests.integration.verify.checking import execute

STATE = """
    CREATE SCHEMA "Other one";
    CREATE TABLE makers (id int PRIMARY KEY, name text);
    INSERT INTO makers VALUES (1, 'Ada'), (2, 'Bo');
    CREATE TABLE goods (id int PRIMARY KEY, maker_id int, price numeric(8,2), "Odd, name" text, maker text);
    INSERT INTO goods SELECT n, n % 2 + 1, n, 'x' || n, CASE n % 2 WHEN 0 THEN 'Ada' ELSE 'Bo' END
    FROM generate_series(1, 100) n;
    CREATE VIEW goods_shown AS
        SELECT g.id, g.maker_id, g.price, g."Odd, name", m.name AS maker
        FROM goods g LEFT JOIN makers m ON m.id = maker_id;
    CREATE MATERIALIZED VIEW goods_kept AS SELECT * FROM goods_shown;
    CREATE VIEW "Other one"."Goods" AS SELECT * FROM goods_shown;
    CREATE TABLE goods_parts (LIKE goods) PARTITION BY RANGE (id);
    CREATE TABLE goods_part1 PARTITION OF goods_parts FOR VALUES FROM (0) TO (50);
    CREATE TABLE goods_part2 PARTITION OF goods_parts FOR VALUES FROM (50) TO (500);
    INSERT INTO goods_parts SELECT * FROM goods;
    CREATE VIEW goods_wrong AS
        SELECT g.id, g.price + (g.id = 7)::int AS price, nullif(g.maker, 'Ada') AS maker,
               coalesce(g."Odd, name") AS "Odd, name"
        FROM goods g JOIN makers m ON m.id = g.maker_id AND g.id <> 9
        LEFT JOIN (VALUES (8), (8)) AS twice (id) ON twice.id = g.id
        UNION ALL SELECT 1000, 1, 'Ada', '';
    CREATE VIEW goods_renamed AS SELECT id AS "Number", maker_id, maker AS made_by FROM goods;
    CREATE VIEW goods_broken AS SELECT id, 1 / (id - 5) AS maker_id, maker FROM goods;
    CREATE VIEW keys_broken AS SELECT 1 / (id - 5) AS id, maker FROM goods;
    CREATE VIEW unrelated AS SELECT 1 AS nothing, 2 AS id;
    CREATE TABLE empty (LIKE goods);
    CREATE VIEW empty_shown AS SELECT * FROM empty;
    CREATE TABLE bare (LIKE goods, PRIMARY KEY (id));
    CREATE TABLE log (at int, word text);
    INSERT INTO log VALUES (1, 'a'), (1, 'a'), (2, 'b'), (NULL, 'c');
    CREATE TABLE log_copy AS SELECT * FROM log;
    CREATE TABLE log_short AS SELECT DISTINCT * FROM log;
    CREATE TABLE lines (id int, line int, word text, PRIMARY KEY (id, line));
    INSERT INTO lines SELECT n / 3, n % 3, 'word ' || n FROM generate_series(0, 29) n;
    CREATE VIEW lines_shown AS
        SELECT id, line, CASE WHEN (id, line) = (2, 1) THEN 'other' ELSE word END AS word FROM lines;
    CREATE TABLE old_lines () INHERITS (lines);
    CREATE TYPE size AS (width int, height int);
    CREATE TABLE boxes (id int PRIMARY KEY, size size, note text);
    INSERT INTO boxes VALUES (1, (1, 2), NULL), (2, (NULL, NULL), ''), (3, NULL, 'x'), (4, (NULL, 1), NULL);
    CREATE VIEW boxes_shown AS SELECT * FROM boxes WHERE id < 4 UNION ALL SELECT 5, NULL, NULL;
"""
DIGEST = """
    SELECT (SELECT md5(string_agg(c::text, ',' ORDER BY c.oid)) FROM pg_class c WHERE c.oid >= 16384),
           (SELECT md5(string_agg(n::text, ',' ORDER BY n.oid)) FROM pg_namespace n WHERE n.nspname !~ '^pg_'),
           (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())
"""


class Shop:
    """A database to compare within."""

    def __init__(self, databases: Databases, arm: str) -> None:
        self.databases, self.arm = databases, arm

    def compare(self, old: str, new: str, *key: str, **renamed: str) -> Integrity:
        """Compares two of its relations."""
        address = self.databases.server.address
        wanted = Wanted(old, new, key, tuple(renamed.items()))

        async def go() -> Integrity:
            async with open_two(type(address)(address.url(self.databases.name(self.arm))), wanted, 2) as (
                two,
                sessions,
            ):
                return await compare_in_place(address, two, sessions, Silent())

        return asyncio.run(go())

    def rows(self, query: str) -> list[Any]:
        """Rows of a query."""

        async def go() -> list[Any]:
            connection = await self.databases.connect(self.arm)
            try:
                return list(await connection.fetch(query))
            finally:
                await connection.close()

        return asyncio.run(go())


@pytest.fixture(scope="module", params=["", "15"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    databases: Databases = request.getfixturevalue(f"databases{request.param}")
    asyncio.run(databases.create("in_place"))
    asyncio.run(execute(databases, "in_place", STATE))
    yield Shop(databases, "in_place")
    asyncio.run(databases.drop("in_place"))


def found(integrity: Integrity, kind: str) -> list[Finding]:
    return [item for item in integrity.findings if item.kind == kind]


@pytest.mark.parametrize("new", ["goods_shown", "goods_kept", '"Other one"."Goods"', "Other one.Goods", "goods_parts"])
def test_every_kind_of_relation_with_the_same_rows_passes(shop: Shop, new: str) -> None:
    for old, other in (("goods", new), (new, "goods")):
        integrity = shop.compare(old, other, "id")
        assert (integrity.verdict, integrity.findings) == ("pass", ())
        assert (integrity.rows_compared, integrity.cells_compared) == (100, 500)
        assert {(column.verdict, column.rows, column.identical) for column in integrity.columns} == {
            ("identical", 100, 100)
        }


def test_what_differs_is_counted_apart_and_reproduced_by_its_query(shop: Shop) -> None:
    integrity = shop.compare("goods", "goods_wrong", "id")
    assert integrity.verdict == "fail"
    columns = {column.column: column for column in integrity.columns}
    price, maker, odd = columns["price"], columns["maker"], columns["Odd, name"]
    assert (price.different, price.missing_row, price.extra_row, price.duplicate_row) == (1, 1, 1, 1)
    assert (maker.value_to_null, maker.missing_row, maker.identical) == (50, 1, 49)
    assert (odd.identical, odd.missing_row) == (99, 1)
    kinds = ("value_differs", "value_to_null", "row_missing", "row_extra", "row_duplicated")
    counts = {kind: sum(finding.count for finding in found(integrity, kind)) for kind in kinds}
    assert counts == {"value_differs": 1, "value_to_null": 50, "row_missing": 1, "row_extra": 1, "row_duplicated": 1}
    for kind in kinds:
        for finding in found(integrity, kind):
            assert finding.examples
            assert len(shop.rows(finding.query)) == finding.count
    (drift,) = found(integrity, "type_drift")
    assert drift.object == "goods.price"


def test_nothing_is_written_and_no_session_stays(shop: Shop) -> None:
    before = shop.rows(DIGEST)
    shop.compare("goods", "goods_wrong", "id")
    assert wait_until(lambda: shop.rows(DIGEST) == before)


def test_old_values_are_counted_also_where_all_their_parts_are_null_and_rows_are_missing(shop: Shop) -> None:
    columns = {column.column: column for column in shop.compare("boxes", "boxes_shown").columns}
    assert {name: column.non_null for name, column in columns.items()} == {"id": 4, "size": 3, "note": 2}
    assert (
        {column.missing_row for column in columns.values()} == {column.extra_row for column in columns.values()} == {1}
    )


def test_a_composite_key_follows_rows(shop: Shop) -> None:
    integrity = shop.compare("lines", "lines_shown", "id", "line")
    (finding,) = found(integrity, "value_differs")
    assert [(item.key, item.old, item.new) for item in finding.examples] == [("2, 1", "word 7", "other")]


def test_the_primary_key_is_the_key_where_none_is_named(shop: Shop) -> None:
    assert shop.compare("lines", "lines_shown").columns[2].different == 1


def test_columns_named_otherwise_are_paired_by_hand(shop: Shop) -> None:
    integrity = shop.compare("goods", "goods_renamed", "id", id='"Number"', maker="made_by")
    columns = {column.column: (column.counterpart, column.lineage, column.verdict) for column in integrity.columns}
    assert columns["id"] == ("goods_renamed.Number", "map", "identical")
    assert columns["maker"] == ("goods_renamed.made_by", "map", "identical")
    assert columns["maker_id"] == ("goods_renamed.maker_id", "name", "identical")


def test_columns_that_nothing_was_held_against_are_told_and_fail_nothing(shop: Shop) -> None:
    integrity = shop.compare("goods", "goods_renamed", "id", id="Number")
    assert integrity.verdict == "pass"
    told = {finding.object: finding.severity for finding in found(integrity, "no_counterpart")}
    assert told == dict.fromkeys(("goods.price", "goods.Odd, name", "goods.maker"), "warning")
    assert integrity.notes == ("only goods_renamed has: made_by",)


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("good", "goods_shown", ("id",), "no table or view 'good' — did you mean 'goods'"),
        ("goods", "goods_shwon", ("id",), "did you mean 'goods_shown'"),
        ("goods", "goods_shown", ("ident",), "goods has no column 'ident'"),
        ("goods", "goods_renamed", ("id",), "goods_renamed has no column 'id'"),
        ("goods", "goods_shown", ("id", "id"), "names 'id' twice"),
        ("makers", "unrelated", ("id",), "no column in common besides the key"),
        ("log", "unrelated", (), "no column in common"),
        ("goods_pkey", "goods_shown", ("id",), "goods_pkey is an index"),
        ("pg_class", "goods_shown", ("id",), "part of the system catalogue"),
        ("a.b.c.d", "goods_shown", ("id",), "no name of a table"),
        ("goods", "public.goods", ("id",), "goods compared with itself proves nothing"),
    ],
)  # fmt: skip
def test_names_that_mean_nothing_are_told_with_the_near_miss(
    shop: Shop, old: str, new: str, key: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        shop.compare(old, new, *key)


def test_a_mapped_column_that_does_not_exist_is_told(shop: Shop) -> None:
    with pytest.raises(UsageError, match="goods_renamed has no column 'made_bi' — did you mean 'made_by'"):
        shop.compare("goods", "goods_renamed", maker="made_bi")


def test_a_key_that_does_not_identify_rows_is_told_and_rows_are_compared_whole(shop: Shop) -> None:
    integrity = shop.compare("goods", "goods_shown", "maker_id")
    (told,) = found(integrity, "key_not_unique")
    assert (told.count, told.rows, integrity.verdict) == (100, 100, "pass")
    assert [item.new for item in told.examples] == ["50 rows", "50 rows"]
    assert len(shop.rows(told.query)) == 2


def test_a_key_with_nulls_is_told_and_rows_are_compared_whole(shop: Shop) -> None:
    assert shop.compare("log", "log_copy", "at").verdict == "pass"
    integrity = shop.compare("log", "log_short", "at")
    assert found(integrity, "key_null")[0].count == 1
    (missing,) = found(integrity, "row_missing")
    assert (integrity.verdict, missing.count) == ("fail", 1)


def test_without_any_key_rows_are_compared_whole_and_that_is_told(shop: Shop) -> None:
    integrity = shop.compare("log", "log_copy")
    assert integrity.verdict == "pass"
    assert "log has no key that log_copy shows" in integrity.notes[0]


@pytest.mark.parametrize("old", ["empty", "bare", "goods"])
def test_no_row_is_no_pass(shop: Shop, old: str) -> None:
    integrity = shop.compare(old, "empty_shown", "id")
    assert integrity.verdict == "fail"
    assert found(integrity, "row_missing" if old == "goods" else "nothing_compared")


def test_a_column_that_errors_is_a_finding_and_the_others_are_compared(shop: Shop) -> None:
    integrity = shop.compare("goods", "goods_broken", "id")
    columns = {column.column: (column.verdict, column.reason) for column in integrity.columns}
    assert columns["maker_id"] == ("not_compared", "division by zero")
    assert columns["maker"] == ("identical", "")
    assert "division by zero" in found(integrity, "view_error")[0].detail
    assert integrity.verdict == "fail"


@pytest.mark.parametrize(("old", "new"), [("keys_broken", "goods"), ("goods", "keys_broken")])
def test_a_relation_that_cannot_be_read_is_a_finding(shop: Shop, old: str, new: str) -> None:
    integrity = shop.compare(old, new, "id")
    assert {column.verdict for column in integrity.columns} == {"not_compared"}
    assert {item.rows for item in found(integrity, "not_compared")} == {100 if old == "goods" else 0}
    assert "division by zero" in found(integrity, "view_error")[0].detail
    assert integrity.verdict == "fail"
