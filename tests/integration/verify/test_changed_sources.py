"""A view that shows its source is not accused of what the migration, or a view below, does to that source."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.server import Databases
from tests.integration.verify.checking import Outcome, check

OLD_STATE = """
    CREATE TABLE makers (id int PRIMARY KEY, title text, city text);
    CREATE TABLE goods (id int PRIMARY KEY, maker_id int, maker_name text, maker_city text);
    CREATE TABLE tools (id int PRIMARY KEY, maker_id int, maker_name text);
    INSERT INTO makers SELECT n, 'maker ' || n, CASE WHEN n % 5 > 0 THEN 'city ' || n END FROM generate_series(1, 30) n;
    INSERT INTO goods
    SELECT n, m.id, m.title, m.city FROM generate_series(1, 90) n JOIN makers m ON m.id = 1 + n % 30;
    INSERT INTO tools SELECT id, maker_id, maker_name FROM goods;
    UPDATE goods SET maker_name = 'stale' WHERE id = 7;
"""
MIGRATION = """
    DELETE FROM makers WHERE id = 3;
    UPDATE makers SET title = upper(title) WHERE id IN (4, 5);
    CREATE VIEW goods_shown AS
        SELECT g.id, CASE WHEN g.id = 20 THEN 'wrong' ELSE m.title END AS maker_name, m.city AS maker_city
        FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
    CREATE VIEW makers_with_city AS SELECT id, title FROM makers WHERE city IS NOT NULL;
    CREATE VIEW tools_shown AS
        SELECT t.id, m.title AS maker_name FROM tools t LEFT JOIN makers_with_city m ON m.id = t.maker_id;
    ALTER TABLE goods DROP maker_name, DROP maker_city;
    ALTER TABLE tools DROP maker_name;
"""


@pytest.fixture(scope="module")
def outcome(databases: Databases) -> Iterator[Outcome]:
    made = check(databases, OLD_STATE, MIGRATION)
    yield made
    made.drop()


def test_values_that_the_migration_changed_or_deleted_at_their_source_are_told_from_a_wrong_view(
    outcome: Outcome,
) -> None:
    found = {(item.kind, item.cause): item for item in outcome.found(name="goods.maker_name")}
    assert {key: item.count for key, item in found.items()} == {
        ("value_to_null", "source_changed"): 3,
        ("value_differs", "source_changed"): 6,
        ("value_differs", "stale_copy"): 1,
        ("value_differs", "view_wrong"): 1,
    }
    for item in found.values():
        assert len(outcome.rerun(item)) == item.count


def test_a_filter_in_a_view_below_takes_the_partner_away(outcome: Outcome) -> None:
    found = {item.cause: item.count for item in outcome.found("value_to_null", "tools.maker_name")}
    assert found == {"row_filter": 18, "source_changed": 3}
