"""What the report says of dropped columns follows from what was weighed around them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalogue import read_catalogue
from harness.measure.dropped import read_dropped_columns
from harness.measure.storage import read_storage
from harness.migrate import migrate
from harness.migrate.stages import stages_of
from harness.phases.storage import in_order, stage_weigher
from harness.progress import Silent
from harness.report import build
from harness.report.data import StorageSection
from harness.result import Result, StorageRecord
from harness.scenario import SqlFile
from harness.server import Databases
from tests.unit.report.cases import ALL_GOOD

SCHEMA = """
CREATE TABLE sale (id int, who text, note text, status int);
INSERT INTO sale SELECT i, repeat('w', 99), repeat('n', 200), i % 50 FROM generate_series(1, 5000) AS i;
CREATE TABLE spare AS TABLE sale;
CREATE TABLE anew AS TABLE sale;
"""
REASON = "DROP COLUMN only marks a column as gone"


def told(databases: Databases, migration: str) -> str:
    """What the report says of a migration in one file."""
    files = (SqlFile(Path("1.sql"), migration),)

    async def run() -> Result:
        await databases.create("whole")
        old = await databases.connect("whole")
        await old.execute(SCHEMA)
        await old.execute("VACUUM (ANALYZE)")
        records = [*await read_storage(old, "before")]
        await old.close()
        await databases.create("fewer", "whole")
        within: list[StorageRecord] = []
        weigher = stage_weigher(stages_of(files), within)
        await migrate(databases.server.address, databases.name("fewer"), files, Silent(), weigher)
        new, old = await databases.connect("fewer"), await databases.connect("whole")
        dropped = await read_dropped_columns(old, await read_catalogue(old), await read_catalogue(new))
        await new.execute("VACUUM (ANALYZE)")
        records += [*within, *await read_storage(new, "after")]
        await new.close()
        await old.close()
        free = {"before": 0, "after": 0}
        weighed = [replace(item, free_bytes=free.get(item.stage)) for item in in_order(records)]
        return replace(ALL_GOOD, storage=tuple(weighed), dropped_columns=dropped)

    try:
        section = build(asyncio.run(run())).storage
    finally:
        for arm in ("fewer", "whole"):
            asyncio.run(databases.drop(arm))
    assert isinstance(section, StorageSection)
    return section.dropping.replace("\u00a0", " ")


def test_where_nothing_moved_the_reason_is_given(databases: Databases) -> None:
    words = told(databases, "CREATE VIEW v AS SELECT id FROM sale; ALTER TABLE sale DROP COLUMN who;")
    assert words.startswith(f"Dropping columns changes nothing in heap and TOAST: {REASON}")
    assert "The dropped columns held about 488 KiB." in words
    assert words.endswith("free space is 0 B before and 0 B after it.")


@pytest.mark.parametrize(
    ("migration", "did"),
    [
        ("UPDATE sale SET status = 0; ALTER TABLE sale DROP COLUMN who; CREATE TABLE more (a int);", "adds"),
        ("ALTER TABLE sale DROP COLUMN who, ALTER id TYPE bigint;", "frees"),
        ("DROP TABLE spare; ALTER TABLE sale DROP COLUMN who; CREATE TABLE more (a int);", "frees"),
    ],
)
def test_what_other_statements_moved_is_not_charged_to_dropping(databases: Databases, migration: str, did: str) -> None:
    words = told(databases, migration)
    assert words.startswith("All that the migration does from “before: as seeded” up to its last DROP COLUMN " + did)
    assert REASON not in words
    assert "free space" not in words


def test_only_columns_of_tables_that_stay_are_summed(databases: Databases) -> None:
    migration = """
        DROP TABLE spare;
        CREATE TABLE short AS SELECT id FROM anew;
        DROP TABLE anew;
        ALTER TABLE short RENAME TO anew;
        CREATE VIEW v AS SELECT id FROM sale;
        ALTER TABLE sale DROP COLUMN who;
    """
    assert "Those dropped from tables that stay held about 488 KiB." in told(databases, migration)


def test_what_came_after_the_columns_is_not_laid_to_them(databases: Databases) -> None:
    words = told(databases, "ALTER TABLE sale DROP COLUMN who; DELETE FROM sale WHERE id % 2 = 0;")
    assert REASON in words
    assert "free space" not in words
