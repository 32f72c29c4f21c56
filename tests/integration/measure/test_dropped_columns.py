"""What a dropped column held is what its rows stored: in partitions, in heirs that lose it, and in TOAST."""

from __future__ import annotations

import asyncio

import pytest

from harness.catalogue import read_catalogue
from harness.measure import dropped
from harness.measure.dropped import read_dropped_columns
from harness.measure.storage import read_storage
from harness.result import DroppedColumn, StorageRecord
from harness.server import Databases

Dropped = dict[tuple[str, str], DroppedColumn]


def drop(databases: Databases, old_state: str, migration: str) -> tuple[Dropped, dict[str | None, StorageRecord]]:
    """What `migration` drops by the records, and what the old state's tables take."""

    async def read() -> tuple[Dropped, dict[str | None, StorageRecord]]:
        try:
            await databases.create("held")
            connection = await databases.connect("held")
            await connection.execute(old_state)
            await connection.close()
            await databases.create("lost", "held")
            new = await databases.connect("lost")
            await new.execute(migration)
            after = await read_catalogue(new)
            await new.close()
            connection = await databases.connect("held")
            await connection.execute("VACUUM (ANALYZE)")
            found = await read_dropped_columns(connection, await read_catalogue(connection), after)
            storage = await read_storage(connection, "before")
            await connection.close()
        finally:
            for arm in ("lost", "held"):
                await databases.drop(arm)
        return {(item.table, item.column): item for item in found}, {item.table: item for item in storage}

    return asyncio.run(read())


def test_a_partitioned_tables_column_is_measured_in_its_partitions(databases: Databases) -> None:
    old_state = """
        CREATE TABLE logs (id int, note text, spare text) PARTITION BY RANGE (id);
        CREATE TABLE logs_low PARTITION OF logs FOR VALUES FROM (0) TO (1000);
        CREATE TABLE logs_high PARTITION OF logs FOR VALUES FROM (1000) TO (5000);
        INSERT INTO logs SELECT i, CASE WHEN i % 4 > 0 THEN repeat('x', 39) END FROM generate_series(0, 3999) AS i;
    """
    found, storage = drop(databases, old_state, "ALTER TABLE logs DROP COLUMN note, DROP COLUMN spare")
    assert set(found) == {("logs", "note"), ("logs", "spare")}
    note, spare = found["logs", "note"], found["logs", "spare"]
    assert (note.rows, note.average_width_bytes, note.null_share) == (4000, 40, 0.25)
    assert note.estimated_bytes == 3000 * 40
    assert (spare.average_width_bytes, spare.null_share, spare.estimated_bytes) == (None, 1.0, 0)
    assert (storage["logs_low"].rows, storage["logs_high"].rows, storage[None].rows) == (1000, 3000, 4000)


HEIRS = """
    CREATE TABLE papers (id int, note text);
    CREATE TABLE bills (due date) INHERITS (papers);
    CREATE TABLE drafts (id int, note text);
    ALTER TABLE drafts INHERIT papers;
    INSERT INTO papers SELECT i, repeat('p', 9) FROM generate_series(1, 100) AS i;
    INSERT INTO bills SELECT i, repeat('b', 99) FROM generate_series(1, 3000) AS i;
    INSERT INTO drafts SELECT i, repeat('d', 49) FROM generate_series(1, 500) AS i;
"""


def test_an_inherited_column_is_measured_where_it_is_lost_and_each_tables_rows_are_its_own(
    databases: Databases,
) -> None:
    found, storage = drop(databases, HEIRS, "ALTER TABLE papers DROP COLUMN note")  # drafts has its own and keeps it
    (note,) = found.values()
    assert (note.table, note.rows) == ("papers", 3100)
    assert note.estimated_bytes == 100 * 10 + 3000 * 100
    assert {table: storage[table].rows for table in ("papers", "bills", "drafts", None)} == {
        "papers": 100,
        "bills": 3000,
        "drafts": 500,
        None: 3600,
    }


def test_the_rows_of_tables_dropped_together_count_once(databases: Databases) -> None:
    found, _ = drop(databases, HEIRS, "DROP TABLE papers CASCADE")
    assert {table: item.rows for (table, column), item in found.items() if column == "note"} == {
        "papers": 100,
        "bills": 3000,
        "drafts": 500,
    }


def test_values_that_lie_in_toast_count_with_their_bytes_there(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropped, "SAMPLE_ROWS", 200)
    old_state = """
        CREATE TABLE files (id int, document text);
        ALTER TABLE files ALTER document SET STORAGE EXTERNAL;
        INSERT INTO files SELECT i, repeat(md5(i::text), 320) FROM generate_series(1, 600) AS i;
    """
    found, storage = drop(databases, old_state, "ALTER TABLE files DROP COLUMN document")
    document = found["files", "document"]
    assert document.rows == 600
    assert document.estimated_bytes == pytest.approx(600 * 10_240, rel=0.01)
    assert document.estimated_bytes is not None
    assert 0.75 < document.estimated_bytes / storage["files"].toast_bytes < 1, "TOAST has its own headers and index"


def test_a_virtual_column_held_nothing(databases: Databases) -> None:
    if databases.server.version_num < 180000:
        pytest.skip("generated columns are stored before PostgreSQL 18")
    old_state = """
        CREATE TABLE sums (a int, twice int GENERATED ALWAYS AS (a * 2) VIRTUAL, half int);
        INSERT INTO sums (a, half) SELECT i, i FROM generate_series(1, 100) AS i;
    """
    found, _ = drop(databases, old_state, "ALTER TABLE sums DROP COLUMN twice, DROP COLUMN half")
    assert {column: item.estimated_bytes for (_, column), item in found.items()} == {"twice": 0, "half": 400}
    assert found["sums", "twice"].null_share is None
