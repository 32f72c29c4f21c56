"""On a real server, what an index and a view were made to cost is told apart again, within the intervals promised."""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import median

from harness.judge import QueryRules, attribution
from harness.result import Attribution
from harness.server import Databases
from tests.integration.measure.measuring import measured, options, query, without_lateness

# The time is planted: 20 ms, half of it where the index is there; through the view 30 ms more, which no index helps. So
# every ratio is far from 1: whoever said 1 to all of them, with intervals a third wide, would miss all. The last
# milliseconds are spun away, so that a late wake-up adds nothing; and every call is up to 7 % shorter or longer. That
# noise makes intervals of 5 % and more, beside which what a round trip adds to all arms is little.
PLANTED = """
CREATE TABLE knob (ms float NOT NULL);
INSERT INTO knob VALUES (20);
CREATE FUNCTION work(part float, helped bool) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  begun timestamptz := clock_timestamp();
  planted_ms float := part * (SELECT ms FROM knob) * (0.93 + 0.14 * random())
    / CASE WHEN helped AND to_regclass('knob_index') IS NOT NULL THEN 2 ELSE 1 END;
BEGIN
  PERFORM pg_sleep(greatest(0, planted_ms - 2) / 1000);
  WHILE clock_timestamp() < begun + planted_ms * interval '1 ms' LOOP END LOOP;
  RETURN 1;
END $$;
CREATE VIEW slow_knob AS SELECT ms, work(1.5, false) AS spent FROM knob;
"""
INDEX = "CREATE INDEX knob_index ON knob (ms)"
BEFORE, AFTER = "SELECT ms, work(1, true) FROM knob", "SELECT *, work(1, true) FROM slow_knob"
RATIOS = {"indexes_alone": 0.5, "normalisation_alone": 2.5, "both": 2.0, "interaction": 1.6}
QUERIES = tuple(f"q{number}" for number in range(1, 7))
"""One query six times: a 95 % interval misses once in twenty, five of the six never by chance alone."""

MOST_MISSED = 4
WIDEST = 1.8
"""Upper by lower end, of the middle one of the six: 1.2 in peace, 1.5 on a busy machine; a half is told from none."""
NEAREST = 1.3
"""How far the middle one of the six estimates may be from what was planted, on a busy machine."""


def test_an_index_that_halves_and_a_view_that_adds_more_than_all_are_told_apart_within_their_intervals(
    databases: Databases, tmp_path: Path
) -> None:
    names = ("before", "before_indexes", "after_noindexes", "after")

    async def run() -> tuple[Attribution, ...]:
        arms = {}
        for arm in names:
            arms[arm] = await databases.create(arm)
            connection = await databases.connect(arm)
            await connection.execute(PLANTED + (INDEX if arm in ("before_indexes", "after") else ""))
            await connection.close()
        try:
            chosen = options(looks=(12,), slice_s=0.05, processes=1, budget_s=120)
            work = [query(name, BEFORE, AFTER, names=(), sets=({},)) for name in QUERIES]
            outcome = await measured(work, arms, databases.server.address, tmp_path / "s.parquet", chosen)
        finally:
            for arm in names:
                await databases.drop(arm)
        return attribution(without_lateness(outcome.table), {name: QueryRules() for name in QUERIES})

    found = asyncio.run(run())
    assert {item.blocks for item in found} == {6}  # they join every other block
    for factor, ratio in RATIOS.items():
        items = [item for item in found if item.factor == factor]
        assert len(items) == len(QUERIES)
        told = [f"{item.ratio:.3f} ({item.ci_low:.3f} to {item.ci_high:.3f})" for item in items]
        missed = [item for item in items if not item.ci_low <= ratio <= item.ci_high]
        assert len(missed) <= MOST_MISSED, (factor, ratio, told)
        assert 1 / NEAREST < median(item.ratio for item in items) / ratio < NEAREST, (factor, ratio, told)
        assert median(item.ci_high / item.ci_low for item in items) < WIDEST, (factor, told)
