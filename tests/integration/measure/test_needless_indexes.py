"""No index is called needless that cannot be dropped, or whose loss would break more than queries."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

import asyncpg

from harness.catalogue import read_catalogue
from harness.catalogue.coverage import Earlier
from harness.measure.indexes import index_records, read_index_use
from harness.result import IndexRecord
from harness.server import Databases, connect

SCHEMA = """
CREATE TABLE deferred (a int, UNIQUE (a) DEFERRABLE);
CREATE UNIQUE INDEX deferred_now ON deferred (a);
CREATE INDEX deferred_plain ON deferred (a);

CREATE TABLE parents (a int NOT NULL);
CREATE UNIQUE INDEX parents_b ON parents (a);
CREATE TABLE children (a int REFERENCES parents (a));
CREATE UNIQUE INDEX parents_a ON parents (a);
CREATE INDEX parents_plain ON parents (a);

CREATE TABLE copied (a int NOT NULL);
CREATE UNIQUE INDEX copied_b ON copied (a);
ALTER TABLE copied REPLICA IDENTITY USING INDEX copied_b;
CREATE UNIQUE INDEX copied_a ON copied (a);

CREATE TABLE logs (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE logs_low PARTITION OF logs FOR VALUES FROM (0) TO (10);
CREATE INDEX logs_a ON logs (a);
CREATE INDEX low_long ON logs_low (a, b);
CREATE INDEX low_same ON logs_low (a);

CREATE TABLE doubled (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE doubled_low PARTITION OF doubled FOR VALUES FROM (0) TO (10);
CREATE INDEX doubled_one ON doubled (a);
CREATE INDEX doubled_two ON doubled (a, b);
"""


def needless(databases: Databases, database: str) -> dict[str, IndexRecord]:
    """Every index as it is told of."""

    async def read() -> dict[str, IndexRecord]:
        connection = await connect(databases.server.address, database)
        try:
            await connection.execute(SCHEMA)
            catalogue, use = await read_catalogue(connection), await read_index_use(connection)
        finally:
            await connection.close()
        return {item.index: item for item in index_records("after", catalogue, Earlier(), frozenset(), use, None)}

    return asyncio.run(read())


def dropped(databases: Databases, database: str, names: Iterable[str]) -> set[str]:
    """Those of the indexes that can be dropped by themselves."""

    async def drop() -> set[str]:
        found = set()
        connection = await connect(databases.server.address, database)
        try:
            for name in names:
                with contextlib.suppress(asyncpg.DependentObjectsStillExistError):
                    await connection.execute(f"DROP INDEX {name}")
                    found.add(name)
            await connection.execute("CREATE TABLE IF NOT EXISTS later (a int REFERENCES deferred (a))")
        finally:
            await connection.close()
        return found

    return asyncio.run(drop())


def test_what_something_relies_on_is_kept_and_its_twin_may_go(databases: Databases, database: str) -> None:
    records = needless(databases, database)
    told = {name: item.duplicate_of or item.redundant_with for name, item in records.items()}
    assert {name: other for name, other in told.items() if other} == {
        "deferred_plain": "deferred_a_key",
        "parents_a": "parents_b",
        "parents_plain": "parents_b",
        "copied_a": "copied_b",
        "low_same": "logs_low_a_idx",
        "doubled_low_a_idx": "doubled_low_a_b_idx",  # as the whole that it is a share of
    }
    assert {name for name, item in records.items() if item.enforces} == {"deferred_a_key", "parents_b", "copied_b"}
    named = {name for name, other in told.items() if other}
    assert dropped(databases, database, sorted(named)) == named - {"doubled_low_a_idx"}
    assert dropped(databases, database, ["parents_b", "logs_low_a_idx", "deferred_a_key"]) == set()
