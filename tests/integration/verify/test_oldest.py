"""The check on the oldest PostgreSQL it supports, and with a collation that calls different strings equal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.server import Databases
from tests.integration.verify.checking import Outcome, check

OLD_STATE = """
    CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE makers (id int PRIMARY KEY, name text);
    CREATE TABLE goods (
        id int PRIMARY KEY, maker_id int, maker_name text,
        loose text COLLATE any_case, shown_loose text COLLATE any_case
    );
    INSERT INTO makers SELECT n, 'maker ' || n FROM generate_series(1, 9) n;
    INSERT INTO goods SELECT n, n, 'maker ' || n, 'Word', 'word' FROM generate_series(1, 9) n;
    UPDATE goods SET maker_name = 'stale' WHERE id = 3;
    UPDATE goods SET shown_loose = 'Word' WHERE id < 3;
    UPDATE goods SET shown_loose = 'other' WHERE id = 3;
"""
MIGRATION = """
    CREATE VIEW goods_shown AS
        SELECT g.id, m.name AS maker_name, g.shown_loose AS loose FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
    ALTER TABLE goods DROP COLUMN maker_name, DROP COLUMN loose;
"""


@pytest.fixture(scope="module")
def outcome(databases15: Databases) -> Iterator[Outcome]:
    made = check(databases15, OLD_STATE, MIGRATION)
    yield made
    made.drop()


def test_strings_that_a_collation_calls_equal_are_not_identical(outcome: Outcome) -> None:
    found = outcome.column("goods.loose")
    assert (found.identical, found.renders_differently, found.different) == (2, 6, 1)


def test_causes_are_found_on_the_oldest_server_too(outcome: Outcome) -> None:
    assert outcome.one("value_differs", "goods.maker_name").cause == "stale_copy"


def test_every_finding_is_reproduced(outcome: Outcome) -> None:
    for finding in outcome.found():
        assert len(outcome.rerun(finding)) == finding.count
