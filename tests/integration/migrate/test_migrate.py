"""The migration of an arm, and what every arm gets alike after it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from harness.errors import MigrationError
from harness.migrate import migrate, settle, warm
from harness.progress import Silent
from harness.scenario import SqlFile
from harness.server import Databases, Server, connect


class Heard(Silent):
    """Keeps what a phase says."""

    def __init__(self) -> None:
        self.started: list[tuple[str, float | None, str]] = []
        self.done: list[float] = []
        self.notes: list[str] = []

    def start(self, phase: str, total: float | None = None, unit: str = "") -> None:
        self.started.append((phase, total, unit))

    def update(self, done: float, detail: str = "") -> None:
        self.done.append(done)

    def note(self, message: str) -> None:
        self.notes.append(message)


def sql(name: str, text: str) -> SqlFile:
    return SqlFile(path=Path("/migrations") / name, text=text)


def fetch(server: Server, database: str, query: str) -> Any:
    async def go() -> Any:
        connection = await connect(server.address, database)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(go())


FILES = (
    sql("1_table.sql", "CREATE TABLE t AS SELECT i AS id, repeat('x', 100) AS pad FROM generate_series(1, 5000) AS i;"),
    sql("2_view.sql", "CREATE VIEW v AS SELECT id FROM t;\nALTER TABLE t DROP COLUMN pad;"),
)


def test_every_statement_of_every_file_is_a_step(server: Server, database: str) -> None:
    heard = Heard()
    steps = asyncio.run(migrate(server.address, database, FILES, heard))
    assert [(step.file, step.line) for step in steps] == [("1_table.sql", 1), ("2_view.sql", 1), ("2_view.sql", 2)]
    assert heard.started == [("migrate", 3, "statements")]
    assert heard.done == [1, 2, 3]
    assert fetch(server, database, "SELECT count(*) FROM v") == 5000


def test_a_limit_for_requests_does_not_stop_a_migration(server: Server, database: str) -> None:
    async def limit() -> None:
        connection = await connect(server.address)
        await connection.execute(f"ALTER DATABASE {database} SET statement_timeout = '20ms'")
        await connection.close()

    asyncio.run(limit())
    slow = sql("slow.sql", "SET work_mem = '1MB';\nSELECT pg_sleep(0.1);")
    asyncio.run(migrate(server.address, database, [slow, slow], Silent()))


def test_a_migration_that_fails_names_its_file(server: Server, database: str) -> None:
    with pytest.raises(MigrationError, match=r"2_view\.sql, line 1: relation \"t\" does not exist"):
        asyncio.run(migrate(server.address, database, FILES[1:], Silent()))


def test_a_settled_arm_is_frozen_analysed_cached_and_otherwise_as_it_was(server: Server, databases: Databases) -> None:
    async def go() -> None:
        name = await databases.create("settled_arm")
        await migrate(server.address, name, FILES, Silent())
        heard = Heard()
        before = await _catalogue(server, name)
        await settle(server, name)
        await warm(server, [name], heard)
        assert heard.notes == []
        assert await _catalogue(server, name) == before
        connection = await connect(server.address, name)
        frozen = await connection.fetchval(
            "SELECT relallvisible > 0 AND relallvisible = relpages FROM pg_class WHERE relname = 't'"
        )
        analysed = await connection.fetchval("SELECT count(*) FROM pg_stats WHERE tablename = 't'")
        await connection.execute("CREATE EXTENSION pg_buffercache")
        cached = await connection.fetchval(
            "SELECT count(*) FROM pg_buffercache WHERE relfilenode = pg_relation_filenode('t') AND relforknumber = 0"
            " AND reldatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        pages = await connection.fetchval("SELECT relpages FROM pg_class WHERE relname = 't'")
        await connection.close()
        await databases.drop("settled_arm")
        assert frozen
        assert analysed == 1
        assert cached == pages

    asyncio.run(go())


STATISTICS = "SELECT array_agg(s::text ORDER BY s::text) FROM pg_stats AS s WHERE schemaname = 'public' AND {}"
DISTINCT = "SELECT n_distinct FROM pg_stats WHERE tablename = 'u' AND attname = 'm'"


def test_settled_clones_keep_the_statistics_they_were_cloned_with(server: Server, databases: Databases) -> None:
    """Fifty thousand different values: two samples of them never look the same."""

    async def go() -> None:
        connection = await connect(server.address, await databases.create("sampled"))
        await connection.execute("CREATE TABLE t AS SELECT i, md5(i::text) AS m FROM generate_series(1, 50000) AS i")
        await connection.execute("CREATE TABLE u AS TABLE t; ANALYZE")
        await connection.close()
        names = [await databases.create(arm, template="sampled") for arm in ("one", "twin", "changed")]
        text = "ALTER TABLE t DROP COLUMN i, ADD COLUMN half int; CREATE INDEX t_upper ON t (upper(m));"
        changes = (sql("1.sql", text), sql("2.sql", "UPDATE u SET m = 'same';"))
        await migrate(server.address, names[2], changes, Silent())
        found = {}
        for name in names:
            await settle(server, name)
            connection = await connect(server.address, name)
            for part in ("tablename = 't' AND attname = 'm'", "true", "tablename = 't_upper'", "attname = 'half'"):
                found[name, part] = await connection.fetchval(STATISTICS.format(part))
            distinct = await connection.fetchval(
                "SELECT n_distinct FROM pg_stats WHERE tablename = 'u' AND attname = 'm'"
            )
            found[name, "distinct"] = distinct
            await connection.close()
        for arm in ("changed", "twin", "one", "sampled"):
            await databases.drop(arm)
        one, twin, changed = names
        assert found[one, "true"] == found[twin, "true"]
        assert found[one, "distinct"] == -1
        assert found[changed, "distinct"] == 1, "a table whose rows changed is analysed"
        assert len(found[changed, "tablename = 't_upper'"]) == 1, "the new expression has statistics"
        assert len(found[changed, "attname = 'half'"]) == 1, "and so has the new column"

    asyncio.run(go())


async def _catalogue(server: Server, name: str) -> list[Any]:
    connection = await connect(server.address, name)
    rows = await connection.fetch(
        "SELECT 'class', relname FROM pg_class UNION ALL SELECT 'function', proname FROM pg_proc"
        " UNION ALL SELECT 'schema', nspname FROM pg_namespace UNION ALL SELECT 'extension', extname FROM pg_extension"
        " ORDER BY 1, 2"
    )
    await connection.close()
    return [tuple(row) for row in rows]


def test_prewarming_covers_every_table_after_a_restart_of_the_cache(server: Server, databases: Databases) -> None:
    """A clone's pages are not in the cache until somebody reads them."""

    async def go() -> tuple[int, int]:
        name = await databases.create("cold_template")
        await migrate(server.address, name, FILES, Silent())
        name = await databases.create("cold_arm", template="cold_template")
        await settle(server, name)
        await warm(server, [name], Silent())
        connection = await connect(server.address, name)
        await connection.execute("CREATE EXTENSION pg_buffercache")
        cached = await connection.fetchval(
            "SELECT count(*) FROM pg_buffercache WHERE relfilenode = pg_relation_filenode('t') AND relforknumber = 0"
            " AND reldatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        pages = await connection.fetchval("SELECT relpages FROM pg_class WHERE relname = 't'")
        await connection.close()
        for arm in ("cold_arm", "cold_template"):
            await databases.drop(arm)
        return cached, pages

    cached, pages = asyncio.run(go())
    assert cached == pages > 50


def test_a_server_without_rights_settles_as_far_as_it_may(server: Server, database: str) -> None:
    bare = replace(server, rights=frozenset())
    asyncio.run(settle(bare, database))
    asyncio.run(warm(bare, [database], Silent()))


PLACES = """SELECT bufferid FROM pg_buffercache WHERE relfilenode = pg_relation_filenode('t') AND relforknumber = 0
AND reldatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"""


async def _places(server: Server, name: str) -> list[int]:
    """Where the table's pages lie in PostgreSQL's cache; all of them do."""
    connection = await connect(server.address, name)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("CREATE EXTENSION pg_buffercache")
    places = [row["bufferid"] for row in await connection.fetch(PLACES)]
    pages = await connection.fetchval("SELECT pg_relation_size('t') / 8192")
    await transaction.rollback()
    await connection.close()
    assert len(places) == pages > 50
    return places


def test_warm_arms_lie_side_by_side_in_the_cache_however_they_came_into_it(
    server: Server, databases: Databases
) -> None:
    async def go() -> None:
        await migrate(server.address, await databases.create("origin"), FILES, Silent())
        names = [await databases.create(arm, template="origin") for arm in ("first", "second")]
        for name in names:  # as if the check had read one after the other
            await settle(server, name)
            await warm(server, [name], Silent())
        await warm(server, names, Silent())
        found = [await _places(server, name) for name in names]
        for arm in ("first", "second", "origin"):
            await databases.drop(arm)
        span = max(map(max, found)) - min(map(min, found))
        assert abs(fmean(found[0]) - fmean(found[1])) < 0.1 * span, "one after the other it is half of the span"

    asyncio.run(go())


def test_a_prewarm_that_fails_is_noted_and_no_error(server: Server, database: str) -> None:
    asyncio.run(migrate(server.address, database, [sql("x.sql", "CREATE EXTENSION pg_prewarm;")], Silent()))
    heard = Heard()
    asyncio.run(warm(server, [database], heard))
    assert "not warmed" in heard.notes[0]
