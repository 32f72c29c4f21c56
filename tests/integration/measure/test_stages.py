"""Storage is weighed within a migration, adds up, and shows what DROP COLUMN does not free; index scans are counted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from harness.catalogue import read_catalogue
from harness.catalogue.coverage import Earlier
from harness.measure.dropped import read_dropped_columns
from harness.measure.indexes import index_records, read_index_use
from harness.measure.storage import read_free_space, read_storage, with_free_space
from harness.migrate import migrate
from harness.migrate.stages import stages_of
from harness.phases.storage import in_order, stage_weigher
from harness.progress import Silent
from harness.result import MigrationStep, StorageRecord
from harness.scenario import SqlFile
from harness.server import Databases, connect

SCHEMA = """
CREATE TABLE sale (id int PRIMARY KEY, who text, note text, status int, big text);
INSERT INTO sale
SELECT i, CASE WHEN i % 4 > 0 THEN repeat('customer ', 10) END, repeat('n', 200), i % 50, repeat(md5(i::text), 2)
FROM generate_series(1, 60000) AS i;
CREATE INDEX sale_status ON sale (status);
VACUUM (ANALYZE) sale;
"""
FILES = (
    SqlFile(Path("1_views.sql"), "CREATE VIEW sale_with_who AS SELECT id, note FROM sale;"),
    SqlFile(Path("2_drop.sql"), "ALTER TABLE sale DROP COLUMN who;"),
    SqlFile(
        Path("3_index.sql"),
        "CREATE INDEX IF NOT EXISTS idx_status ON sale (status); CREATE INDEX IF NOT EXISTS sale_status ON sale (note);"
        "CREATE INDEX sale_status_id ON sale (status, id);",
    ),
)


class Weighed:
    """What the migration of a filled database left."""

    steps: tuple[MigrationStep, ...]
    storage: tuple[StorageRecord, ...]
    free: dict[str, int]

    def __init__(self, databases: Databases) -> None:
        self.databases = databases

    def total(self, stage: str) -> StorageRecord:
        return next(item for item in self.storage if item.stage == stage and item.table is None)


@pytest.fixture(scope="module")
def weighed(databases: Databases) -> Iterator[Weighed]:
    async def fill() -> Weighed:
        found = Weighed(databases)
        await databases.create("old")
        connection = await databases.connect("old")
        for statement in SCHEMA.strip().removesuffix(";").split(";\n"):
            await connection.execute(statement)
        records = [*await read_storage(connection, "before")]
        await connection.close()
        await databases.create("new", "old")
        within: list[StorageRecord] = []
        weigher = stage_weigher(stages_of(FILES), within)
        found.steps = await migrate(databases.server.address, databases.name("new"), FILES, Silent(), weigher)
        connection = await databases.connect("new")
        await connection.execute("VACUUM (ANALYZE)")
        records += [*within, *await read_storage(connection, "after")]
        found.free = await read_free_space(connection)
        await connection.execute("VACUUM FULL")
        records += await read_storage(connection, "after_rewritten")
        await connection.close()
        found.storage = in_order(records)
        return found

    yield asyncio.run(fill())
    for arm in ("new", "old"):
        asyncio.run(databases.drop(arm))


def test_every_stage_is_weighed_in_the_migrations_order(weighed: Weighed) -> None:
    stages = list(dict.fromkeys(item.stage for item in weighed.storage))
    assert stages == ["before", "views_created", "columns_dropped", "indexes_added", "after", "after_rewritten"]


def test_the_parts_add_up_to_the_database_within_one_percent_at_every_stage(weighed: Weighed) -> None:
    for stage in dict.fromkeys(item.stage for item in weighed.storage):
        whole = weighed.total(stage)
        tables = [item for item in weighed.storage if item.stage == stage and item.table is not None]
        assert sum(item.total_bytes for item in tables) == pytest.approx(whole.total_bytes, rel=0.01)


def test_what_a_file_drops_or_writes_anew_weighs_nothing_before_it_commits(databases: Databases) -> None:
    """The same statements in one file and in three: each stage weighs the same, whether it is committed or not."""
    statements = (
        "DROP TABLE spare; TRUNCATE log; ALTER TABLE sale ALTER id TYPE bigint",
        "ALTER TABLE sale DROP COLUMN who",
        "CREATE INDEX sale_status_id ON sale (status, id)",
    )

    async def weigh(files: tuple[SqlFile, ...]) -> dict[str, StorageRecord]:
        await databases.create("big")
        connection = await databases.connect("big")
        try:
            for statement in SCHEMA.strip().removesuffix(";").split(";\n"):
                await connection.execute(statement)
            await connection.execute("CREATE TABLE spare AS TABLE sale; CREATE TABLE log AS TABLE sale")
            await connection.execute("VACUUM")
            found: list[StorageRecord] = []
            await migrate(
                databases.server.address,
                databases.name("big"),
                files,
                Silent(),
                stage_weigher(stages_of(files), found),
            )
        finally:
            await connection.close()
            await databases.drop("big")
        return {item.stage: item for item in found if item.table is None}

    one = asyncio.run(weigh((SqlFile(Path("1.sql"), ";\n".join(statements)),)))
    each = asyncio.run(weigh(tuple(SqlFile(Path(f"{number}.sql"), text) for number, text in enumerate(statements))))
    assert list(one) == list(each) == ["tables_changed", "columns_dropped", "indexes_added"]
    for stage, record in one.items():
        assert record.total_bytes == pytest.approx(each[stage].total_bytes, rel=0.01), stage


def test_dropping_a_column_frees_nothing_until_the_table_is_rewritten(weighed: Weighed) -> None:
    before, dropped, vacuumed = (weighed.total(stage) for stage in ("before", "columns_dropped", "after"))
    assert dropped.heap_bytes == before.heap_bytes
    assert vacuumed.heap_bytes == before.heap_bytes
    assert weighed.free["sale"] < 0.05 * before.heap_bytes
    assert weighed.total("after_rewritten").heap_bytes < 0.9 * before.heap_bytes


def test_indexes_show_in_the_stage_that_adds_them(weighed: Weighed) -> None:
    assert weighed.total("indexes_added").index_bytes > weighed.total("columns_dropped").index_bytes
    assert weighed.total("columns_dropped").index_bytes == weighed.total("before").index_bytes


def test_each_statement_tells_the_log_it_wrote(weighed: Weighed) -> None:
    by_file: dict[str, int] = {}
    for step in weighed.steps:
        assert step.wal_bytes is not None
        by_file[step.file] = by_file.get(step.file, 0) + step.wal_bytes
    assert 0 < by_file["2_drop.sql"] < 100_000 < by_file["3_index.sql"]


def run_on(databases: Databases, arm: str, work: Any) -> Any:
    async def run() -> Any:
        connection = await databases.connect(arm)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_a_dropped_columns_bytes_are_estimated_from_width_and_nulls(weighed: Weighed) -> None:
    after = run_on(weighed.databases, "new", read_catalogue)

    async def read(connection: Any) -> Any:
        return await read_dropped_columns(connection, await read_catalogue(connection), after)

    (found,) = run_on(weighed.databases, "old", read)
    assert (found.table, found.column, found.rows) == ("sale", "who", 60_000)
    assert found.null_share == pytest.approx(0.25, abs=0.02)
    assert found.estimated_bytes == pytest.approx(45_000 * 91, rel=0.05)


def test_scans_are_those_of_the_workload_and_needless_indexes_are_named(weighed: Weighed) -> None:
    databases = weighed.databases

    async def scan(connection: Any) -> None:
        await connection.execute("SET enable_seqscan = off")
        await connection.fetch("SELECT note FROM sale WHERE id = 7")

    run_on(databases, "new", scan)
    earlier = run_on(databases, "new", read_index_use)
    run_on(databases, "new", scan)
    use = run_on(databases, "new", read_index_use)
    catalogue = run_on(databases, "new", read_catalogue)
    asked_for = frozenset({"idx_status", "sale_status", "sale_status_id"})
    old = Earlier(run_on(databases, "old", read_catalogue).indexes)
    records = {item.index: item for item in index_records("after", catalogue, old, asked_for, use, earlier)}
    assert {name: item.scans for name, item in records.items()} == {
        "idx_status": 0,
        "sale_pkey": 1,
        "sale_status": 0,
        "sale_status_id": 0,
    }
    assert records["idx_status"].duplicate_of == "sale_status"
    assert records["idx_status"].redundant_with == ""
    assert records["sale_status"].redundant_with == "sale_status_id"
    assert (records["sale_status"].created, records["sale_status"].asked_for) == (False, True)
    assert records["sale_pkey"].enforces
    assert records["sale_status_id"].leads == "sale.status"
    unmeasured = index_records("after", catalogue, old, asked_for, use, None)
    assert {item.scans for item in unmeasured} == {None}


def test_a_materialized_view_that_was_never_filled_is_weighed_without_rows(databases: Databases, database: str) -> None:
    async def read() -> list[dict[str | None, StorageRecord]]:
        connection = await connect(databases.server.address, database)
        try:
            await connection.execute("CREATE TABLE pair AS SELECT 1 AS a; CREATE SCHEMA spare")
            await connection.execute("CREATE MATERIALIZED VIEW spare.unfilled AS SELECT a FROM pair WITH NO DATA")
            found: list[dict[str | None, StorageRecord]] = []
            for vacuum in ("VACUUM (ANALYZE)", "VACUUM (FULL, ANALYZE)"):
                await connection.execute(vacuum)
                records = with_free_space(await read_storage(connection, "after"), await read_free_space(connection))
                found.append({item.table: item for item in records})
        finally:
            await connection.close()
        return found

    for records in asyncio.run(read()):
        unfilled = records["spare.unfilled"]
        assert (unfilled.rows, unfilled.row_bytes, unfilled.heap_bytes) == (None, None, 0)
        assert (records["pair"].rows, records[None].rows) == (1, 1)


def test_free_space_without_the_right_to_the_extension_is_an_error_to_tell(weighed: Weighed) -> None:
    async def read(connection: Any) -> None:
        await connection.execute("CREATE ROLE bench_test_weak; SET ROLE bench_test_weak")
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await read_free_space(connection)
        finally:
            await connection.execute("RESET ROLE; DROP ROLE bench_test_weak")

    run_on(weighed.databases, "new", read)


def test_an_index_that_could_not_be_built_is_told_as_invalid_and_makes_none_redundant(
    databases: Databases, database: str
) -> None:
    async def read() -> dict[str, Any]:
        connection = await connect(databases.server.address, database)
        try:
            await connection.execute("CREATE TABLE pair (a int, b int); INSERT INTO pair VALUES (1, 1), (1, 1)")
            await connection.execute("CREATE INDEX pair_a ON pair (a)")
            with pytest.raises(asyncpg.UniqueViolationError):
                await connection.execute("CREATE UNIQUE INDEX CONCURRENTLY pair_broken ON pair (a, b)")
            catalogue, use = await read_catalogue(connection), await read_index_use(connection)
        finally:
            await connection.close()
        found = index_records("after", catalogue, Earlier(), frozenset(), use, None)
        return {item.index: item for item in found}

    records = asyncio.run(read())
    assert (records["pair_broken"].valid, records["pair_a"].valid) == (False, True)
    assert records["pair_a"].redundant_with == ""
