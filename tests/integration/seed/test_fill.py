"""Seeding a real database: what is asked for is there, whoever made it and however often it was interrupted."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.errors import HarnessError, ScenarioError, SeedError
from harness.progress import Silent
from harness.scenario import Scenario, SqlFile, load_scenario
from harness.seed import MANIFEST_FILE, declared_catalogue, estimate_bytes, fill, hired, load_spec, read_catalogue
from harness.seed import load as load_module
from harness.seed import seeding as seeding_module
from harness.server import Databases, Server, connect
from tests.integration.seed.filling import digest, filled, query, shop_scenario
from tests.unit.seed.tiny import shop_spec

LARGE = 70_000


async def test_rows_types_keys_and_indexes_are_there(server: Server, database: str, tmp_path: Path) -> None:
    spec = shop_spec()
    manifest = await filled(server, database, tmp_path, spec, 3000)
    assert {item.table: item.rows for item in manifest.tables} == {"shop": 6, "person": 300, "sale": 3000, "line": 9000}
    assert manifest.rows == 12_306
    assert manifest.anomalies == {}
    assert manifest.bytes == sum(item.bytes for item in manifest.tables) > 1_000_000
    parts = "SELECT pg_total_relation_size('line_even') + pg_total_relation_size('line_odd') AS bytes"
    (line,) = [item.bytes for item in manifest.tables if item.table == "line"]  # which is partitioned
    assert line == (await query(server, database, parts))[0]["bytes"] > 0
    counts = await query(server, database, "SELECT count(*) AS n, count(note) AS notes, sum(price) AS sum FROM sale")
    assert counts[0]["n"] == 3000
    assert 1300 < counts[0]["notes"] < 1700
    indexes = await query(server, database, "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")
    assert {"sale_shop", "sale_person", "line_sale", "line_pkey"} <= {row["indexname"] for row in indexes}
    invalid = await query(server, database, "SELECT 1 FROM pg_index WHERE NOT indisvalid")
    assert invalid == []


async def test_the_steps_after_the_load_do_not_wait_for_the_disk_each(
    server: Server, database: str, tmp_path: Path
) -> None:
    noted = SqlFile(tmp_path / "noted.sql", "CREATE TABLE noted AS SELECT current_setting('synchronous_commit') AS s;")
    scenario = shop_scenario()
    scenario = replace(scenario, constraints=(*scenario.constraints, noted))
    await filled(server, database, tmp_path, shop_spec(), 500, scenario)
    assert [row["s"] for row in await query(server, database, "SELECT s FROM noted")] == ["off"]


async def test_the_connections_for_the_steps_after_the_load_are_made_while_the_processes_start(
    server: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
    found: list[int] = []

    async def load(*arguments: Any) -> None:
        found.append((await query(server, database, connected, database))[0]["n"])
        await load_module.load(*arguments)

    monkeypatch.setattr(seeding_module, "load", load)
    await filled(server, database, tmp_path, shop_spec(), 500, workers=2)
    assert found == [3]  # with the one that made the tables


async def test_nothing_of_the_seeding_is_left_behind(server: Server, database: str, tmp_path: Path) -> None:
    await filled(server, database, tmp_path, shop_spec(), 500)
    schemas = {row["nspname"] for row in await query(server, database, "SELECT nspname FROM pg_namespace")}
    assert "bench_seed" not in schemas
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST_FILE]


async def test_copies_equal_their_sources_and_groups_are_kept(server: Server, database: str, tmp_path: Path) -> None:
    await filled(server, database, tmp_path, shop_spec(), 3000)
    sales = """
        SELECT count(*) FILTER (WHERE (s.person_name, s.person_email, s.person_role)
                                      IS DISTINCT FROM (p.name, p.email, p.role)) AS differ,
               count(*) FILTER (WHERE s.copied_price IS DISTINCT FROM s.price) AS prices,
               count(*) FILTER (WHERE s.shop_id <> p.shop_id) AS strangers,
               count(*) FILTER (WHERE s.is_open <> (s.state = 'open')) AS states,
               count(*) FILTER (WHERE p.id IS NULL) AS without
        FROM sale s LEFT JOIN person p ON p.id = s.person_id"""
    row = (await query(server, database, sales))[0]
    assert (row["differ"], row["prices"], row["strangers"], row["states"]) == (0, 0, 0, 0)
    assert 200 < row["without"] < 400
    lines = """
        SELECT count(*) FILTER (WHERE l.sold_at <> s.made_at) + count(*) FILTER (WHERE p.shop_id <> s.shop_id) AS wrong
        FROM line l JOIN sale s ON s.id = l.sale_id JOIN person p ON p.id = l.person_id"""
    assert (await query(server, database, lines))[0]["wrong"] == 0


@pytest.mark.slow
async def test_the_rows_do_not_depend_on_workers_chunks_or_messages(
    server: Server, databases: Databases, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = shop_spec()
    await filled(server, database, tmp_path / "one", spec, LARGE, workers=1)
    wanted = await digest(server, database, spec)
    monkeypatch.setattr(load_module, "CHUNK_BLOCKS", 2)
    other = await databases.create("otherworkers")
    await filled(server, other, tmp_path / "three", spec, LARGE, workers=3)
    assert await digest(server, other, spec) == wanted
    await databases.drop("otherworkers")


async def test_another_seed_gives_other_rows(
    server: Server, databases: Databases, database: str, tmp_path: Path
) -> None:
    spec = shop_spec()
    await filled(server, database, tmp_path, spec, 500, seed=1)
    other = await databases.create("otherseed")
    await filled(server, other, tmp_path, spec, 500, seed=2)
    one, two = await digest(server, database, spec), await digest(server, other, spec)
    assert all(one[table] != two[table] for table in one)
    await databases.drop("otherseed")


def crew() -> list[psutil.Process]:
    """The seeder's worker processes; they are forks of one that imports for all of them."""
    first = [child for child in psutil.Process().children() if "harness.seed.worker" in " ".join(child.cmdline())]
    return [worker for process in first for worker in process.children()]


async def test_the_processes_start_before_anything_else_and_end_where_no_server_is(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[psutil.Process] = []

    async def connect_nowhere(*_: Any) -> None:
        children = psutil.Process().children()
        started.extend(child for child in children if "harness.seed.worker" in " ".join(child.cmdline()))
        raise SeedError("no server")

    monkeypatch.setattr(seeding_module, "connect", connect_nowhere)
    with pytest.raises(SeedError, match="no server"):
        await filled(server, "nowhere", tmp_path, shop_spec(), 500)
    assert [process.is_running() for process in started] == [False]


def backends(database: str) -> int:
    """How many processes serve the database, by their titles."""
    titles = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return sum(title.startswith("postgres:") and f" {database} " in title for title in titles)


class Onlooker(Silent):
    """Notes how many connections there are when the load begins."""

    def __init__(self, database: str) -> None:
        self.connections = 0
        self._database = database

    def start(self, phase: str, total: float | None = None, unit: str = "") -> None:
        if phase == "seed: rows":
            self.connections = backends(self._database)


async def test_the_load_begins_when_its_processes_are_connected(server: Server, database: str, tmp_path: Path) -> None:
    seen = Onlooker(database)
    with hired(2) as workers:
        await fill(
            shop_scenario(), shop_spec(), 500, "clean", 1, server.address, database, tmp_path, workers, seen
        )  # fmt: skip
    assert seen.connections == 5  # the processes' own, one for the schema, two for what comes after


def first_hired() -> psutil.Process:
    """One of the processes, as soon as they are there."""
    until_s = time.monotonic() + 60
    while not (found := crew()):
        assert time.monotonic() < until_s
        time.sleep(0.01)
    return found[0]


async def test_a_process_that_dies_before_the_load_is_told_of(server: Server, database: str, tmp_path: Path) -> None:
    with hired(2) as workers:
        os.kill((await asyncio.to_thread(first_hired)).pid, signal.SIGKILL)
        with pytest.raises(SeedError, match="the process that prepared the load was ended by SIGKILL"):
            await fill(
                shop_scenario(), shop_spec(), 500, "clean", 1, server.address, database, tmp_path, workers, Silent()
            )  # fmt: skip


class Killer(Silent):
    """Kills one of the seeder's processes when so many rows are there."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self.at: float | None = None

    def update(self, done: float, detail: str = "") -> None:
        if done >= self._rows and self.at is None and "rows/s" in detail:
            self.at = done
            os.kill(crew()[-1].pid, signal.SIGKILL)


@pytest.mark.slow
async def test_a_killed_seeding_goes_on_at_its_first_missing_block(
    server: Server, databases: Databases, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_module, "CHUNK_BLOCKS", 2)
    spec = shop_spec()
    killer = Killer(LARGE)
    with hired(2) as workers, pytest.raises(SeedError, match=r"the process that loaded \w+ was ended by SIGKILL"):
        await fill(shop_scenario(), spec, LARGE, "clean", 1, server.address, database, tmp_path, workers, killer)
    loaded = (await query(server, database, "SELECT sum(blocks) AS n FROM bench_seed.chunk"))[0]["n"]
    sales = (await query(server, database, "SELECT count(*) AS n FROM line"))[0]["n"]
    assert loaded >= 8
    assert 0 < sales < 3 * LARGE
    with pytest.raises(SeedError, match="holds an interrupted seeding of another kind"):
        await filled(server, database, tmp_path, spec, LARGE, seed=2)
    begun: list[Any] = []
    real = load_module.load

    async def watched(job: Any, chunks: Any, *others: Any) -> None:
        begun.append(sum(chunk.blocks for parts in chunks.values() for chunk in parts))
        await real(job, chunks, *others)

    monkeypatch.setattr("harness.seed.seeding.load", watched)
    manifest = await filled(server, database, tmp_path, spec, LARGE)
    assert begun == [1 + 1 + 9 + 26 - loaded]
    assert manifest.rows == 6 + LARGE // 10 + LARGE + 3 * LARGE
    whole = await databases.create("whole")
    await filled(server, whole, tmp_path, spec, LARGE)
    assert await digest(server, whole, spec) == await digest(server, database, spec)
    await databases.drop("whole")


class Watcher(Silent):
    """Sets an event when the first rows are there."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    def update(self, done: float, detail: str = "") -> None:
        self.begun.set()


async def test_a_cancelled_seeding_leaves_no_process(server: Server, database: str, tmp_path: Path) -> None:
    watcher = Watcher()

    async def filling() -> None:
        with hired() as workers:
            await fill(
                shop_scenario(), shop_spec(), 400_000, "clean", 1, server.address, database, tmp_path, workers, watcher
            )

    task = asyncio.create_task(filling())
    await watcher.begun.wait()
    assert crew() != []
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert crew() == []


async def test_a_specification_that_does_not_fit_stops_before_any_row(
    server: Server, database: str, tmp_path: Path
) -> None:
    spec = shop_spec(tables__person__columns__name__text="{_word} {row} and a long tail that cannot fit")
    with pytest.raises(ScenarioError, match=r"tables.person.columns.name: its generator gives up to"):
        await filled(server, database, tmp_path, spec, 500)


async def test_a_constraint_that_the_rows_break_is_named_with_file_and_line(
    server: Server, database: str, tmp_path: Path
) -> None:
    broken = SqlFile(
        Path("keys.sql"), "ALTER TABLE shop ADD PRIMARY KEY (id);\n\nALTER TABLE sale ADD UNIQUE (shop_id);\n"
    )
    with pytest.raises(SeedError, match=r"keys.sql:3: could not create unique index"):
        await filled(server, database, tmp_path, shop_spec(), 500, replace(shop_scenario(), constraints=(broken,)))


async def test_a_mended_constraint_is_made_though_another_on_its_line_was_done(
    server: Server, database: str, tmp_path: Path
) -> None:
    def shop_with(constraints: str, schema: str = "") -> Scenario:
        shop = shop_scenario()
        more = SqlFile(Path("more.sql"), schema)
        keys = SqlFile(Path("keys.sql"), constraints)
        return replace(shop, schema=(*shop.schema, more), constraints=(keys,))

    first, wrong = "ALTER TABLE shop ADD PRIMARY KEY (id); ", "UPDATE sale SET shop_id = NULL;"
    with pytest.raises(SeedError, match=r"keys.sql:1: null value"):
        await filled(server, database, tmp_path, shop_spec(), 500, shop_with(first + wrong))
    with pytest.raises(SeedError, match=r"1 of the statements that were done are no longer in the files"):
        await filled(server, database, tmp_path, shop_spec(), 500, shop_with("CREATE INDEX ON sale (shop_id);"))
    with pytest.raises(SeedError, match=r"of another kind"):
        await filled(server, database, tmp_path, shop_spec(), 500, shop_with(first, "CREATE TABLE more (id int);"))
    await filled(server, database, tmp_path, shop_spec(), 500, shop_with(first + "ALTER TABLE sale ADD UNIQUE (id);"))
    keys = await query(server, database, "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")
    assert {row["indexname"] for row in keys} == {"shop_pkey", "sale_id_key"}


async def test_a_row_that_the_table_refuses_is_told(server: Server, database: str, tmp_path: Path) -> None:
    scenario = shop_scenario()
    check = SqlFile(Path("check.sql"), "ALTER TABLE sale ADD CHECK (lines < 5);")
    with pytest.raises(HarnessError, match=r"violates check constraint") as caught:
        await filled(server, database, tmp_path, shop_spec(), 500, replace(scenario, schema=(*scenario.schema, check)))
    assert "sale" in str(caught.value)


async def test_the_crm_declares_what_its_server_has(server: Server, database: str, tmp_path: Path) -> None:
    scenario = load_scenario("crm")
    spec = load_spec(scenario.seed)
    await filled(server, database, tmp_path, spec, 200, scenario)
    connection = await connect(server.address, database)
    try:
        real = await read_catalogue(connection)
    finally:
        await connection.close()
    declared = declared_catalogue(scenario.schema)
    for table, columns in real.items():
        for name, kind in columns.items():
            said = declared[table][name]
            loosened = replace(kind, not_null=said.not_null) if name == "id" else kind
            assert (said, name) == (loosened, name)


async def test_the_estimated_size_is_near_the_truth(server: Server, database: str, tmp_path: Path) -> None:
    scenario = load_scenario("crm")
    spec = load_spec(scenario.seed)
    manifest = await filled(server, database, tmp_path, spec, 3000, scenario)
    assert estimate_bytes(spec, 3000) == pytest.approx(manifest.bytes, rel=0.3)


async def test_tables_are_frozen_and_analysed(server: Server, database: str, tmp_path: Path) -> None:
    await filled(server, database, tmp_path, shop_spec(), 3000)
    pages = "SELECT relpages, relallvisible, reltuples FROM pg_class WHERE relname = 'sale'"
    row = (await query(server, database, pages))[0]
    assert row["relpages"] == row["relallvisible"] > 0
    assert row["reltuples"] == 3000


async def test_a_database_that_holds_tables_already_is_refused(server: Server, database: str, tmp_path: Path) -> None:
    await filled(server, database, tmp_path, shop_spec(), 200)
    with pytest.raises(HarnessError, match="already exists"):
        await filled(server, database, tmp_path, shop_spec(), 200)


async def test_keys_that_are_null_lead_to_null(server: Server, database: str, tmp_path: Path) -> None:
    spec = shop_spec(
        tables__line__columns__sale_id__nulls=0.4,
        tables__line__columns__before_id__nulls=0,
        tables__sale__columns__shop_id__nulls=1,
        tables__person__columns__shop_id__nulls=1,
    )
    shop = shop_scenario()
    loose = SqlFile(Path("loose.sql"), "ALTER TABLE sale ALTER shop_id DROP NOT NULL;"
                                       " ALTER TABLE person ALTER shop_id DROP NOT NULL;")  # fmt: skip
    await filled(server, database, tmp_path, spec, 1000, replace(shop, schema=(*shop.schema, loose)))
    lines = """
        SELECT count(*) FILTER (WHERE l.before_id IS NOT NULL) AS kept,
               count(*) FILTER (WHERE l.before_id IS NOT NULL AND b.sale_id IS DISTINCT FROM l.sale_id) AS strange,
               count(*) FILTER (WHERE l.before_id IS NOT NULL AND l.sale_id IS NULL) AS alone,
               count(l.person_id) AS people
        FROM line l LEFT JOIN line b ON b.id = l.before_id"""
    (row,) = await query(server, database, lines)
    assert row["kept"] > 100
    assert (row["strange"], row["alone"], row["people"]) == (0, 0, 0)
