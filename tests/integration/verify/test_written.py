"""What the old form of a write changes must be there after the new form, too, under the names that are still there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.server import Databases
from tests.integration.verify.checking import Outcome, check, query

OLD_STATE = """
    CREATE TABLE words (id int PRIMARY KEY, word text, state text, copied text, at timestamptz, no serial);
    INSERT INTO words (id, word, state, copied) SELECT n, 'word ' || n, 'new', 'copy' FROM generate_series(1, 9) n;
    CREATE TABLE notes (id int PRIMARY KEY, note text);
    INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 9) n;
"""
MIGRATION = """
    ALTER TABLE words RENAME TO words_data;
    ALTER TABLE words_data DROP copied;
    CREATE VIEW words AS SELECT id, word, state, 'copy'::text AS copied, at, no FROM words_data;
    CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        IF TG_OP = 'INSERT' THEN
            INSERT INTO words_data (id, word, state, at) VALUES (NEW.id, left(NEW.word, 4), NEW.state, now());
        ELSE
            UPDATE words_data SET word = NEW.word, at = now() WHERE id = OLD.id;  -- and not the state
        END IF;
        RETURN NEW;
    END $$;
    ALTER TABLE notes RENAME TO notes_data;
    CREATE VIEW notes AS SELECT id::text AS id, note FROM notes_data;
    CREATE TRIGGER change INSTEAD OF INSERT OR UPDATE OR DELETE ON words FOR EACH ROW EXECUTE FUNCTION change();
"""
KEPT = "UPDATE words SET word = 'other', at = clock_timestamp() WHERE id = 1"
LOST = "UPDATE words SET word = 'other', state = 'old' WHERE id < 4"
ADDED = "INSERT INTO words (id, word, state, at) VALUES (100, 'a new word', 'new', clock_timestamp())"
TAKEN = "DELETE FROM words WHERE id IN (2, 3)"
NOTED = "UPDATE notes SET note = 'other' WHERE id = 5"
NOTED_SHORT = "UPDATE notes_data SET note = 'oth' WHERE id = 5"
QUERIES = (
    *(
        query(name, text, text, kind="write")
        for name, text in (("kept", KEPT), ("lost", LOST), ("added", ADDED), ("taken", TAKEN))
    ),
    query("noted", NOTED, NOTED_SHORT, kind="write"),
)


@pytest.fixture(scope="module")
def outcome(databases: Databases) -> Iterator[Outcome]:
    made = check(databases, OLD_STATE, MIGRATION, queries=QUERIES)
    yield made
    made.drop()


def test_a_write_that_leaves_the_same_is_not_accused_of_its_clock(outcome: Outcome) -> None:
    assert not outcome.found(name="kept")
    assert "kept" not in outcome.untimed


def test_a_write_that_the_new_form_loses_is_found_cell_by_cell_and_is_not_timed(outcome: Outcome) -> None:
    found = outcome.one("answer_differs", "lost")
    assert (found.severity, found.count, found.rows) == ("error", 3, 6)
    assert "words.state" in found.detail
    assert [(item.key, item.old, item.new) for item in found.examples] == [
        (f"parameter set 1: {number}, state", "old", "new") for number in (1, 2, 3)
    ]
    assert "lost" in outcome.untimed


def test_a_new_row_is_compared_whole_but_for_what_no_two_runs_share(outcome: Outcome) -> None:
    found = outcome.one("answer_differs", "added")
    assert [(item.old, item.new) for item in found.examples] == [("a new word", "a ne")]


def test_rows_that_the_old_form_deletes_and_the_new_one_keeps_are_found(outcome: Outcome) -> None:
    found = outcome.one("answer_differs", "taken")
    assert found.count == 2


def test_rows_are_found_by_their_key_also_where_it_has_another_type_now(outcome: Outcome) -> None:
    found = outcome.one("answer_differs", "noted")
    assert [(item.key, item.old, item.new) for item in found.examples] == [("parameter set 1: 5, note", "other", "oth")]
