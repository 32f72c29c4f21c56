"""Why values differ: old data and a wrong view are told apart, row by row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.server import Databases
from tests.integration.verify.checking import Outcome, check

OLD_STATE = """
    CREATE TABLE regions (id int PRIMARY KEY, name varchar(50));
    CREATE TABLE customers (
        id int PRIMARY KEY, name varchar(50), contact varchar(50), email varchar(50),
        region_id int REFERENCES regions, deleted boolean NOT NULL DEFAULT false
    );
    CREATE TABLE users (id int PRIMARY KEY, name varchar(50));
    CREATE TABLE orders (
        id int PRIMARY KEY, customer_id int, buyer_id int REFERENCES users, seller_id int REFERENCES users,
        value numeric(10,2), customer_name varchar(50), customer_contact varchar(50), customer_email varchar(50),
        region_name varchar(50), buyer_name varchar(50), seller_name varchar(50), amount numeric(10,2)
    );
    INSERT INTO regions SELECT n, 'region ' || n FROM generate_series(1, 5) n;
    INSERT INTO customers
    SELECT n, 'name ' || n, 'contact ' || n, 'mail ' || n, 1 + n % 5 FROM generate_series(1, 40) n;
    INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 10) n;
    INSERT INTO orders
    SELECT n, c.id, b.id, s.id, n, c.name, c.contact, c.email, r.name, b.name, s.name, n
    FROM generate_series(1, 200) n
    JOIN customers c ON c.id = 1 + n % 40
    JOIN regions r ON r.id = c.region_id
    JOIN users b ON b.id = 1 + n % 10
    JOIN users s ON s.id = 1 + n % 7;

    UPDATE orders SET customer_name = 'an older name' WHERE id IN (11, 12);
    UPDATE orders SET customer_name = NULL WHERE id = 13;
    UPDATE orders SET customer_name = upper(customer_name) WHERE id = 14;
    UPDATE customers SET name = NULL WHERE id = 16;
    UPDATE orders SET customer_id = NULL WHERE id = 21;
    UPDATE orders SET customer_id = 999 WHERE id IN (22, 23);
    UPDATE orders SET customer_id = NULL, customer_name = NULL, customer_contact = NULL, customer_email = NULL,
                      region_name = NULL WHERE id = 24;
    UPDATE customers SET region_id = NULL WHERE id = 31;
    UPDATE orders SET amount = amount + 0.01 WHERE id IN (1, 2, 3);
    UPDATE customers SET deleted = true WHERE id = 36;
"""
# The e-mail is shown for customers that are not deleted, the contact in capitals, buyer and seller are swapped.
MIGRATION = """
    CREATE TABLE orders_kept AS SELECT id, amount FROM orders;
    ALTER TABLE orders_kept ADD PRIMARY KEY (id);
    CREATE VIEW orders_shown AS
    SELECT o.id, o.customer_id, c.name AS customer_name, upper(c.contact)::varchar(50) AS customer_contact,
           live.email AS customer_email, r.name AS region_name, s.name AS buyer_name, b.name AS seller_name,
           coalesce(o.value, k.amount)::numeric(10,2) AS amount
    FROM orders o
    LEFT JOIN customers c ON c.id = o.customer_id
    LEFT JOIN regions r ON r.id = c.region_id
    LEFT JOIN customers live ON live.id = o.customer_id AND NOT live.deleted
    LEFT JOIN users b ON b.id = o.buyer_id
    LEFT JOIN users s ON s.id = o.seller_id
    LEFT JOIN orders_kept k ON k.id = o.id;
    ALTER TABLE orders DROP COLUMN customer_name, DROP COLUMN customer_contact, DROP COLUMN customer_email,
        DROP COLUMN region_name, DROP COLUMN buyer_name, DROP COLUMN seller_name, DROP COLUMN amount;
    UPDATE customers SET name = 'changed by the migration' WHERE id = 1;
"""


@pytest.fixture(scope="module")
def outcome(databases: Databases) -> Iterator[Outcome]:
    made = check(databases, OLD_STATE, MIGRATION)
    yield made
    made.drop()


def causes(outcome: Outcome, column: str) -> dict[tuple[str, str], int]:
    return {(item.kind, item.cause): item.count for item in outcome.found(name=f"orders.{column}")}


def test_stale_copies_and_lost_references_are_told_apart(outcome: Outcome) -> None:
    assert causes(outcome, "customer_name") == {
        ("value_differs", "stale_copy"): 3,
        ("null_to_value", "stale_copy"): 1,
        ("value_to_null", "stale_copy"): 5,  # five orders of the customer whose name was taken away
        ("value_to_null", "null_fk"): 1,
        ("value_to_null", "orphan_fk"): 2,
        ("value_differs", "source_changed"): 5,  # the copies agreed with their source until the migration changed it
    }
    assert outcome.column("orders.customer_name").stale_before == 9


def test_a_source_that_was_copied_right_and_is_shown_otherwise_makes_the_view_wrong(outcome: Outcome) -> None:
    found = causes(outcome, "customer_contact")
    assert found.pop(("value_to_null", "null_fk")) == 1
    assert found.pop(("value_to_null", "orphan_fk")) == 2
    assert found == {("value_differs", "view_wrong"): 200 - 4}


def test_columns_taken_from_each_others_source_make_the_view_wrong(outcome: Outcome) -> None:
    for column in ("buyer_name", "seller_name"):
        found = causes(outcome, column)
        assert set(found) == {("value_differs", "view_wrong")}
        assert found["value_differs", "view_wrong"] > 150


def test_a_partner_that_a_filter_takes_away_is_told(outcome: Outcome) -> None:
    assert causes(outcome, "customer_email") == {
        ("value_to_null", "row_filter"): 5,
        ("value_to_null", "null_fk"): 1,
        ("value_to_null", "orphan_fk"): 2,
    }


def test_a_source_two_references_away_is_found(outcome: Outcome) -> None:
    assert causes(outcome, "region_name") == {
        ("value_to_null", "null_fk"): 5 + 1,
        ("value_to_null", "orphan_fk"): 2,
    }
    assert "regions.name through customer_id and region_id" in outcome.found(name="orders.region_name")[0].detail


def test_a_table_that_the_migration_made_is_not_where_a_copy_came_from(outcome: Outcome) -> None:
    assert causes(outcome, "amount") == {("value_differs", "stale_copy"): 3}
    assert "orders.value" in outcome.one("value_differs", "orders.amount").detail


def test_every_query_reproduces_its_finding(outcome: Outcome) -> None:
    assert len(outcome.found()) > 10
    for finding in outcome.found():
        rows = outcome.rerun(finding)
        assert len(rows) == finding.count, (finding.object, finding.kind, finding.cause)
        assert [str(row[0]) for row in rows[:20]] == [example.key for example in finding.examples]
