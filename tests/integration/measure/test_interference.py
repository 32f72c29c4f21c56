"""What interferes with a slice is seen on a real server: checkpoints, temporary files, waiting for locks."""

from __future__ import annotations

import asyncio

from harness.measure.counters import Counters
from harness.server import Databases, Server


def test_a_slice_in_peace_has_no_marks_and_a_disturbed_one_names_what_it_was(
    arms: dict[str, str], server: Server, databases: Databases, database: str
) -> None:
    async def look() -> list[tuple[str, ...]]:
        counters = await Counters.open(server.address, database, {"before": arms["before"]})
        one, two = [await databases.connect("before") for _ in range(2)]
        seen = []
        try:
            await counters.begin("before")
            await one.fetch("SELECT 1")
            seen.append((await counters.end("before", 1, 1)).marks)

            await one.execute("CHECKPOINT")
            await one.execute("SET work_mem = '64kB'")
            await one.fetch("SELECT count(*) FROM (SELECT n FROM generate_series(1, 200000) n ORDER BY -n) s")
            seen.append((await counters.end("before", 1, 1)).marks)

            counters.watch(["before"])
            async with one.transaction():
                await one.execute("LOCK TABLE item")
                waiting = asyncio.create_task(two.fetch("SELECT count(*) FROM item"))
                while not await one.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    pass
                await asyncio.sleep(0.35)  # three of the watch's looks
            await waiting
            seen.append((await counters.end("before", 1, 1)).marks)
        finally:
            await counters.close()
            await one.close()
            await two.close()
        return [tuple(mark for mark in marks if "host took" not in mark) for marks in seen]

    peace, busy, locked = asyncio.run(look())
    assert peace == ()
    assert busy[0] == "a checkpoint began"
    assert busy[1].endswith("MiB of temporary files")
    assert locked == ("1 session waited for a lock",)
