"""Measuring on PostgreSQL 15, which counts checkpoints elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

from harness.measure.model import Measurement
from harness.progress import Silent
from harness.server import Databases, Journal, ServerOptions, open_server
from tests.integration.measure.measuring import SCHEMA, measured, options, query


def test_an_older_server_is_measured_with_its_own_time_and_plan_counts(pg15: Path, tmp_path: Path) -> None:
    async def run() -> Measurement:
        journal = Journal.begin(tmp_path)
        async with open_server(ServerOptions(pg_bin=pg15), journal, Silent()) as server:
            databases = Databases(server, journal)
            await databases.create("base")
            connection = await databases.connect("base")
            await connection.execute(SCHEMA)
            await connection.close()
            arms = {arm: await databases.create(arm, "base") for arm in ("before", "after")}
            chosen = options(stats_database=await databases.create("stats"))
            point = query("point", "SELECT id, name, price FROM item WHERE id = $1::int")
            rename = query("rename", "UPDATE item SET name = 'x' WHERE id = $1::int", kind="write")
            return await measured([point, rename], arms, server.address, tmp_path / "s", chosen)

    measurement = asyncio.run(run())
    assert all(item.server_mean_s for item in measurement.table.slices if item.query == "point")
    assert all(item.statements_mean_s for item in measurement.table.slices if item.query == "point")
    assert {count.query for count in measurement.plan_counts} == {"point", "rename"}
