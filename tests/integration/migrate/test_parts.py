"""Each part of a migration that is split for attribution runs under the settings that its statements stood under."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.arms import CORNERS, migrations_of
from harness.migrate import migrate
from harness.progress import Silent
from harness.scenario import Scenario, SqlFile, load_scenario
from harness.server import Databases

SCHEMA = """
CREATE SCHEMA app;
CREATE TABLE app.orders (id int, status text, note text);
CREATE TABLE public.orders (id int, status text, note text);
"""
FILES = (
    """
    SET search_path = app;
    SET statement_timeout = '1h';
    CREATE INDEX by_set ON orders (status);
    ALTER TABLE orders DROP COLUMN note;
    """,
    """
    SELECT pg_catalog.set_config('search_path', 'app', false);
    CREATE INDEX by_config ON orders (status);
    CREATE VIEW shown AS SELECT id FROM orders;
    """,
    """
    BEGIN;
    SET LOCAL search_path = app;
    CREATE INDEX by_local ON orders (status);
    COMMIT;
    CREATE INDEX by_none ON orders (status);
    """,
    "SET search_path = app; CREATE TABLE made (id int);",
)


def split_scenario() -> Scenario:
    files = tuple(SqlFile(Path(f"{number}.sql"), text) for number, text in enumerate(FILES, start=1))
    return replace(load_scenario("crm"), migrations=files, index_migrations=())


@pytest.mark.parametrize("arm", CORNERS)
def test_a_part_acts_on_the_tables_that_the_whole_acts_on(databases: Databases, arm: str) -> None:
    async def read() -> tuple[Any, Any]:
        await databases.create("part")
        try:
            connection = await databases.connect("part")
            await connection.execute(SCHEMA)
            files = migrations_of(arm, split_scenario())
            await migrate(databases.server.address, databases.name("part"), files, Silent())
            indexes = await connection.fetch("SELECT schemaname, indexname FROM pg_indexes WHERE indexname ~ '^by_'")
            others = await connection.fetch(
                "SELECT relnamespace::regnamespace::text, relname FROM pg_class WHERE relname IN ('shown', 'made') "
                "UNION ALL SELECT attrelid::regclass::text, attname FROM pg_attribute WHERE attname = 'note'"
            )
            await connection.close()
        finally:
            await databases.drop("part")
        return {tuple(row) for row in indexes}, {tuple(row) for row in others}

    indexes, others = asyncio.run(read())
    if arm == "before_indexes":
        assert indexes == {("app", "by_set"), ("app", "by_config"), ("app", "by_local"), ("public", "by_none")}
        assert others == {("app.orders", "note"), ("orders", "note")}
    else:
        assert indexes == set()
        assert others == {("app", "shown"), ("app", "made"), ("orders", "note")}
