"""Where a pass is cut: statistics that are old, wrong or missing change how equal the spans are, never the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from harness.progress import Silent
from harness.result import Integrity
from harness.server import Databases
from harness.server.address import Address
from harness.verify import spans
from harness.verify.in_place import Wanted, compare_in_place, open_two
from harness.verify.ledger import Ledger
from harness.verify.values import Pass, Span, Tally
from tests.integration.verify.checking import execute

ROWS = 8000
FILL = "INSERT INTO {0} SELECT {1}, 'word ' || n FROM generate_series(1, {2}) n;"
TABLES = {
    "fresh": FILL.format("fresh", "n", ROWS) + "ANALYZE fresh;",
    "bare": FILL.format("bare", "n", ROWS),
    "skewed": FILL.format("skewed", "(n::numeric ^ 4)::bigint", ROWS) + "ANALYZE skewed;",
    "grown": FILL.format("grown", "-n", ROWS // 8) + "ANALYZE grown;" + FILL.format("grown", "n", ROWS - ROWS // 8),
    "moved": FILL.format("moved", "n", ROWS) + "ANALYZE moved; UPDATE moved SET k = k + 1000000;",
    "wrong": FILL.format("wrong", "n", ROWS)
    + "ANALYZE wrong; UPDATE wrong SET k = k + 1000000; VACUUM FULL wrong;"
    + "SELECT pg_stat_reset_single_table_counters('wrong'::regclass);",
    "shuffled": FILL.format("shuffled", "n * 7919::bigint % 8009", ROWS) + "ANALYZE shuffled;",
    "rearranged": FILL.format("rearranged", "n", ROWS)
    + "ANALYZE rearranged; UPDATE rearranged SET k = k WHERE k % 3 = 0;",
    "one": FILL.format("one", "7", ROWS) + "ANALYZE one;",
}


class Watched(Ledger):
    """Keeps the spans, and how many old rows each was found to hold."""

    def __init__(self) -> None:
        super().__init__()
        self.cut: tuple[Span, ...] = ()
        self.rows: list[int] = []
        self.in_order: set[bool] = set()

    def record_spans(self, work: Pass, spans: Sequence[Span]) -> None:
        super().record_spans(work, spans)
        self.cut = tuple(spans)

    def record(self, work: Pass, number: int, tally: Tally) -> None:
        super().record(work, number, tally)
        self.rows.append(tally.joined + tally.missing)
        self.in_order.add(work.in_order)


class Place:
    """A database with the tables."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._address = Address(databases.server.address.url(databases.name("bounds")))

    def compare(self, name: str, *key: str) -> tuple[Integrity, Watched]:
        """The outcome, and what was written down."""
        ledger = Watched()

        async def go() -> Integrity:
            async with open_two(self._address, Wanted(name, f"{name}_new", key), 2) as (two, sessions):
                return await compare_in_place(self._address, two, sessions, Silent(), ledger)

        return asyncio.run(go()), ledger

    def value(self, query: str) -> Any:
        """A query's only value."""

        async def go() -> Any:
            connection = await self._databases.connect("bounds")
            try:
                return await connection.fetchval(query)
            finally:
                await connection.close()

        return asyncio.run(go())


@pytest.fixture(scope="module")
def place(databases: Databases) -> Iterator[Place]:
    asyncio.run(databases.create("bounds"))
    for name, fill in TABLES.items():
        key = "" if name == "one" else ", PRIMARY KEY (k)"
        made = f"CREATE TABLE {name} (k bigint NOT NULL, word text{key}) WITH (autovacuum_enabled = false);"
        for statement in filter(None, (made + fill).split(";")):
            asyncio.run(execute(databases, "bounds", statement))
        copied = f"""
            CREATE TABLE {name}_new AS SELECT * FROM {name};
            UPDATE {name}_new SET word = 'other' WHERE word LIKE '%77';
            DELETE FROM {name}_new WHERE word LIKE '%55';
            INSERT INTO {name}_new SELECT -1000000 - n, 'extra' FROM generate_series(1, 5) n;
            INSERT INTO {name}_new SELECT * FROM {name} WHERE word LIKE '%33';
            CREATE INDEX ON {name}_new (k);
        """
        asyncio.run(execute(databases, "bounds", copied))
    yield Place(databases)
    asyncio.run(databases.drop("bounds"))


@pytest.fixture(autouse=True)
def small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "LEAST_ROWS", 100)
    monkeypatch.setattr(spans, "SPAN_ROWS", 2000)


@pytest.mark.parametrize("name", [name for name in TABLES if name != "one"])
def test_whatever_the_statistics_say_the_outcome_is_that_of_one_pass(
    place: Place, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_spans, ledger = place.compare(name)
    assert len(ledger.cut) == (2 if name == "shuffled" else 4), "scattered rows make parts dearer"
    if name != "wrong":
        assert max(ledger.rows) < 2 * min(ledger.rows), "statistics that tell little are not used"
    monkeypatch.setattr(spans, "LEAST_ROWS", 10 * ROWS)
    whole, uncut = place.compare(name)
    assert (in_spans, uncut.cut) == (whole, ())
    assert in_spans.rows_compared == ROWS, "counted, though none of it was counted beforehand"
    word = in_spans.columns[-1]
    assert (word.different, word.missing_row, word.extra_row, word.duplicate_row) == (80, 80, 5, 80)


@pytest.mark.parametrize(("name", "known"), [("fresh", True), ("skewed", True), ("wrong", True), ("moved", False)])
def test_bounds_are_the_statistics_own_where_these_are_of_today(place: Place, name: str, known: bool) -> None:
    _, ledger = place.compare(name)
    steps = place.value(
        f"SELECT histogram_bounds::text::text[] FROM pg_stats WHERE (tablename, attname) = ('{name}', 'k')"
    )
    assert all((span.low is None or span.low[0] in steps) == known for span in ledger.cut[1:])


@pytest.mark.parametrize(
    ("name", "ordered"), [("fresh", True), ("rearranged", True), ("shuffled", False), ("bare", False)]
)
def test_rows_in_the_order_of_the_key_are_merged(place: Place, name: str, ordered: bool) -> None:
    """The test above says that the outcome is the same, also where the statistics are wrong about the order."""
    _, ledger = place.compare(name)
    assert ledger.in_order == {ordered}


def test_rows_that_all_have_one_key_are_compared_whole(place: Place) -> None:
    integrity, ledger = place.compare("one", "k")
    assert (integrity.verdict, integrity.rows_compared, ledger.cut) == ("fail", ROWS, ())
    assert [item.count for item in integrity.findings if item.kind == "key_not_unique"] == [ROWS]
