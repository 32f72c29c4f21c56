"""Rows that a view loses, multiplies or makes up: counted, never fatal, with what does it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.server import Databases
from tests.integration.verify.checking import Outcome, check

TABLES = (
    "inner_lost",
    "inner_many",
    "filtered",
    "partner_filtered",
    "doubled",
    "mixed",
    "added",
    "deleted",
    "nested",
    "named_first",
    "composite",
)
OLD_STATE = (
    """
    CREATE TABLE owners (id int PRIMARY KEY, name text, gone boolean DEFAULT false);
    INSERT INTO owners SELECT n, 'owner ' || n FROM generate_series(1, 10) n;
    UPDATE owners SET gone = true WHERE id = 3;
    CREATE TABLE tags (owner_id int, tag text);
    INSERT INTO tags SELECT n, 'tag' FROM generate_series(1, 10) n;
    INSERT INTO tags VALUES (4, 'tag'), (5, 'other'), (5, 'another');
"""
    + "".join(
        f"""
    CREATE TABLE {name} (a int, b text, owner_id int, owner_name text, PRIMARY KEY (a, b), UNIQUE (a));
    INSERT INTO {name} SELECT o.id, 'b', o.id, o.name FROM owners o;
    """
        for name in TABLES
    )
    + """
    UPDATE inner_lost SET owner_id = NULL WHERE a = 1;
    UPDATE inner_lost SET owner_id = 99 WHERE a = 2;
    UPDATE inner_many SET owner_id = 99 WHERE a = 2;
    CREATE TABLE keyless (owner_id int, owner_name text, word text);
    INSERT INTO keyless VALUES
        (1, 'owner 1', 'same'), (1, 'owner 1', 'same'), (NULL, NULL, NULL), (2, 'stale', 'same'), (2, 'stale', 'same');
    CREATE TABLE keyless_same AS SELECT owner_id, owner_name, word FROM keyless WHERE owner_name <> 'stale';
    CREATE TABLE barren (id int PRIMARY KEY, owner_id int, owner_name text);
"""
)
MIGRATION = (
    """
    CREATE VIEW inner_lost_shown AS
        SELECT t.a, t.b, o.name AS owner_name FROM inner_lost t JOIN owners o ON o.id = t.owner_id;
    CREATE VIEW inner_many_shown AS
        SELECT t.a, t.b, 'owner ' || t.a AS owner_name FROM inner_many t JOIN tags g ON g.owner_id = t.owner_id;
    CREATE VIEW nested_shown AS
        SELECT t.a, t.b, t.name AS owner_name
        FROM (SELECT m.a, m.b, o.name FROM nested m LEFT JOIN owners o ON o.id = m.owner_id) t;
    CREATE VIEW named_first_shown AS
        WITH t AS (SELECT m.a, m.b, o.name FROM named_first m LEFT JOIN owners o ON o.id = m.owner_id)
        SELECT a, b, name AS owner_name FROM t;
    CREATE VIEW filtered_shown AS
        SELECT t.a, t.b, o.name AS owner_name FROM filtered t LEFT JOIN owners o ON o.id = t.owner_id WHERE NOT o.gone;
    CREATE VIEW partner_filtered_shown AS
        SELECT t.a, t.b, o.name AS owner_name FROM partner_filtered t JOIN owners o ON o.id = t.owner_id AND NOT o.gone;
    CREATE VIEW doubled_shown AS
        SELECT t.a, t.b, o.name AS owner_name FROM doubled t
        LEFT JOIN owners o ON o.id = t.owner_id LEFT JOIN tags g ON g.owner_id = t.owner_id;
    CREATE VIEW mixed_shown AS
        SELECT t.a, t.b, CASE WHEN g.tag = 'tag' THEN o.name ELSE g.tag END AS owner_name FROM mixed t
        LEFT JOIN owners o ON o.id = t.owner_id LEFT JOIN tags g ON g.owner_id = t.owner_id;
    CREATE VIEW added_shown AS
        SELECT t.a, t.b, o.name AS owner_name FROM added t LEFT JOIN owners o ON o.id = t.owner_id;
    CREATE VIEW deleted_shown AS
        SELECT t.a, t.b, o.name AS owner_name FROM deleted t LEFT JOIN owners o ON o.id = t.owner_id;
    CREATE VIEW composite_shown AS
        SELECT t.b, t.a, o.name AS owner_name FROM composite t LEFT JOIN owners o ON o.id = t.owner_id;
    CREATE VIEW keyless_shown AS
        SELECT t.owner_id, o.name AS owner_name, t.word FROM keyless t LEFT JOIN owners o ON o.id = t.owner_id;
    CREATE VIEW keyless_same_shown AS
        SELECT t.owner_id, o.name AS owner_name, t.word FROM keyless_same t LEFT JOIN owners o ON o.id = t.owner_id;
    CREATE VIEW barren_shown AS
        SELECT t.id, o.name AS owner_name FROM barren t LEFT JOIN owners o ON o.id = t.owner_id;
"""
    + "".join(f"ALTER TABLE {name} DROP COLUMN owner_name;" for name in (*TABLES, "keyless", "keyless_same", "barren"))
    + """
    INSERT INTO added VALUES (11, 'new', 1), (12, 'new', 1);
    DELETE FROM deleted WHERE a = 5;
"""
)


@pytest.fixture(scope="module")
def outcome(databases: Databases) -> Iterator[Outcome]:
    made = check(databases, OLD_STATE, MIGRATION)
    yield made
    made.drop()


def test_an_inner_join_loses_rows_without_partner(outcome: Outcome) -> None:
    finding = outcome.one("row_missing", "inner_lost_shown")
    assert (finding.cause, finding.count, finding.rows) == ("inner_join_loss", 2, 10)
    assert [example.key for example in finding.examples] == ["1, b", "2, b"]
    found = outcome.column("inner_lost.owner_name")
    assert (found.rows, found.identical, found.missing_row, found.verdict) == (10, 8, 2, "different")


@pytest.mark.parametrize("name", ["filtered", "partner_filtered"])
def test_a_filter_that_takes_rows_away_is_told_from_a_missing_partner(outcome: Outcome, name: str) -> None:
    finding = outcome.one("row_missing", f"{name}_shown")
    assert (finding.cause, finding.count) == ("row_filter", 1)


def test_identical_copies_of_a_row_are_counted_and_their_join_named(outcome: Outcome) -> None:
    finding = outcome.one("row_duplicated", "doubled_shown")
    assert (finding.cause, finding.count, finding.rows) == ("fan_out", 3, 13)
    assert "tags on owner_id" in finding.detail
    found = outcome.column("doubled.owner_name")
    assert (found.rows, found.identical, found.duplicate_row) == (10, 10, 3)
    assert sum(row["copies"] - 1 for row in outcome.rerun(finding)) == finding.count


def test_copies_of_a_row_that_differ_count_once_and_by_the_gravest(outcome: Outcome) -> None:
    found = outcome.column("mixed.owner_name")
    assert (found.rows, found.identical, found.different, found.duplicate_row) == (10, 9, 1, 3)
    finding = outcome.one("value_differs", "mixed.owner_name")
    assert [(item.key, item.new) for item in finding.examples] == [("5, b", "another")]
    assert len(outcome.rerun(finding)) == finding.count == 1


def test_rows_that_were_not_there_before_are_counted(outcome: Outcome) -> None:
    finding = outcome.one("row_extra", "added_shown")
    assert (finding.count, finding.rows) == (2, 12)
    assert outcome.column("added.owner_name").extra_row == 2
    assert len(outcome.rerun(finding)) == 2


def test_rows_that_the_migration_deleted_are_not_the_views_fault(outcome: Outcome) -> None:
    assert outcome.one("row_missing", "deleted_shown").cause == "row_deleted"


def test_an_inner_join_to_many_loses_and_multiplies(outcome: Outcome) -> None:
    missing = outcome.one("row_missing", "inner_many_shown")
    assert (missing.cause, missing.count) == ("inner_join_loss", 1)
    assert outcome.one("row_duplicated", "inner_many_shown").count == 3


@pytest.mark.parametrize("name", ["nested", "named_first"])
def test_a_view_over_a_subquery_is_known_by_the_keys_names(outcome: Outcome, name: str) -> None:
    assert outcome.column(f"{name}.owner_name").verdict == "identical"


def test_a_composite_key_in_another_order_is_joined_right(outcome: Outcome) -> None:
    found = outcome.column("composite.owner_name")
    assert (found.verdict, found.rows, found.identical) == ("identical", 10, 10)


def test_a_table_without_a_key_is_compared_by_whole_rows_and_told_as_such(outcome: Outcome) -> None:
    found = outcome.column("keyless.owner_name")
    assert (found.rows, found.identical, found.missing_row, found.extra_row) == (5, 3, 2, 2)
    missing, extra = outcome.one("row_missing", "keyless_shown"), outcome.one("row_extra", "keyless_shown")
    assert "has no key" in missing.detail
    assert [item.key for item in missing.examples] == ["stale, 2, same"] * 2
    assert [item.key for item in extra.examples] == ["owner 2, 2, same"] * 2
    assert outcome.column("keyless_same.owner_name").verdict == "identical"


def test_nothing_compared_is_no_pass(outcome: Outcome) -> None:
    assert outcome.one("nothing_compared", "barren").severity == "error"
    assert outcome.column("barren.owner_name").verdict == "not_compared"


def test_every_missing_row_is_reproduced(outcome: Outcome) -> None:
    for finding in outcome.found("row_missing"):
        assert len(outcome.rerun(finding)) == finding.count


def test_a_migration_that_drops_nothing_does_not_pass(databases: Databases) -> None:
    made = check(databases, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)", "CREATE VIEW v AS TABLE t")
    try:
        assert made.integrity.verdict == "fail"
        assert made.one("nothing_compared").object == "small"
    finally:
        made.drop()
