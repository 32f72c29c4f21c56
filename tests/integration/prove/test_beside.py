"""Another tool beside the battery: it is given each damaged clone, and what the old tables and the new views are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from harness.progress import Silent
from harness.prove import Bench, Planted, check_defects
from harness.prove.model import Defect
from harness.server import Databases
from harness.server.address import connect
from harness.snapshot import take_snapshot
from harness.verify import verify
from tests.benchmarks.battery import touched
from tests.benchmarks.rivals import Pair, pairs_of
from tests.integration.verify.checking import drop, execute, scenario

OLD_STATE = """
    CREATE TABLE makers (id int PRIMARY KEY, name text NOT NULL);
    INSERT INTO makers VALUES (1, 'Acme'), (2, 'Brown');
    CREATE TABLE goods (price int, id int PRIMARY KEY, maker_id int NOT NULL REFERENCES makers, maker text);
    INSERT INTO goods SELECT n, n, m.id, m.name FROM generate_series(1, 6) n JOIN makers m ON m.id = n % 2 + 1;
    CREATE VIEW cheap AS SELECT id, price FROM goods WHERE price < 3;
    CREATE TABLE notes (text text);
"""
MIGRATION = """
    CREATE VIEW goods_shown AS
        SELECT g.id, g.price, g.maker_id, m.name AS made_by FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
    ALTER TABLE goods DROP COLUMN maker;
"""
LEFT_OUT = """
    CREATE OR REPLACE VIEW goods_shown AS
        SELECT g.id, g.price, g.maker_id, m.name AS made_by FROM goods g, makers m WHERE m.id = g.maker_id AND g.id > 1;
"""
SHOWN = "SELECT count(*) FROM goods_shown"
ARMS = ("beside_before", "beside_after", "beside_base")


@pytest.fixture
def bench(databases: Databases) -> Iterator[Bench]:
    """A small migration, checked and undamaged."""
    try:
        yield asyncio.run(_bench(databases))
    finally:
        drop(databases, ARMS)


async def _bench(databases: Databases) -> Bench:
    before, after, base = ARMS
    await databases.create(before)
    await execute(databases, before, OLD_STATE)
    await databases.create(after, before)
    await execute(databases, after, MIGRATION)
    await databases.create(base, after)
    names = (databases.name(before), databases.name(after), databases.name(base))
    address = databases.server.address
    snapshot = await take_snapshot(address, names[0], names[2], Silent())
    made = scenario(MIGRATION, column_map=(("goods.maker", "goods_shown.made_by"),))
    checked = await verify(made, address, *names, snapshot, (), Silent())
    return Bench(databases, made, "clean", before, base, snapshot, (), checked.integrity)


def test_each_damaged_clone_is_shown_before_it_is_dropped_with_what_was_planted_in_it(bench: Bench) -> None:
    defects = {
        "left out": (LEFT_OUT, "row_missing", "goods_shown", "row_filter"),
        "a row less": ("DELETE FROM goods WHERE id = 2;", "row_missing", "goods_shown", "row_deleted"),
    }
    planted = [
        Planted(Defect(name, (script,), SHOWN, kind, about, fault=name), script, cause)
        for name, (script, kind, about, cause) in defects.items()
    ]
    seen = {}

    async def beside(given: Bench, item: Planted, database: str) -> None:
        connection = await connect(given.databases.server.address, database)
        try:
            seen[item.defect.fault] = await connection.fetch("SELECT id FROM goods_shown ORDER BY id")
        finally:
            await connection.close()

    verdicts = asyncio.run(check_defects(bench, planted, Silent(), beside))
    assert [item.caught for item in verdicts] == [True, True]
    shown = {name: [row["id"] for row in rows] for name, rows in seen.items()}
    assert shown == {"left out": [2, 3, 4, 5, 6], "a row less": [1, 3, 4, 5, 6]}
    assert not asyncio.run(bench.databases.exists("prove_0"))


def test_a_rival_is_given_each_view_beside_its_old_table_and_the_rest_beside_itself(bench: Bench) -> None:
    pairs = {pair.name: pair for pair in pairs_of(bench.ground)}
    assert set(pairs) == {
        "goods beside goods_shown", "goods beside goods", "makers beside makers", "cheap beside cheap",
    }  # fmt: skip
    assert len({pair.copy for pair in pairs.values()}) == len(pairs)
    view = pairs["goods beside goods_shown"]
    assert view.side(0)[0] == view.side(1)[0] == ("id",)
    assert set(view.columns) == {("id", "id"), ("price", "price"), ("maker_id", "maker_id"), ("maker", "made_by")}
    assert pairs["goods beside goods"].columns == (("id", "id"), ("price", "price"), ("maker_id", "maker_id"))
    assert pairs["cheap beside cheap"].side(0) == (("id",), ("price",))


def test_a_rival_is_asked_about_what_the_defect_touches(bench: Bench) -> None:
    pairs = list(pairs_of(bench.ground))

    def names(about: str, *touches: str) -> list[str]:
        return [pair.new.display for pair in _given(about, touches, pairs)]

    assert names("makers.name") == names("makers: own") == ["makers"]
    assert names("goods") == ["goods_shown", "goods"]
    assert names("cheap", "goods_shown") == ["cheap"]
    assert names("numbers", "goods_shown", "cheap") == ["goods_shown", "cheap"]
    assert names("makers_of_old") == []


def _given(about: str, touches: tuple[str, ...], pairs: list[Pair]) -> list[Pair]:
    defect = Defect("", ("",), "", "row_missing", about, touches=frozenset(touches))
    return touched(defect, pairs)
