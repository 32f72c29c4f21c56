"""Fills databases with the small specification, and reads back what is in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg

from harness.progress import Silent
from harness.result import SeedManifest
from harness.scenario import Scenario, SqlFile, load_scenario
from harness.seed import SeedSpec, fill, hired
from harness.seed.seeding import Profile
from harness.server import Server, connect

HERE = Path(__file__).parent


def _sql(name: str) -> SqlFile:
    return SqlFile(HERE / name, (HERE / name).read_text())


def shop_scenario() -> Scenario:
    """The built-in scenario with the small specification's tables in the place of its own."""
    return replace(load_scenario("crm"), schema=(_sql("shop.sql"),), constraints=(_sql("shop_keys.sql"),), access=())


async def filled(
    server: Server,
    database: str,
    folder: Path,
    spec: SeedSpec,
    scale: int = 3000,
    scenario: Scenario | None = None,
    profile: Profile = "clean",
    seed: int = 1,
    workers: int = 2,
) -> SeedManifest:
    """Fills the database."""
    with hired(workers) as crew:
        return await fill(
            scenario or shop_scenario(), spec, scale, profile, seed, server.address, database, folder, crew, Silent()
        )


async def query(server: Server, database: str, sql: str, *arguments: Any) -> list[asyncpg.Record]:
    """Rows of a query."""
    connection = await connect(server.address, database)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
        return rows
    finally:
        await connection.close()


async def digest(server: Server, database: str, spec: SeedSpec) -> dict[str, str]:
    """A digest of each table's rows, whatever their physical order."""
    return {
        table: (
            await query(
                server,
                database,
                f"SELECT md5(string_agg(md5(t::text), '' ORDER BY {entry.key})) AS digest FROM public.{table} t",
            )
        )[0]["digest"]
        for table, entry in spec.stored_tables.items()
    }
