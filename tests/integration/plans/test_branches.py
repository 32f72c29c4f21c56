"""The remedy reaches below an Append: a partitioned table gets one index, each branch of UNION ALL its own, or none."""

from __future__ import annotations

import asyncio

import pytest

from harness.catalogue import read_catalogue
from harness.phases.plans import known_facts
from harness.plans import derive_causes, explain
from harness.result import PlanRecord
from harness.server import Databases
from harness.server.address import connect
from tests.integration.measure.measuring import query

SCHEMA = """
CREATE TABLE item (id int PRIMARY KEY, owner_code text NOT NULL, name text);
INSERT INTO item SELECT i, 'c' || i, 'owner ' || i FROM generate_series(1, 20000) AS i;
CREATE TABLE owner (id int NOT NULL, code text NOT NULL, name text) PARTITION BY RANGE (id);
CREATE TABLE owner_low PARTITION OF owner FOR VALUES FROM (0) TO (10000);
CREATE TABLE owner_high PARTITION OF owner FOR VALUES FROM (10000) TO (30000) PARTITION BY RANGE (id);
CREATE TABLE owner_high_1 PARTITION OF owner_high FOR VALUES FROM (10000) TO (30000);
INSERT INTO owner SELECT i, 'c' || i, 'owner ' || i FROM generate_series(1, 20000) AS i;
CREATE TABLE person (name text, key text);
CREATE TABLE firm (id int, title text, firm_key text);
CREATE TABLE club (id int, title text, club_key text);
INSERT INTO person SELECT 'owner ' || i, 'c' || i FROM generate_series(1, 10000) AS i;
INSERT INTO firm SELECT i, 'owner ' || i, 'c' || i FROM generate_series(10001, 20000) AS i;
INSERT INTO club SELECT i, 'owner ' || i, 'C' || i FROM generate_series(20001, 30000) AS i;
CREATE VIEW by_partitions AS SELECT i.id, o.name FROM item i LEFT JOIN owner o ON o.code = i.owner_code;
CREATE VIEW by_union AS SELECT i.id, u.name FROM item i
LEFT JOIN (SELECT key, name FROM person UNION ALL SELECT firm_key, title FROM firm) u ON u.key = i.owner_code;
CREATE VIEW by_mixture AS SELECT i.id, u.name FROM item i
LEFT JOIN (SELECT key, name FROM person UNION ALL SELECT code, name FROM owner) u ON u.key = i.owner_code;
CREATE VIEW by_expression AS SELECT i.id, u.name FROM item i
LEFT JOIN (SELECT key, name FROM person UNION ALL SELECT lower(club_key), title FROM club) u ON u.key = i.owner_code;
CREATE VIEW by_subquery AS SELECT i.id, (SELECT max(o.name) FROM owner o WHERE o.code = i.owner_code) AS name
FROM item i;
ANALYZE;
"""
OWNER = 'CREATE INDEX ON "public"."owner" ("code");'
PERSON = 'CREATE INDEX ON "public"."person" ("key");'
FIRM = 'CREATE INDEX ON "public"."firm" ("firm_key");'


@pytest.mark.parametrize(
    ("view", "remedies", "words"),
    [
        ("by_partitions", {OWNER}, "reads all 20,000 rows of 2 partitions of owner to join on code"),
        ("by_union", {PERSON, FIRM}, "reads all 10,000 rows of firm to join on firm_key"),
        ("by_mixture", {PERSON, OWNER}, "reads all 20,000 rows of 2 partitions of owner to join on code"),
        ("by_expression", set(), ""),
        ("by_subquery", {OWNER}, "reads all 20,000 rows of 2 partitions of owner to join on code"),
    ],
)
def test_the_remedy_below_an_append_is_used_for_every_branch_and_makes_the_query_cheaper(
    databases: Databases, database: str, view: str, remedies: set[str], words: str
) -> None:
    forms = "SELECT id, name FROM item WHERE id = $1", f"SELECT id, name FROM {view} WHERE id = $1"
    bound = query("q", *forms, ("id",), ({"id": 15000},))

    async def run() -> None:
        connection = await connect(databases.server.address, database)

        async def plans(form: str) -> tuple[PlanRecord, ...]:
            return await explain(connection, bound, form, bound.form(form), bound.sets[0], "custom", {})

        try:
            await connection.execute(SCHEMA)
            catalogue = await read_catalogue(connection)
            old, new = await plans("before"), await plans("after")
            causes = derive_causes("slower", old, new, known_facts(catalogue, catalogue, ()))
            assert {cause.remedy for cause in causes if cause.remedy} == remedies
            assert not words or any(cause.sentence.startswith(words) for cause in causes)
            for remedy in remedies:
                await connection.execute(remedy)
            if remedies:
                (again,) = await plans("after")
                assert "Seq Scan" not in str(again.plan)
                assert (again.buffers or 0) < (new[0].buffers or 0) / 4
        finally:
            await connection.close()

    asyncio.run(run())
