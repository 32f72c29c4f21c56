"""The proof that data are what they were: every way to change them is noticed, and what changes nothing is not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.progress import Silent
from harness.result import Integrity
from harness.server import Databases
from harness.server.address import Address
from harness.verify import Ledger, ledger, spans
from harness.verify.in_place import Wanted, compare_in_place, open_two
from harness.verify.values import Pass, Tally
from tests.integration.verify.checking import execute

STATE = """
    CREATE TABLE makers (id int PRIMARY KEY, name text);
    INSERT INTO makers SELECT n, 'maker ' || n FROM generate_series(0, 99) n;
    CREATE TABLE goods (id int, maker_id int, maker text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
    CREATE TABLE goods_low PARTITION OF goods FOR VALUES FROM (0) TO (2000);
    CREATE TABLE goods_high PARTITION OF goods FOR VALUES FROM (2000) TO (100000);
    INSERT INTO goods SELECT n, n % 100, 'maker ' || n % 100 FROM generate_series(1, 6000) n;
    CREATE VIEW goods_shown AS
        SELECT g.id, maker_id, m.name AS maker FROM goods g LEFT JOIN makers m ON m.id = maker_id;
    ANALYZE;
"""
HARMLESS = [
    "SELECT 1",
    "VACUUM FREEZE goods_high",
    "ANALYZE goods",
    "CREATE TABLE other AS SELECT 1 AS one",
    "CREATE INDEX ON goods (maker_id)",
]
CHANGES = [
    "UPDATE goods SET maker = 'other' WHERE id = 17",
    "UPDATE goods SET maker = maker WHERE id = 18",
    "DELETE FROM goods WHERE id = 19",
    "INSERT INTO goods VALUES (7000, 1, 'maker 1')",
    "UPDATE makers SET name = 'new' WHERE id = 3",
    "TRUNCATE makers",
    "VACUUM FULL goods_low",
    "CREATE OR REPLACE VIEW goods_shown AS SELECT id, maker_id, maker FROM goods",
    "CREATE TABLE goods_top PARTITION OF goods FOR VALUES FROM (100000) TO (200000)",
    """
    ALTER TABLE makers RENAME TO old_makers; CREATE TABLE makers AS SELECT * FROM old_makers;
    CREATE OR REPLACE VIEW goods_shown AS
        SELECT g.id, maker_id, m.name AS maker FROM goods g LEFT JOIN makers m ON m.id = maker_id
    """,
]


class KilledError(Exception):
    """As good as a kill: nothing more is written."""


class Stopping(Ledger):
    """Counts the spans that are compared, and stops the check after so many; tells whether it began anew."""

    def __init__(self, path: Path, after: int) -> None:
        super().__init__(path)
        self.left = after
        self.compared = 0
        self.anew = False

    def begin(self, state: dict[str, Any]) -> None:
        super().begin(state)
        self.anew = True

    def record(self, work: Pass, number: int, tally: Tally) -> None:
        super().record(work, number, tally)
        self.compared += 1
        self.left -= 1
        if self.left == 0:
            raise KilledError


@pytest.fixture
def shop(databases: Databases) -> Iterator[tuple[Address, Any]]:
    """Where the database is, and how to run statements in it."""
    arm = "frozen"
    asyncio.run(databases.create(arm))
    asyncio.run(execute(databases, arm, STATE))

    def change(*statements: str) -> None:
        for statement in statements:
            asyncio.run(execute(databases, arm, statement))

    yield Address(databases.server.address.url(databases.name(arm))), change
    asyncio.run(databases.drop(arm))


@pytest.fixture(autouse=True)
def small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "KEPT_AFTER_S", 0)
    monkeypatch.setattr(spans, "LEAST_ROWS", 100)
    monkeypatch.setattr(spans, "SPAN_ROWS", 1000)


def compare(address: Address, ledger: Ledger, at_once: int = 2) -> Integrity:
    async def go() -> Integrity:
        async with open_two(address, Wanted("goods", "goods_shown", ("id",)), at_once) as (two, sessions):
            return await compare_in_place(address, two, sessions, Silent(), ledger)

    return asyncio.run(go())


def spans_in(path: Path) -> int:
    return path.read_text(encoding="utf-8").count('"event": "span"')


def test_a_stopped_check_goes_on_with_what_is_left(shop: tuple[Address, Any], tmp_path: Path) -> None:
    address, change = shop
    with pytest.raises(KilledError):
        compare(address, Stopping(tmp_path / "ledger", 1), at_once=1)
    done = spans_in(tmp_path / "ledger")
    assert done == 1
    change(*HARMLESS)
    again = Stopping(tmp_path / "ledger", 99)
    integrity = compare(address, again)
    assert (integrity.verdict, integrity.rows_compared) == ("pass", 6000)
    assert all(column.identical == 6000 for column in integrity.columns)
    assert not again.anew
    assert again.compared > 0
    assert again.compared + done == spans_in(tmp_path / "ledger")


def test_what_an_earlier_session_counted_is_used_and_not_counted_again(
    shop: tuple[Address, Any], tmp_path: Path
) -> None:
    address, _ = shop
    path = tmp_path / "ledger"
    compare(address, Ledger(path))
    path.write_text(path.read_text(encoding="utf-8").replace('"missing": 0', '"missing": 1', 1), encoding="utf-8")
    again = Stopping(path, 99)
    assert compare(address, again).columns[0].missing_row == 1, "told by the ledger alone"
    assert again.compared == 0


def test_a_line_that_was_cut_short_is_left_out(shop: tuple[Address, Any], tmp_path: Path) -> None:
    address, _ = shop
    path = tmp_path / "ledger"
    compare(address, Ledger(path))
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    again = Stopping(path, 99)
    assert compare(address, again).verdict == "pass"
    assert again.compared == 1


@pytest.mark.parametrize("change", CHANGES)
def test_after_any_change_the_check_starts_again(shop: tuple[Address, Any], tmp_path: Path, change: str) -> None:
    address, run = shop
    path = tmp_path / "ledger"
    compare(address, Ledger(path))
    assert spans_in(path) > 1
    run(change)
    again = Stopping(path, 99)
    compare(address, again)
    assert again.anew
    assert again.compared == spans_in(path)
