"""A comparison cut by key gives what one pass gives, whatever the key's type; what cannot be cut is done in one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from harness.progress import Silent
from harness.result import Integrity
from harness.server import Databases
from harness.server.address import Address
from harness.verify import spans
from harness.verify.in_place import Wanted, compare_in_place, open_two
from harness.verify.ledger import Ledger
from harness.verify.values import Pass, Span
from tests.integration.verify.checking import execute

ROWS = 8000
KEYS = {
    "number": ("bigint", "n"),
    "word": ("text", "'key ''' || n"),
    "short": ("varchar(40)", "md5(n::text)"),
    "uid": ("uuid", "md5(n::text)::uuid"),
    "at": ("timestamptz", "'2024-01-01'::timestamptz + n * interval '1 hour'"),
    "amount": ("numeric", "n / 7.0"),
    "day": ("date", "'1900-01-01'::date + n"),
    "pair": ("int", "n / 3"),
}
MORE_KEY = {"pair": "line"}


MAKERS = """
    CREATE TABLE makers (id int PRIMARY KEY, name text);
    INSERT INTO makers SELECT n, 'maker ' || n FROM generate_series(0, 99) n;
"""
OTHERS = """
    CREATE VIEW grouped AS
        SELECT max(k) AS k, max(line) AS line, max(maker_id) AS maker_id FROM number_old GROUP BY k::text;
    CREATE VIEW ranked AS SELECT k, line, maker_id, maker, rank() OVER (ORDER BY k) AS place FROM number_old;
    CREATE VIEW as_text AS SELECT k::text AS k, line, maker_id, maker FROM number_old;
    ANALYZE;
"""


def _state() -> str:
    parts = [MAKERS]
    for name, (kind, value) in KEYS.items():
        key = f"k, {MORE_KEY[name]}" if name in MORE_KEY else "k"
        parts.append(f"""
            CREATE TABLE {name}_old (k {kind}, line int, maker_id int, maker text, PRIMARY KEY ({key}));
            INSERT INTO {name}_old
                SELECT {value}, n % 3, n % 100, 'maker ' || n % 100 FROM generate_series(1, {ROWS}) n;
            CREATE VIEW {name}_same AS
                SELECT o.k, o.line, maker_id, m.name AS maker FROM {name}_old o LEFT JOIN makers m ON m.id = maker_id;
            CREATE TABLE {name}_new AS SELECT * FROM {name}_old;
            INSERT INTO {name}_new SELECT * FROM {name}_old WHERE maker_id = 7;
            DELETE FROM {name}_new WHERE maker_id = 8;
            UPDATE {name}_new SET maker = 'other' WHERE maker_id IN (9, 10);
            UPDATE {name}_new SET maker = NULL WHERE maker_id = 11;
            INSERT INTO {name}_new SELECT NULL, 1, 12, 'no key' FROM generate_series(1, 5);
            INSERT INTO {name}_new SELECT {value}, NULL, 12, 'extra' FROM generate_series({ROWS + 1}, {ROWS + 5}) n;
            CREATE INDEX ON {name}_new ({key});
        """)
    parts.append(OTHERS)
    return "".join(parts)


@pytest.fixture(scope="module")
def address(databases: Databases) -> Iterator[Address]:
    asyncio.run(databases.create("spans"))
    asyncio.run(execute(databases, "spans", _state()))
    yield Address(databases.server.address.url(databases.name("spans")))
    asyncio.run(databases.drop("spans"))


@pytest.fixture
def small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "LEAST_ROWS", 100)
    monkeypatch.setattr(spans, "SPAN_ROWS", 2000)


class Watched(Ledger):
    """Keeps how the pass was cut."""

    def __init__(self) -> None:
        super().__init__()
        self.cuts: list[int] = []

    def record_spans(self, work: Pass, spans: Sequence[Span]) -> None:
        super().record_spans(work, spans)
        self.cuts.append(len(spans))


class Notes(Silent):
    """Keeps what is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, message: str) -> None:
        self.told.append(message)


def compare(address: Address, old: str, new: str, *key: str) -> tuple[Integrity, list[int], list[str]]:
    """The outcome, into how many spans the pass was cut, and what was told."""
    ledger, notes = Watched(), Notes()

    async def go() -> Integrity:
        async with open_two(address, Wanted(old, new, key), 2) as (two, sessions):
            return await compare_in_place(address, two, sessions, notes, ledger)

    return asyncio.run(go()), ledger.cuts, notes.told


@pytest.mark.parametrize("name", KEYS)
def test_what_is_counted_in_spans_is_what_is_counted_in_one_pass(
    address: Address, name: str, monkeypatch: pytest.MonkeyPatch, small_spans: None
) -> None:
    key = ("k", MORE_KEY[name]) if name in MORE_KEY else ("k",)
    in_spans, cuts, _ = compare(address, f"{name}_old", f"{name}_new", *key)
    monkeypatch.setattr(spans, "LEAST_ROWS", 10 * ROWS)
    whole, uncut, _ = compare(address, f"{name}_old", f"{name}_new", *key)
    assert cuts[0] > 1
    assert uncut == []
    assert in_spans == whole
    maker = in_spans.columns[-1]
    assert (maker.different, maker.value_to_null, maker.missing_row) == (160, 80, 80)
    assert (maker.extra_row, maker.duplicate_row, maker.non_null) == (10, 80, ROWS)


@pytest.mark.parametrize("name", KEYS)
def test_a_view_with_joins_is_cut_and_passes(address: Address, name: str, small_spans: None) -> None:
    integrity, cuts, told = compare(address, f"{name}_old", f"{name}_same")
    assert integrity.verdict == "pass"
    assert cuts[0] > 1
    assert told == []


@pytest.mark.parametrize(
    ("new", "reason"),
    [("grouped", "has to be read whole"), ("ranked", "has to be read whole"), ("as_text", "not ordered alike")],
)
def test_what_cannot_be_cut_is_done_in_one_pass_and_told(
    address: Address, new: str, reason: str, small_spans: None
) -> None:
    integrity, cuts, told = compare(address, "number_old", new, "k")
    assert integrity.verdict == "pass"
    assert integrity.rows_compared == ROWS
    assert cuts == []
    assert reason in told[0]
    assert reason in integrity.notes[-1]


def test_a_large_table_whose_rows_lie_in_another_order_is_cut_though_that_is_dearer(
    address: Address, monkeypatch: pytest.MonkeyPatch, small_spans: None
) -> None:
    monkeypatch.setattr(spans, "SPAN_ROWS", 500)
    _, in_few, _ = compare(address, "short_old", "short_same")
    monkeypatch.setattr(spans, "_LARGE_ROWS", ROWS)
    integrity, in_more, told = compare(address, "short_old", "short_same")
    assert (integrity.verdict, integrity.rows_compared, told) == ("pass", ROWS, [])
    assert in_more[0] > in_few[0] > 1
