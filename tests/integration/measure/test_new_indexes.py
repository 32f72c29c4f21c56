"""An index is new by what it is, not by its bare name: remade under it, in another schema, or beside a longer name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from harness import sqlchanges
from harness.catalogue import Catalogue, read_catalogue
from harness.catalogue.coverage import Earlier
from harness.measure.indexes import index_records, read_index_use
from harness.phases.plans import known_facts
from harness.result import IndexRecord
from harness.server import Databases

OLD = """
CREATE TABLE orders (id int PRIMARY KEY, status text, number int, note text, created_at date);
CREATE INDEX remade ON orders (status);
CREATE INDEX made_unique ON orders (number);
CREATE INDEX repeated ON orders (note);
CREATE INDEX retyped ON orders (number, id);
CREATE INDEX renamed ON orders (created_at);
CREATE INDEX elsewhere ON orders (created_at, id);
CREATE INDEX kept ON orders (status, id);
CREATE SCHEMA app;
CREATE TABLE app.orders (id int, created_at date);
"""
MIGRATION = """
DROP INDEX remade;
CREATE INDEX remade ON orders (status, created_at);
DROP INDEX made_unique;
CREATE UNIQUE INDEX made_unique ON orders (number);
DROP INDEX repeated;
CREATE INDEX repeated ON orders (note);
ALTER TABLE orders ALTER number TYPE bigint;
ALTER INDEX renamed RENAME TO new_name;
ALTER TABLE orders RENAME created_at TO since;
SET search_path = app;
CREATE INDEX elsewhere ON orders (created_at, id);
SET search_path = public;
CREATE INDEX IF NOT EXISTS kept ON orders (status, id);
"""
Told = tuple[dict[tuple[str, str], IndexRecord], Catalogue, Catalogue]


@pytest.fixture(scope="module")
def told(databases: Databases) -> Iterator[Told]:
    async def read() -> Told:
        await databases.create("old_ones")
        connection = await databases.connect("old_ones")
        await connection.execute(OLD)
        before = await read_catalogue(connection)
        await connection.close()
        await databases.create("new_ones", "old_ones")
        connection = await databases.connect("new_ones")
        await connection.execute(MIGRATION)
        after, use = await read_catalogue(connection), await read_index_use(connection)
        await connection.close()
        asked_for = sqlchanges.indexes_named(MIGRATION)
        records = index_records("after", after, Earlier(before.indexes), asked_for, use, None)
        return {(item.table, item.index): item for item in records}, before, after

    yield asyncio.run(read())
    for arm in ("new_ones", "old_ones"):
        asyncio.run(databases.drop(arm))


def test_an_index_is_new_by_its_table_and_key_and_what_was_there_keeps_its_age(told: Told) -> None:
    records, _, _ = told
    assert {key for key, item in records.items() if item.created} == {
        ("orders", "remade"),
        ("orders", "made_unique"),
        ("orders", "repeated"),
        ("app.orders", "elsewhere"),
    }


def test_only_a_statement_that_found_its_index_there_did_nothing(told: Told) -> None:
    records, _, _ = told
    assert {key for key, item in records.items() if item.asked_for and not item.created} == {("orders", "kept")}


def test_a_plan_is_told_of_new_indexes_by_table_and_name(told: Told) -> None:
    _, before, after = told
    assert known_facts(before, after, ()).new_indexes == {
        ("orders", "remade"),
        ("orders", "made_unique"),
        ("app.orders", "elsewhere"),
    }
