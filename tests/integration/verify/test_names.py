"""What an old name gives after the migration: a view in the table's place, a table made anew, another column."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.server import Databases
from tests.integration.verify.checking import Outcome, check

ROWS = "SELECT n, 'Word ' || n, n + 0.25, n % 4 = 0, 'kept ' || n FROM generate_series(1, 40) n"
OLD_STATE = f"""
    CREATE TABLE veiled (id int PRIMARY KEY, word text, amount numeric(8, 2), deleted boolean, kept text);
    CREATE TABLE remade (id int PRIMARY KEY, word text, amount numeric(8, 2), deleted boolean, kept text);
    CREATE TABLE rebuilt (id int PRIMARY KEY, word text, amount numeric(8, 2), deleted boolean, kept text);
    CREATE TABLE swapped (id int PRIMARY KEY, first text, last text);
    CREATE TABLE again (id int PRIMARY KEY, amount numeric(8, 2), word text);
    CREATE TABLE rekeyed (id int PRIMARY KEY, no int, word text);
    CREATE TABLE other_key (id int PRIMARY KEY, no int NOT NULL UNIQUE, word text);
    INSERT INTO veiled {ROWS};
    INSERT INTO remade {ROWS};
    INSERT INTO rebuilt {ROWS};
    INSERT INTO swapped SELECT n, 'first ' || n, 'last ' || n FROM generate_series(1, 40) n;
    INSERT INTO again SELECT n, n + 0.25, 'word ' || n FROM generate_series(1, 40) n;
    INSERT INTO rekeyed SELECT n, n, 'word ' || n FROM generate_series(1, 40) n;
    INSERT INTO other_key SELECT n, n, 'word ' || n FROM generate_series(1, 40) n;
"""
MIGRATION = """
    ALTER TABLE veiled RENAME TO veiled_data;
    CREATE VIEW veiled AS SELECT id, upper(word) AS word, amount FROM veiled_data WHERE NOT deleted;

    CREATE TABLE remade_next AS
        SELECT id, word, CASE id WHEN 5 THEN 0 ELSE amount END::numeric(8, 2) AS amount, deleted, kept
        FROM remade WHERE id <> 9;
    DROP TABLE remade;
    ALTER TABLE remade_next RENAME TO remade;
    ALTER TABLE remade ADD PRIMARY KEY (id);

    ALTER TABLE rebuilt RENAME TO rebuilt_before;
    CREATE TABLE rebuilt (LIKE rebuilt_before INCLUDING ALL);
    INSERT INTO rebuilt SELECT * FROM rebuilt_before WHERE id > 1;

    ALTER TABLE swapped RENAME first TO middle;
    ALTER TABLE swapped RENAME last TO first;
    ALTER TABLE swapped RENAME middle TO last;

    ALTER TABLE again ADD amount_next numeric(10, 2);
    UPDATE again SET amount_next = CASE WHEN id = 3 THEN 0 ELSE amount END;
    ALTER TABLE again DROP amount;
    ALTER TABLE again RENAME amount_next TO amount;

    CREATE VIEW rekeyed_shown AS SELECT no, CASE WHEN no = 7 THEN 'x' ELSE 'word ' || no END AS word FROM rekeyed;
    ALTER TABLE rekeyed DROP id, DROP word;

    CREATE VIEW other_key_shown AS
        SELECT no, CASE WHEN no = 7 THEN 'x' ELSE 'word ' || no END AS word FROM other_key;
    ALTER TABLE other_key DROP id, DROP word;
"""


@pytest.fixture(scope="module")
def outcome(databases: Databases) -> Iterator[Outcome]:
    made = check(databases, OLD_STATE, MIGRATION)
    yield made
    made.drop()


def test_a_view_under_the_tables_old_name_is_held_against_every_old_value_though_nothing_was_dropped(
    outcome: Outcome,
) -> None:
    found = outcome.one("value_differs", "veiled.word")
    assert (found.count, found.cause) == (30, "view_wrong")
    assert len(outcome.rerun(found)) == found.count
    assert outcome.column("veiled.amount").identical == 30
    fates = {item.fate for item in outcome.integrity.columns if item.table == "veiled"}
    assert fates == {"hidden"}
    assert {outcome.column(name).fate for name in ("remade.word", "again.amount")} == {"rewritten"}
    assert outcome.column("rekeyed.word").fate == "dropped"
    lost = outcome.one("row_missing", "veiled")
    assert (lost.count, lost.cause) == (10, "row_filter")


def test_a_column_that_such_a_view_hides_is_told_and_is_not_called_lost(outcome: Outcome) -> None:
    found = outcome.one("no_counterpart", "veiled.kept")
    assert (found.severity, found.count) == ("warning", 40)
    assert "veiled is a view now, which lacks veiled.kept" in found.detail
    assert "recoverable from veiled_data.kept for 40 of them" in found.detail


def test_every_value_of_a_table_made_anew_is_compared(outcome: Outcome) -> None:
    assert outcome.one("value_differs", "remade.amount").count == 1
    lost = outcome.one("row_missing", "remade")
    assert (lost.count, lost.cause) == (1, "row_deleted")
    assert outcome.column("remade.kept").identical == 39


def test_a_new_table_under_the_old_name_counts_and_not_the_old_one_that_was_put_aside(outcome: Outcome) -> None:
    assert outcome.one("row_missing", "rebuilt").count == 1
    assert outcome.column("rebuilt.word").counterpart == "rebuilt.word"


def test_columns_that_exchange_their_names_differ(outcome: Outcome) -> None:
    assert outcome.one("value_differs", "swapped.first").count == 40
    assert outcome.one("value_differs", "swapped.last").count == 40


def test_a_column_dropped_and_added_again_is_compared_with_the_new_one(outcome: Outcome) -> None:
    found = outcome.column("again.amount")
    assert (found.counterpart, found.counterpart_type, found.different) == ("again.amount", "numeric(10,2)", 1)
    assert not outcome.found("no_counterpart", "again.amount")


def test_rows_are_followed_by_another_key_where_the_first_one_goes(outcome: Outcome) -> None:
    assert outcome.one("value_differs", "other_key.word").count == 1
    assert outcome.column("other_key.id").verdict == "no_counterpart"


def test_whole_rows_are_compared_where_the_only_key_goes(outcome: Outcome) -> None:
    assert outcome.one("row_missing", "rekeyed_shown").count == 1
    assert outcome.one("row_extra", "rekeyed_shown").count == 1


def test_notes_follow_tables_and_columns_through_their_new_names(databases: Databases) -> None:
    old = """
        CREATE TABLE words (id int PRIMARY KEY, word text, other text);
        INSERT INTO words SELECT n, 'word ' || n, 'x' || n FROM generate_series(1, 9) n;
    """
    migration = """
        CREATE SCHEMA kept;
        ALTER TABLE words SET SCHEMA kept;
        ALTER TABLE kept.words RENAME TO words_data;
        ALTER TABLE kept.words_data RENAME word TO term;
        ALTER TABLE kept.words_data ADD helper int;
        ALTER TABLE kept.words_data DROP term, DROP helper, DROP IF EXISTS nothing;
        CREATE VIEW words AS SELECT id, 'word ' || id AS word, other FROM kept.words_data;
    """
    made = check(databases, old, migration)
    try:
        assert made.integrity.notes == ("migration.sql drops words.nothing, which did not exist before",)
        assert made.column("words.word").verdict == "identical"
    finally:
        made.drop()


def test_a_key_that_the_view_writes_otherwise_is_told_though_the_join_calls_it_equal(databases: Databases) -> None:
    old = """
        CREATE TABLE parts (number numeric PRIMARY KEY, word text, size numeric);
        INSERT INTO parts SELECT n, 'word ' || n, n FROM generate_series(1, 9) n;
    """
    migration = """
        CREATE VIEW parts_shown AS SELECT number * 1.0 AS number, 'word ' || number AS word FROM parts;
        ALTER TABLE parts DROP word;
    """
    made = check(databases, old, migration)
    try:
        found = made.one("renders_differently", "parts_shown.number")
        assert (found.count, len(made.rerun(found))) == (9, 9)
    finally:
        made.drop()


def test_a_view_whose_values_depend_on_the_session_is_told_though_they_agree_now(databases: Databases) -> None:
    old = """
        CREATE TABLE visits (id int PRIMARY KEY, at timestamptz, day date, open boolean, word text);
        INSERT INTO visits SELECT n, '2024-01-01 12:00Z'::timestamptz + n * interval '1 h',
            (('2024-01-01 12:00Z'::timestamptz + n * interval '1 h') AT TIME ZONE 'UTC')::date, false, 'w'
        FROM generate_series(1, 9) n;
    """
    migration = """
        CREATE VIEW visits_below AS SELECT id, at, at::date AS day FROM visits;
        CREATE VIEW visits_shown AS SELECT id, day, at > CURRENT_DATE AS open FROM visits_below;
        CREATE VIEW visits_plain AS SELECT id, lower('W') AS word FROM visits;
        ALTER TABLE visits DROP day, DROP open, DROP word;
    """
    made = check(databases, old, migration, column_map=(("visits.word", "visits_plain.word"),))
    try:
        assert made.column("visits.day").verdict == "identical"
        below, shown = (note for note in made.integrity.notes if " calls " in note)
        assert below.startswith("visits_below calls date(): its values were compared as this moment")
        assert shown.startswith("visits_shown calls CURRENT_DATE, timestamptz_gt_date(): ")
    finally:
        made.drop()
