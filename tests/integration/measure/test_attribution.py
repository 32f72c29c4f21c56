"""On a real server, what an index and a view were made to cost is told apart again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from harness.judge import QueryRules, attribution
from harness.server import Databases
from tests.integration.measure.measuring import measured, options, query, without_lateness

# The time is planted: 24 ms, half of it where the index is there, a quarter of the full time more through the view.
PLANTED = """
CREATE TABLE knob (ms float NOT NULL);
INSERT INTO knob VALUES (24);
CREATE FUNCTION work(part float) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_sleep(part * (SELECT ms FROM knob) / CASE WHEN to_regclass('knob_index') IS NULL THEN 1 ELSE 2 END / 1000);
  RETURN 1;
END $$;
CREATE VIEW slow_knob AS SELECT ms, work(0.25) AS spent FROM knob;
"""
INDEX = "CREATE INDEX knob_index ON knob (ms)"
BEFORE, AFTER = "SELECT ms, work(1) FROM knob", "SELECT *, work(1) FROM slow_knob"


def test_an_index_that_halves_and_a_view_that_adds_a_quarter_are_told_apart(
    databases: Databases, tmp_path: Path
) -> None:
    planted = {"indexes_alone": 0.5, "normalisation_alone": 1.25, "both": 0.625, "interaction": 1.0}
    names = ("before", "before_indexes", "after_noindexes", "after")

    async def run() -> dict[str, float]:
        arms = {}
        for arm in names:
            arms[arm] = await databases.create(arm)
            connection = await databases.connect(arm)
            await connection.execute(PLANTED + (INDEX if arm in ("before_indexes", "after") else ""))
            await connection.close()
        try:
            chosen = options(looks=(12,), slice_s=0.05, processes=1)
            work = query("q", BEFORE, AFTER, names=(), sets=({},))
            outcome = await measured([work], arms, databases.server.address, tmp_path / "s.parquet", chosen)
        finally:
            for arm in names:
                await databases.drop(arm)
        table = without_lateness(outcome.table)
        found = {item.factor: item for item in attribution(table, {"q": QueryRules()})}
        assert {item.blocks for item in found.values()} == {6}  # they join every other block
        return {factor: item.ratio for factor, item in found.items()}

    ratios = asyncio.run(run())
    for factor, ratio in planted.items():
        assert abs(ratios[factor] / ratio - 1) < 0.15, (factor, ratios[factor])
