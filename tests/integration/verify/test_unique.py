"""Which keys the server proves to be unique; what it cannot prove is counted, so that a row shown twice is found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.catalogue import read_catalogue
from harness.progress import Silent
from harness.result import Integrity
from harness.server import Databases
from harness.server.address import Address
from harness.verify import Ledger, ledger, spans
from harness.verify.in_place import Wanted, compare_in_place, open_two
from harness.verify.unique import is_unique
from tests.integration.verify.checking import execute

STATE = """
    CREATE TABLE makers (id int PRIMARY KEY, name text);
    INSERT INTO makers SELECT n, 'maker ' || n FROM generate_series(0, 9) n;
    CREATE TABLE tags (maker_id int, tag text);
    INSERT INTO tags VALUES (1, 'a'), (2, 'b'), (2, 'c');
    CREATE TABLE goods (id int PRIMARY KEY, "Odd ""id" int NOT NULL UNIQUE, maker_id int, maker text);
    INSERT INTO goods SELECT n, -n, n % 10, 'maker ' || n % 10 FROM generate_series(1, 8000) n;
    CREATE VIEW joined AS
        SELECT g.id, "Odd ""id", maker_id, m.name AS maker FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
    CREATE VIEW over AS SELECT * FROM joined WHERE maker_id < 5;
    CREATE VIEW tagged AS SELECT g.* FROM goods g LEFT JOIN tags t ON t.maker_id = g.maker_id;
    CREATE VIEW inner_joined AS SELECT g.* FROM goods g JOIN makers m ON m.id = g.maker_id;
    CREATE VIEW twice AS TABLE goods UNION ALL TABLE goods;
    CREATE VIEW computed AS SELECT id / 2 AS id, maker FROM goods;
    CREATE VIEW constant AS SELECT 1 AS id, maker FROM goods;
    CREATE VIEW unfolded AS SELECT id, unnest(ARRAY[1, 2]) AS maker FROM goods;
    CREATE VIEW other_column AS SELECT maker_id AS id, maker FROM goods;
    CREATE MATERIALIZED VIEW kept AS TABLE goods;
    CREATE MATERIALIZED VIEW kept_unique AS TABLE goods;
    CREATE UNIQUE INDEX ON kept_unique (id);
    CREATE TABLE parted (id int PRIMARY KEY, maker text) PARTITION BY RANGE (id);
    CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (500);
    CREATE TABLE parted_high PARTITION OF parted FOR VALUES FROM (500) TO (5000);
    CREATE TABLE parent (id int PRIMARY KEY, maker text);
    CREATE TABLE heir () INHERITS (parent);
    CREATE VIEW parents AS TABLE parent;
    CREATE TABLE late (id int UNIQUE DEFERRABLE, maker text);
    CREATE TABLE partial (id int, maker text);
    CREATE UNIQUE INDEX ON partial (id) WHERE id > 5;
    CREATE TABLE unproven (id int UNIQUE, maker text);
    INSERT INTO unproven SELECT n, 'maker' FROM generate_series(1, 1000) n;
    INSERT INTO unproven VALUES (NULL, 'x'), (NULL, 'x');
    ALTER TABLE unproven ADD CONSTRAINT filled NOT NULL id NOT VALID;
    CREATE TABLE unproven_copy AS TABLE unproven;
    CREATE ROLE weak LOGIN PASSWORD 'secret';
    GRANT SELECT ON goods, joined TO weak;
    ANALYZE;
"""
PROVEN = ("goods", "joined", "over", "kept_unique", "parted")
UNPROVEN = (
    "tagged", "inner_joined", "twice", "computed", "constant", "unfolded", "other_column", "kept", "parent", "parents",
    "late", "partial",
)  # fmt: skip


@pytest.fixture(scope="module")
def address(databases: Databases) -> Iterator[Address]:
    asyncio.run(databases.create("unique"))
    asyncio.run(execute(databases, "unique", STATE))
    yield Address(databases.server.address.url(databases.name("unique")))
    asyncio.run(databases.drop("unique"))
    asyncio.run(_drop_role(databases))


async def _drop_role(databases: Databases) -> None:
    await databases.create("unique")
    await execute(databases, "unique", "DROP ROLE weak")
    await databases.drop("unique")


def compare(address: Address, old: str, new: str, kept: Ledger | None = None) -> Integrity:
    async def go() -> Integrity:
        async with open_two(address, Wanted(old, new, ("id",)), 2) as (two, sessions):
            return await compare_in_place(address, two, sessions, Silent(), kept)

    return asyncio.run(go())


def proven(databases: Databases, name: str, *key: str) -> bool:
    async def go() -> bool:
        connection: Any = await databases.connect("unique")
        try:
            catalogue = await read_catalogue(connection)
            relation = catalogue.named("public", name)
            assert relation is not None
            return await is_unique(connection, catalogue, relation, key)
        finally:
            await connection.close()

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("name", "expected"), [*((name, True) for name in PROVEN), *((name, False) for name in UNPROVEN)]
)
def test_only_what_cannot_be_otherwise_is_proven(
    address: Address, databases: Databases, name: str, expected: bool
) -> None:
    assert proven(databases, name, "id") == expected


def test_names_that_need_quotes_are_read_from_the_plan(address: Address, databases: Databases) -> None:
    assert proven(databases, "joined", 'Odd "id')
    assert not proven(databases, "joined", "maker")
    assert proven(databases, "joined", "maker_id", "id")


def test_rows_shown_twice_are_found_where_nothing_proves_that_there_are_none(address: Address) -> None:
    columns = compare(address, "goods", "tagged").columns
    assert {(column.rows, column.duplicate_row, column.non_null) for column in columns} == {(8000, 800, 8000)}
    assert {column.duplicate_row for column in compare(address, "goods", "twice").columns} == {8000}


def test_rows_that_a_proven_view_leaves_out_are_missing(address: Address) -> None:
    integrity = compare(address, "goods", "over")
    assert {(column.rows, column.missing_row, column.non_null) for column in integrity.columns} == {(8000, 4000, 8000)}


def test_not_null_that_was_never_validated_is_not_relied_on(address: Address) -> None:
    integrity = compare(address, "unproven", "unproven_copy")
    assert [(item.kind, item.count) for item in integrity.findings] == [("key_null", 2)]
    assert integrity.rows_compared == 1002


def test_a_role_that_may_not_read_what_is_below_a_view_compares_all_the_same(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "KEPT_AFTER_S", 0)
    monkeypatch.setattr(spans, "LEAST_ROWS", 100)
    monkeypatch.setattr(spans, "SPAN_ROWS", 2000)
    weak = Address(address.dsn.replace("postgres@", "weak:secret@", 1))
    assert compare(weak, "goods", "joined", Ledger(tmp_path / "ledger")).verdict == "pass"
    assert not (tmp_path / "ledger").exists(), "nothing could prove later that the data are the same"
    assert compare(address, "goods", "joined", Ledger(tmp_path / "ledger")).verdict == "pass"
    assert (tmp_path / "ledger").exists()


def test_a_check_that_is_done_at_once_keeps_nothing(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "KEPT_AFTER_S", 60)
    monkeypatch.setattr(spans, "LEAST_ROWS", 100)
    monkeypatch.setattr(spans, "SPAN_ROWS", 2000)
    kept = Ledger(tmp_path / "ledger")
    found = compare(address, "goods", "joined", kept)
    assert (found.verdict, found.notes) == ("pass", ())
    assert (kept.spans_done > 1, kept.is_held, (tmp_path / "ledger").exists()) == (True, True, False)
