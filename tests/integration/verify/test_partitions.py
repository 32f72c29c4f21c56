"""Dropped columns of partitioned tables, with a key and without one, are compared as those of any table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.server import Databases
from tests.integration.verify.checking import Outcome, check

OLD_STATE = """
    CREATE TABLE makers (id int PRIMARY KEY, name text);
    INSERT INTO makers SELECT n, 'maker ' || n FROM generate_series(0, 9) n;
    CREATE TABLE sales (id int, day date, maker_id int, maker text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
    CREATE TABLE sales_1 PARTITION OF sales FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
    CREATE TABLE sales_2 PARTITION OF sales DEFAULT PARTITION BY HASH (id);
    CREATE TABLE sales_2a PARTITION OF sales_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE sales_2b PARTITION OF sales_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    INSERT INTO sales SELECT n, '2024-01-01'::date + n, n % 10, 'maker ' || n % 10 FROM generate_series(1, 300) n;
    CREATE TABLE notes (maker_id int, word text, maker text) PARTITION BY LIST (maker_id);
    CREATE TABLE notes_low PARTITION OF notes FOR VALUES IN (0, 1, 2, 3, 4);
    CREATE TABLE notes_high PARTITION OF notes DEFAULT;
    INSERT INTO notes SELECT n % 10, 'word', 'maker ' || n % 10 FROM generate_series(1, 100) n;
"""
MIGRATION = """
    CREATE VIEW sales_shown AS
        SELECT s.id, s.day, s.maker_id, CASE WHEN s.id IN (3, 250) THEN 'other' ELSE m.name END AS maker
        FROM sales s LEFT JOIN makers m ON m.id = s.maker_id WHERE s.id <> 299;
    CREATE VIEW notes_shown AS
        SELECT n.maker_id, n.word, m.name AS maker FROM notes n LEFT JOIN makers m ON m.id = n.maker_id AND m.id <> 7;
    ALTER TABLE sales DROP COLUMN maker;
    ALTER TABLE notes DROP COLUMN maker;
"""


@pytest.fixture(scope="module")
def outcome(databases: Databases) -> Iterator[Outcome]:
    made = check(databases, OLD_STATE, MIGRATION, column_map=(("notes.maker", "notes_shown.maker"),))
    yield made
    made.drop()


def test_rows_of_all_partitions_are_followed_by_the_whole_key(outcome: Outcome) -> None:
    found = outcome.column("sales.maker")
    assert (found.rows, found.different, found.missing_row, found.identical) == (300, 2, 1, 297)
    examples = outcome.one("value_differs", "sales.maker").examples
    assert [example.key for example in examples] == ["3, 2024-01-04", "250, 2024-09-07"]


def test_a_partitioned_table_counts_once_and_not_by_its_partitions(outcome: Outcome) -> None:
    assert {column.table for column in outcome.integrity.columns} == {"sales", "notes"}


def test_without_a_key_rows_are_compared_whole(outcome: Outcome) -> None:
    missing, extra = outcome.one("row_missing", "notes_shown"), outcome.one("row_extra", "notes_shown")
    assert (missing.count, extra.count) == (10, 10)
    assert "has no key" in missing.detail


def test_every_finding_is_reproduced(outcome: Outcome) -> None:
    for finding in outcome.found():
        assert len(outcome.rerun(finding)) == finding.count, finding.object
