"""The remedy is offered only where its columns alone decide: for no further condition, and for what is no equality."""

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
CREATE TABLE item (id int PRIMARY KEY, tenant int, code text, made int, numbers int[], name text);
INSERT INTO item SELECT i, 1, 'c' || i, 19995, ARRAY[i, i + 1], 'item' FROM generate_series(1, 2000) AS i;
CREATE TABLE owner (
    id int PRIMARY KEY, tenant int, code text, part text, made int, number int, archived bool, name text
);
INSERT INTO owner SELECT i, 1, 'c' || i, 'p' || i, i, i, i > 3, 'owner ' || i FROM generate_series(1, 20000) AS i;
CREATE INDEX owner_part ON owner (part) WHERE number > 19000;
CREATE TABLE team (members int[], name text);
INSERT INTO team SELECT ARRAY[i, i + 1], 'team ' || i FROM generate_series(1, 20000) AS i;
ANALYZE;
"""


@pytest.mark.parametrize(
    ("view", "remedy"),
    [
        ("SELECT i.*, (SELECT max(o.name) FROM owner o WHERE o.code = i.code AND o.tenant = 1) AS x", "code, tenant"),
        ("SELECT i.*, (SELECT max(o.name) FROM owner o WHERE o.tenant = i.tenant AND o.made > i.made) AS x", ""),
        ("SELECT i.*, (SELECT max(o.name) FROM owner o WHERE o.tenant = 1 AND o.name ILIKE '%ER 1500%') AS x", ""),
        ("SELECT i.*, (SELECT max(o.name) FROM owner o WHERE o.code = 'c7') AS x", "code"),
        ("SELECT i.*, (SELECT max(o.name) FROM owner o WHERE o.archived IS DISTINCT FROM true) AS x", ""),
        ("SELECT i.*, o.name AS x LEFT JOIN owner o ON o.tenant = i.tenant AND o.made > i.made", ""),
        ("SELECT i.*, o.name AS x LEFT JOIN owner o ON o.tenant = i.tenant AND o.code = i.code", "tenant, code"),
        ("SELECT i.*, o.name AS x LEFT JOIN owner o ON o.tenant = i.tenant AND lower(o.code) = i.code", ""),
        ("SELECT i.*, o.name AS x LEFT JOIN owner o ON o.number = ANY (i.numbers)", "number"),
        ("SELECT i.*, t.name AS x LEFT JOIN team t ON i.id = ANY (t.members)", ""),
        ("SELECT i.*, o.name AS x LEFT JOIN owner o ON o.part = 'p' || i.id", ""),
    ],
)
def test_an_index_is_offered_for_equalities_that_decide_alone_and_is_used(
    databases: Databases, database: str, view: str, remedy: str
) -> None:
    selected, joined, condition = view.partition(" LEFT JOIN ")
    bound = query(
        "q", "SELECT id, name FROM item WHERE id = $1", "SELECT id, x FROM v WHERE id = $1", ("id",), ({"id": 1500},)
    )

    async def run() -> None:
        connection = await connect(databases.server.address, database)

        async def plans(form: str) -> tuple[PlanRecord, ...]:
            return await explain(connection, bound, form, bound.form(form), bound.sets[0], "custom", {})

        try:
            await connection.execute(SCHEMA)
            await connection.execute(f"CREATE VIEW v AS {selected} FROM item i{joined}{condition}")
            catalogue = await read_catalogue(connection)
            old, new = await plans("before"), await plans("after")
            assert "Seq Scan" in str(new[0].plan)
            causes = derive_causes("slower", old, new, known_facts(catalogue, catalogue, ()))
            listed = ", ".join(f'"{column}"' for column in remedy.split(", "))
            wanted = [f'CREATE INDEX ON "public"."owner" ({listed});'] if remedy else []
            assert [cause.remedy for cause in causes if cause.remedy] == wanted
            for statement in wanted:
                await connection.execute(statement)
                (again,) = await plans("after")
                assert "Seq Scan" not in str(again.plan)
                assert (again.buffers or 0) < (new[0].buffers or 0) / 4
        finally:
            await connection.close()

    asyncio.run(run())
