"""Tables that inherit: a parent's rows are its children's, too, and no index of the parent holds them all."""

from __future__ import annotations

from harness.server import Databases
from tests.integration.verify.checking import check

OLD_STATE = """
    CREATE TABLE makers (id int PRIMARY KEY, title text);
    CREATE TABLE papers (id int PRIMARY KEY, maker_id int, maker_name text);
    CREATE TABLE bills (amount int, PRIMARY KEY (id)) INHERITS (papers);
    INSERT INTO makers SELECT n, 'maker ' || n FROM generate_series(0, 9) n;
    INSERT INTO papers SELECT n, n % 10, 'maker ' || n % 10 FROM generate_series(1, 20) n;
    INSERT INTO bills SELECT n, n % 10, 'maker ' || n % 10, n FROM generate_series(20, 50) n;
"""
MIGRATION = """
    CREATE VIEW papers_shown AS
        SELECT p.id, p.maker_id, CASE WHEN p.id = 33 THEN 'other' ELSE m.title END AS maker_name
        FROM papers p LEFT JOIN makers m ON m.id = p.maker_id;
    ALTER TABLE papers DROP maker_name;
    ALTER TABLE bills DROP amount;
"""


def test_rows_of_children_are_compared_with_their_parent_though_a_key_is_there_twice(databases: Databases) -> None:
    made = check(databases, OLD_STATE, MIGRATION)
    try:
        found = made.column("papers.maker_name")
        assert (found.counterpart, found.rows, found.missing_row, found.extra_row) == (
            "papers_shown.maker_name", 51, 1, 1,
        )  # fmt: skip
        assert {f"{item.table}.{item.column}" for item in made.integrity.columns} == {
            "papers.maker_name", "bills.amount",
        }  # fmt: skip
    finally:
        made.drop()
