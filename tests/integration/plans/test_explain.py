"""Plans are read from a real server, nothing that was explained is left behind, and what fails is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from harness.catalogue import read_catalogue
from harness.phases.plans import known_facts
from harness.plans import Facts, derive_causes, explain, plan_changes, read_tree, typical
from harness.result import PlanMode, PlanRecord
from harness.server import Databases
from harness.server.address import connect
from harness.workload import BoundQuery
from tests.integration.measure.measuring import query

SCHEMA = """
CREATE TABLE owner (id int PRIMARY KEY, code text NOT NULL, name text NOT NULL);
CREATE TABLE item (id int PRIMARY KEY, owner_code text NOT NULL, kind int NOT NULL, name text);
INSERT INTO owner SELECT i, 'c' || i, 'owner ' || i FROM generate_series(1, 20000) AS i;
INSERT INTO item SELECT i, 'c' || i, CASE WHEN i <= 10000 THEN 1 ELSE i END, 'owner ' || i
FROM generate_series(1, 20000) AS i;
CREATE INDEX item_kind ON item (kind);
CREATE VIEW item_with_owner AS SELECT i.id, i.kind, o.name FROM item AS i LEFT JOIN owner AS o ON o.code = i.owner_code;
ANALYZE;
"""
BEFORE, AFTER = "SELECT id, name FROM item WHERE kind = $1", "SELECT id, name FROM item_with_owner WHERE kind = $1"


@pytest.fixture
def filled(databases: Databases, database: str) -> str:
    async def fill() -> None:
        connection = await connect(databases.server.address, database)
        await connection.execute(SCHEMA)
        await connection.close()

    asyncio.run(fill())
    return database


def explained(
    databases: Databases, database: str, bound: BoundQuery, form: str, mode: PlanMode = "custom", **settings: str
) -> tuple[PlanRecord, ...]:
    async def read() -> tuple[PlanRecord, ...]:
        connection = await connect(databases.server.address, database)
        try:
            return await explain(connection, bound, form, bound.form(form), bound.sets[0], mode, settings)
        finally:
            await connection.close()

    return asyncio.run(read())


def value(databases: Databases, database: str, sql: str) -> Any:
    async def read() -> Any:
        connection = await connect(databases.server.address, database)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(read())


def test_a_missing_index_on_a_views_join_key_is_found_and_its_statement_works(
    databases: Databases, filled: str
) -> None:
    bound = query("q", BEFORE, AFTER, names=("kind",), sets=({"kind": 15000},))
    old, new = (explained(databases, filled, bound, form) for form in ("before", "after"))
    assert [(record.rows, record.parameters, record.error) for record in (*old, *new)] == [
        (1, "kind = '15000'", "")
    ] * 2
    assert ("appeared", "owner") in [(change.kind, change.node) for change in plan_changes(old, new)]
    causes = derive_causes("slower", old, new, Facts(planned_anew=(0.0, 0.0)))
    assert causes[0].sentence == "reads 1 more table: owner (Seq Scan, 20,000 rows)"
    assert causes[-1].remedy == 'CREATE INDEX ON "public"."owner" ("code");'
    value(databases, filled, causes[-1].remedy)
    again = explained(databases, filled, bound, "after")
    assert not [cause for cause in derive_causes("slower", old, again, Facts()) if cause.remedy]


VIEWS = """
CREATE FUNCTION owner_name(wanted text) RETURNS text LANGUAGE plpgsql STABLE
AS $$ BEGIN RETURN (SELECT name FROM owner WHERE code = wanted); END $$;
ALTER TABLE item ADD number int, ADD big bigint;
UPDATE item SET number = id, big = id;
ALTER TABLE owner ADD number bigint, ADD short varchar(20);
UPDATE owner SET number = id, short = 'c' || id;
CREATE VIEW by_cast AS SELECT i.id, i.kind, o.name FROM item i LEFT JOIN owner o ON o.number::text = i.number::text;
CREATE VIEW by_case AS SELECT i.id, i.kind, o.name FROM item i LEFT JOIN owner o ON lower(o.code) = i.owner_code;
CREATE VIEW by_either AS SELECT i.id, i.kind, o.name FROM item i
LEFT JOIN owner o ON o.code = i.owner_code OR o.number = i.number;
CREATE VIEW by_varchar AS SELECT i.id, i.kind, o.name FROM item i LEFT JOIN owner o ON o.short = i.owner_code;
CREATE VIEW by_two AS SELECT i.id, i.kind, o.name FROM item i
LEFT JOIN owner o ON o.code = i.owner_code AND o.number = i.big;
CREATE VIEW by_function AS SELECT id, kind, owner_name(owner_code) AS name FROM item;
CREATE VIEW by_subquery AS SELECT id, kind, (SELECT max(o.name) FROM owner o WHERE o.number = i.number) AS name
FROM item i;
CREATE VIEW by_groups AS SELECT i.id, i.kind, o.name FROM item i
LEFT JOIN (SELECT number, max(name) AS name FROM owner GROUP BY number) o ON o.number = i.id;
ANALYZE;
"""


@pytest.mark.parametrize(
    ("view", "column", "remedy"),
    [
        ("by_cast", "kind", ()),
        ("by_case", "kind", ()),
        ("by_either", "kind", ()),
        ("by_varchar", "kind", ("short",)),
        ("by_two", "kind", ("code", "number")),
        ("by_function", "kind", ()),
        ("by_subquery", "kind", ("number",)),
        ("by_groups", "id", ("number",)),
    ],
)
def test_the_remedy_of_an_unseen_view_is_used_by_the_planner_or_not_offered(
    databases: Databases, filled: str, view: str, column: str, remedy: tuple[str, ...]
) -> None:
    async def read() -> Facts:
        connection = await connect(databases.server.address, filled)
        await connection.execute(VIEWS)
        catalogue = await read_catalogue(connection)
        await connection.close()
        return known_facts(catalogue, catalogue, ())

    facts = asyncio.run(read())
    old_form = f"SELECT id, name FROM item WHERE {column} = $1"
    bound = query("q", old_form, f"SELECT id, name FROM {view} WHERE {column} = $1", ("kind",), ({"kind": 15000},))
    old, new = (explained(databases, filled, bound, form) for form in ("before", "after"))
    causes = derive_causes("slower", old, new, facts)
    wanted = [f'CREATE INDEX ON "public"."owner" ({", ".join(f"{chr(34)}{name}{chr(34)}" for name in remedy)});']
    assert [cause.remedy for cause in causes if cause.remedy] == (wanted if remedy else [])
    assert ("calls the function owner_name for 1 row, the old plan not" in causes[0].sentence) == (
        view == "by_function"
    )
    if remedy:
        value(databases, filled, wanted[0])
        again = explained(databases, filled, bound, "after")
        assert "Seq Scan" not in str(again[0].plan)


def test_custom_and_generic_plans_are_told_apart(databases: Databases, filled: str) -> None:
    bound = query("q", BEFORE, names=("kind",), sets=({"kind": 1},))
    custom, generic = (explained(databases, filled, bound, "before", mode)[0] for mode in ("custom", "generic"))
    assert custom.rows == generic.rows == 10_000
    assert custom.worst_estimate_factor is not None
    assert custom.worst_estimate_factor < 2
    assert generic.worst_estimate_factor is not None
    assert generic.worst_estimate_factor > 100
    assert "$1" in str(generic.plan)
    assert "$1" not in str(custom.plan)


def test_what_an_explained_write_writes_is_rolled_back(databases: Databases, filled: str) -> None:
    steps = ("UPDATE item SET name = 'x' WHERE id = $1", "INSERT INTO owner VALUES (-$1::int, 'new', 'new')")
    bound = query("w", steps, sets=({"id": 7},), kind="write")
    records = explained(databases, filled, bound, "before")
    assert [(record.statement, record.rows, record.error) for record in records] == [(1, 1, ""), (2, 1, "")]
    assert value(databases, filled, "SELECT count(*) FROM item WHERE name = 'x'") == 0
    assert value(databases, filled, "SELECT count(*) FROM owner WHERE id < 0") == 0


def test_a_plan_that_times_out_is_told_with_the_plan_that_was_meant(databases: Databases, filled: str) -> None:
    slow = "SELECT count(*) FROM item AS a, item AS b WHERE a.id + b.id > $1"
    bound = query("slow", slow, sets=({"id": 1},))
    (record,) = explained(databases, filled, bound, "before", statement_timeout="50ms")
    assert record.error == "did not end within the statement timeout (50ms)"
    assert record.execution_s is None
    assert read_tree(record.plan).kind == "Aggregate"


def test_a_plan_that_is_not_to_be_executed_is_estimated(databases: Databases, filled: str) -> None:
    bound = query("q", BEFORE, names=("kind",), sets=({"kind": 1},))

    async def read() -> tuple[PlanRecord, ...]:
        connection = await connect(databases.server.address, filled)
        try:
            return await explain(connection, bound, "before", bound.before, bound.sets[0], "generic", {}, "too long")
        finally:
            await connection.close()

    (record,) = asyncio.run(read())
    assert (record.error, record.execution_s, record.rows) == ("too long", None, None)
    assert read_tree(record.plan).loops == 0


def test_a_statement_that_cannot_be_planned_is_told_without_a_plan(databases: Databases, filled: str) -> None:
    (record,) = explained(databases, filled, query("gone", "SELECT 1 FROM nowhere WHERE 1 = $1"), "before")
    assert record.plan is None
    assert record.error.startswith("42P01")


def test_the_typical_parameters_are_those_of_median_cost(databases: Databases, filled: str) -> None:
    sets = tuple({"kind": kind} for kind in (1, 15000, 1, 15001, 15002))
    bound = query("q", BEFORE, names=("kind",), sets=sets)

    async def read() -> Any:
        connection = await connect(databases.server.address, filled)
        try:
            return await typical(connection, bound)
        finally:
            await connection.close()

    assert asyncio.run(read()).sets[0]["kind"] in (15001, 15002, 15000)


def test_parameters_of_all_kinds_reach_the_plan(databases: Databases, database: str) -> None:
    sql = "SELECT $1::text[], $2::numeric, $3::timestamptz, $4::text, $5::uuid"
    names = ("tags", "price", "moment", "nothing", "key")
    values = {"tags": ["it's", "b\\"], "price": 1, "moment": None, "nothing": None, "key": None}
    (record,) = explained(databases, database, query("q", sql, names=names, sets=(values,)), "before")
    assert record.error == ""
    assert "nothing = NULL" in record.parameters


def test_a_parameter_is_explained_with_its_whole_value(databases: Databases, database: str) -> None:
    """A cast to `character` or `bit`, as EXPLAIN writes these types without a length, would leave its first place."""
    sql = """SELECT * FROM (SELECT 'DE'::char(2) AS country, '101'::bit(3) AS flags, 'x'::"odd type" AS odd) AS t
    WHERE country = $1 AND flags = $2 AND odd = $3 AND 'd' = ANY ($4::"char"[])"""
    values = {"country": "DE", "flags": asyncpg.BitString("101"), "odd": "x", "letters": [b"d", b"e"]}
    bound = query("q", sql, names=tuple(values), sets=(values,))
    value(databases, database, """CREATE TYPE "odd type" AS ENUM ('x', 'y')""")
    (record,) = explained(databases, database, bound, "before")
    assert (record.error, record.rows) == ("", 1)
    assert record.parameters.startswith("country = 'DE', flags = '101', odd = 'x'")


def test_a_query_that_a_role_asks_is_explained_as_that_role(databases: Databases, filled: str) -> None:
    guarded = """
    ALTER TABLE item ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON item USING (owner_code = current_setting('app.owner'));
    GRANT SELECT ON item TO pg_monitor;
    """
    session = (("app.owner", "c7"), ("role", "pg_monitor"))
    bound = replace(query("q", BEFORE, names=("kind",), sets=({"kind": 1}, {"kind": 15000})), session=session)

    async def read() -> tuple[Any, tuple[PlanRecord, ...], str]:
        connection = await connect(databases.server.address, filled)
        try:
            await connection.execute(guarded)
            chosen = await typical(connection, bound)
            found = await explain(connection, bound, "before", bound.before, {"kind": 1}, "custom", {})
            return chosen, found, await connection.fetchval("SELECT current_user")
        finally:
            await connection.close()

    chosen, (record,), user = asyncio.run(read())
    assert chosen.sets[0] in bound.sets
    assert (record.error, record.rows) == ("", 1)
    assert "app.owner" in str(record.plan)
    assert user == "postgres"


def test_a_query_that_several_ask_is_explained_as_the_one_with_the_typical_parameters(
    databases: Databases, filled: str
) -> None:
    sets = tuple({"kind": kind} for kind in (1, 15000, 2))
    claims = tuple((("app.owner", f"c{kind}"),) for kind in (1, 15000, 2))
    bound = replace(query("q", BEFORE, names=("kind",), sets=sets), session=(("role", "pg_monitor"),), claims=claims)
    guarded = """
    ALTER TABLE item ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON item USING (owner_code = current_setting('app.owner'));
    GRANT SELECT ON item TO pg_monitor;
    """

    async def read() -> tuple[BoundQuery, tuple[PlanRecord, ...]]:
        connection = await connect(databases.server.address, filled)
        try:
            await connection.execute(guarded)
            chosen = await typical(connection, bound)
            return chosen, await explain(connection, chosen, "before", chosen.before, chosen.sets[0], "custom", {})
        finally:
            await connection.close()

    chosen, (record,) = asyncio.run(read())
    kind = chosen.sets[0]["kind"]
    assert kind in (15000, 2)
    assert chosen.session == (("role", "pg_monitor"), ("app.owner", f"c{kind}"))
    assert (record.error, record.rows) == ("", int(kind == 15000))
