"""Writes under measurement: the same work on every arm, proven at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from harness.measure.writes import prove_equal, tables_written
from harness.server import Databases, Server
from tests.integration.measure.measuring import measured, options, query

RENAME = query(
    "rename",
    "UPDATE item SET name = 'n' || $2::bigint, changed_at = clock_timestamp() WHERE id = $1::int",
    names=("id", "op"),
    kind="write",
)
TWO_STEPS = query(
    "two_steps",
    ("UPDATE item SET price = $2::bigint WHERE id = $1::int", "UPDATE item SET note = $2::text WHERE id = $1::int"),
    "UPDATE item SET price = $2::bigint, note = ($2::bigint)::text WHERE id = $1::int",
    names=("id", "op"),
    kind="write",
)
INSERT = query(
    "insert",
    "INSERT INTO item (id, code, name, feeling, made_at) "
    "VALUES (100000 + $1::bigint, gen_random_uuid(), 'new', 'bad', '2024-01-01')",
    names=("op",),
    sets=({},),
    kind="write",
)


def test_writes_do_the_same_on_every_arm_and_clocks_and_random_keys_are_told_apart(
    arms: dict[str, str], server: Server, tmp_path: Path
) -> None:
    chosen = options(clients=(1, 2))
    measurement = asyncio.run(measured([RENAME, TWO_STEPS, INSERT], arms, server.address, tmp_path / "s", chosen))
    assert measurement.errors == ()
    assert {(proof.arm, proof.equal) for proof in measurement.equality} == {("control", True), ("after", True)}
    (after,) = [proof for proof in measurement.equality if proof.arm == "after"]
    assert after.rows[0] == after.rows[1] > 20000
    assert set(after.differing) <= set(after.volatile) == {"code", "changed_at"}
    assert measurement.invalid_loads() == {}


def test_a_form_that_writes_something_else_is_found_out(arms: dict[str, str], server: Server, tmp_path: Path) -> None:
    wrong = query(
        "wrong",
        "UPDATE item SET name = 'a' || $2::bigint WHERE id = $1::int",
        "UPDATE item SET name = 'b' || $2::bigint WHERE id = $1::int",
        names=("id", "op"),
        kind="write",
    )
    measurement = asyncio.run(measured([wrong], arms, server.address, tmp_path / "s", options()))
    (after,) = [proof for proof in measurement.equality if proof.arm == "after"]
    assert (after.equal, after.differing) == (False, ("name",))
    assert measurement.invalid_loads() == {("wrong", 1): "the arms did not do the same work: public.item on after"}


def test_a_write_that_touches_nothing_is_no_measurement(arms: dict[str, str], server: Server, tmp_path: Path) -> None:
    nothing = query("nothing", "UPDATE item SET name = 'x' WHERE id = -$1::int", kind="write")
    point = query("point", "SELECT id FROM item WHERE id = $1::int")
    measurement = asyncio.run(measured([point, nothing], arms, server.address, tmp_path / "s", options()))
    assert measurement.left_out["nothing", 1].startswith("it reads or touches no row on ")


def test_written_tables_are_found_through_triggers_and_nothing_is_left_of_the_trial(
    databases: Databases, database: str
) -> None:
    from harness.measure.orders import ArmWork, Work
    from harness.server import connect

    async def trial() -> tuple[object, int]:
        connection = await connect(databases.server.address, database)
        await connection.execute(
            """
            CREATE TABLE main (id int PRIMARY KEY);
            CREATE TABLE log (id int);
            CREATE TABLE untouched (id int);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO log VALUES (NEW.id); RETURN NEW; END $$;
            CREATE TRIGGER noted AFTER INSERT ON main FOR EACH ROW EXECUTE FUNCTION note();
            """
        )
        work = Work("add", False, (("INSERT INTO main VALUES ($1::bigint)", ("op",)),), ({},))
        tables = await tables_written(connection, ArmWork("before", database, (work,)))
        rows = await connection.fetchval("SELECT count(*) FROM main")
        await connection.close()
        return tables, rows

    assert asyncio.run(trial()) == ((("public", "log"), ("public", "main")), 0)


def test_values_that_swapped_rows_are_told_from_equal_ones(arms: dict[str, str], databases: Databases) -> None:
    async def prove() -> tuple[str, ...]:
        connections = {arm: await databases.connect(arm) for arm in ("before", "after")}
        await connections["after"].execute(
            "UPDATE item SET name = CASE id WHEN 1 THEN 'item 2' ELSE 'item 1' END WHERE id IN (1, 2)"
        )
        proofs = await prove_equal(connections, [("public", "item")], [("before", "after")])
        for connection in connections.values():
            await connection.close()
        return proofs[0].differing

    assert asyncio.run(prove()) == ("name",)
