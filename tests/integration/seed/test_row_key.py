"""Anomalies in a table with a composite primary key: the manifest tells the row, and what the check found is scored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from harness.migrate import migrate
from harness.phases.planted import score_planted
from harness.progress import Silent
from harness.scenario import Scenario, SqlFile
from harness.seed import MANIFEST_FILE
from harness.seed.check import parse_spec
from harness.server import Databases, connect
from harness.snapshot import take_snapshot
from harness.verify import verify
from tests.integration.seed.filling import filled, query, shop_scenario

SCHEMA = """
CREATE TABLE person (id int, name text);
CREATE TABLE seat ("at" text, person_id int, number int, person_name text, guest_id int, guest_name text);
"""
KEYS = """
ALTER TABLE person ADD PRIMARY KEY (id);
ALTER TABLE seat ADD PRIMARY KEY (person_id, number, "at");
ALTER TABLE seat ADD FOREIGN KEY (person_id) REFERENCES person (id), ADD FOREIGN KEY (guest_id) REFERENCES person (id);
"""
MIGRATION = """
CREATE VIEW seat_shown AS
SELECT s."at", s.person_id, s.number, p.name AS person_name, s.guest_id, g.name AS guest_name
FROM seat s LEFT JOIN person p ON p.id = s.person_id LEFT JOIN person g ON g.id = s.guest_id;
ALTER TABLE seat DROP COLUMN person_name, DROP COLUMN guest_name;
"""
SEAT_COLUMNS = {
    "_row": {"kind": "uuid", "stored": False},
    "at": {"kind": "choice", "weights": {"front, left": 1, "back": 2}},
    "person_id": {"kind": "parent", "table": "person"},
    "number": {"kind": "sequence", "start": 10},
    "person_name": {"kind": "copy", "through": "person_id", "column": "name"},
    "guest_id": {"kind": "parent", "table": "person", "nulls": 0.1},
    "guest_name": {"kind": "copy", "through": "guest_id", "column": "name"},
}
SEATS: dict[str, Any] = {
    "tables": {
        "person": {
            "share": 0.1,
            "columns": {"id": {"kind": "sequence"}, "name": {"kind": "template", "text": "p{row}"}},
        },
        "seat": {"share": 1, "key": "_row", "row_key": ["person_id", "number", "at"], "columns": SEAT_COLUMNS},
    },
    "anomaly": [
        {"kind": "padded", "table": "seat", "columns": ["person_name"], "rate": 0.1},
        {"kind": "missing", "table": "seat", "columns": ["guest_name"], "rate": 0.1},
        {"kind": "null_parent", "table": "seat", "columns": ["guest_id"], "rate": 0.1},
    ],
}


ARMS = ("seated", "seated_after", "seated_clone")


def _scenario() -> Scenario:
    schema, keys, migration = (SqlFile(Path(f"{n}.sql"), text) for n, text in enumerate((SCHEMA, KEYS, MIGRATION)))
    return replace(
        shop_scenario(), schema=(schema,), constraints=(keys,), migrations=(migration,), index_migrations=(),
        roles=(), column_map=(), accept=(), access_roles=(), queries=(), queries_as=None, claims=None,
    )  # fmt: skip


@pytest.fixture
def arms(databases: Databases) -> Iterator[tuple[str, str, str]]:
    """The databases' names: seeded, migrated, and the check's own; only the first is made."""
    asyncio.run(databases.create(ARMS[0]))
    before, after, clone = map(databases.name, ARMS)
    yield before, after, clone
    for arm in reversed(ARMS):
        asyncio.run(databases.drop(arm))


async def test_a_row_is_known_by_all_columns_of_its_key_and_found_by_them(
    databases: Databases, arms: tuple[str, str, str], tmp_path: Path
) -> None:
    scenario, server = _scenario(), databases.server
    await filled(server, arms[0], tmp_path, parse_spec(SEATS, "seats.toml"), 500, scenario, "realistic")
    planted = pq.read_table(tmp_path / MANIFEST_FILE).to_pylist()
    padded = {row["key"] for row in planted if row["kind"] == "padded"}
    assert len(padded) > 20
    wrong = """
        SELECT concat_ws(', ', s.person_id, s.number, s."at") AS key
        FROM seat s JOIN person p ON p.id = s.person_id WHERE p.name <> s.person_name"""
    assert {row["key"] for row in await query(server, arms[0], wrong)} == padded

    await databases.create(ARMS[1], ARMS[0])
    await migrate(server.address, arms[1], scenario.migrations, Silent())
    await databases.create(ARMS[2], ARMS[1])
    snapshot = await take_snapshot(server.address, arms[0], arms[2], Silent())
    checked = await verify(scenario, server.address, *arms, snapshot, (), Silent())
    connection = await connect(server.address, arms[2])
    try:
        scored = await score_planted(connection, checked.integrity, tmp_path)
        assert {(item.kind, item.kept, item.recall, item.precision) for item in scored} == {
            ("missing", 0, 1, 1), ("null_parent", 0, 1, 1), ("padded", 0, 1, 1)
        }  # fmt: skip
        mended = next(iter(padded))
        await connection.execute(
            "UPDATE bench_old.seat SET person_name = rtrim(person_name)"
            f" WHERE concat_ws(', ', person_id, number, \"at\") = '{mended}'"
        )
        unseen = replace(checked.integrity, findings=())
        found = {item.kind: item for item in await score_planted(connection, unseen, tmp_path)}
        assert (found["padded"].kept, found["padded"].found) == (1, 0)
        assert found["missing"].kept == found["null_parent"].kept == 0
    finally:
        await connection.close()
