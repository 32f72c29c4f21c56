"""Which view column replaces a lost one: by map, by name, by data, or none; and what is no counterpart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.errors import ScenarioError
from harness.server import Databases
from tests.integration.verify.checking import Outcome, check

OLD_STATE = """
    CREATE TYPE grade AS ENUM ('low', 'high');
    CREATE TABLE makers (id int PRIMARY KEY, title text, city text, big boolean DEFAULT true);
    CREATE TABLE goods (
        id int PRIMARY KEY, maker_id int REFERENCES makers, maker_name text, maker_city text, maker_title text,
        grade_name varchar(10), active boolean, note text, price numeric(10,2), weight numeric, old_label text
    );
    CREATE TABLE sold (id int PRIMARY KEY, good_id int REFERENCES goods);
    CREATE TABLE gone (id int PRIMARY KEY, word text);
    CREATE TABLE remade (id int PRIMARY KEY, word text, other text);
    CREATE SCHEMA side;
    CREATE TABLE side.goods (id int PRIMARY KEY, title text, label text);
    INSERT INTO makers (id, title, city) SELECT n, 'maker ' || n, 'city ' || n FROM generate_series(1, 30) n;
    INSERT INTO goods
    SELECT n, m.id, m.title, m.city, m.title, 'low', n % 3 > 0, 'note ' || n, n, n, 'label'
    FROM generate_series(1, 90) n JOIN makers m ON m.id = 1 + n % 30;
    UPDATE goods SET maker_name = 'stale' WHERE id = 7;
    INSERT INTO sold SELECT n, 1 + n % 90 FROM generate_series(1, 200) n;
    INSERT INTO gone SELECT n, 'word ' || n FROM generate_series(1, 9) n;
    INSERT INTO remade SELECT n, 'word ' || n, 'other ' || n FROM generate_series(1, 9) n;
    INSERT INTO side.goods SELECT n, 'title ' || n, 'title ' || n FROM generate_series(1, 9) n;
"""
MIGRATION = """
    CREATE VIEW goods_inner AS
        SELECT g.id, m.title AS maker_name, m.city AS place, m.title AS producer, 'label'::text AS sticker,
               'low'::grade AS grade_name
        FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
    CREATE VIEW goods_shown AS SELECT id AS good_id, maker_name, place, producer FROM goods_inner;
    CREATE VIEW sold_shown AS
        SELECT s.id, s.good_id, g.id AS the_good, g.price, m.title AS maker_name, 'x'::text AS note
        FROM sold s JOIN goods g ON g.id = s.good_id LEFT JOIN makers m ON m.id = g.maker_id;
    ALTER TABLE goods DROP COLUMN maker_name, DROP COLUMN maker_city, DROP COLUMN maker_title,
        DROP COLUMN grade_name, DROP COLUMN active, DROP COLUMN note, DROP COLUMN old_label;
    ALTER TABLE goods RENAME COLUMN price TO cost;
    ALTER TABLE goods ALTER COLUMN weight TYPE real;
    ALTER TABLE goods RENAME TO wares;
    ALTER TABLE gone RENAME TO gone_base;
    ALTER TABLE gone_base DROP COLUMN word;
    CREATE VIEW gone AS SELECT id, 'word ' || id AS word FROM gone_base;
    CREATE TABLE remade_new AS SELECT id, word FROM remade;
    DROP TABLE remade;
    ALTER TABLE remade_new RENAME TO remade;
    CREATE VIEW side.goods_shown AS SELECT id, title AS label FROM side.goods;
    ALTER TABLE side.goods DROP COLUMN label;
"""


@pytest.fixture(scope="module")
def outcome(databases: Databases) -> Iterator[Outcome]:
    made = check(databases, OLD_STATE, MIGRATION, column_map=(("goods.maker_title", "goods_shown.producer"),))
    yield made
    made.drop()


def test_the_name_decides_where_a_view_over_the_table_has_it(outcome: Outcome) -> None:
    found = outcome.column("goods.maker_name")
    assert (found.lineage, found.counterpart, found.different) == ("name", "goods_inner.maker_name", 1)


def test_the_map_decides_before_the_name(outcome: Outcome) -> None:
    found = outcome.column("goods.maker_title")
    assert (found.lineage, found.counterpart, found.identical) == ("map", "goods_shown.producer", 90)


def test_the_data_decide_where_no_name_does(outcome: Outcome) -> None:
    found = outcome.column("goods.maker_city")
    assert (found.lineage, found.counterpart, found.verdict) == ("data", "goods_inner.place", "identical")


def test_a_view_whose_rows_are_another_tables_is_no_counterpart(outcome: Outcome) -> None:
    assert outcome.column("goods.note").verdict == "no_counterpart"
    assert outcome.one("no_counterpart", "goods.note").count == 90


def test_a_constant_column_is_not_found_by_data(outcome: Outcome) -> None:
    assert outcome.column("goods.old_label").counterpart is None


def test_a_column_without_counterpart_says_where_its_values_still_are(outcome: Outcome) -> None:
    assert "recoverable" not in outcome.one("no_counterpart", "goods.active").detail
    made = outcome.one("no_counterpart", "goods.note")
    assert len(outcome.rerun(made)) == made.count


def test_a_renamed_table_and_column_are_still_the_same(outcome: Outcome) -> None:
    assert not outcome.found(name="goods.price")
    assert "goods.price" not in {f"{item.table}.{item.column}" for item in outcome.integrity.columns}


def test_a_retyped_column_is_compared_with_itself(outcome: Outcome) -> None:
    found = outcome.column("goods.weight")
    assert (found.counterpart, found.counterpart_type, found.verdict) == ("wares.weight", "real", "identical")
    assert outcome.one("type_drift", "goods.weight")


def test_a_view_under_the_tables_old_name_replaces_it(outcome: Outcome) -> None:
    found = outcome.column("gone.word")
    assert (found.counterpart, found.identical) == ("gone.word", 9)


def test_a_table_made_anew_is_known_by_its_name(outcome: Outcome) -> None:
    verdicts = {item.column: item.verdict for item in outcome.integrity.columns if item.table == "remade"}
    assert verdicts == {"id": "identical", "word": "identical", "other": "no_counterpart"}


def test_tables_of_the_same_name_in_two_schemas_are_kept_apart(outcome: Outcome) -> None:
    found = outcome.column("side.goods.label")
    assert (found.counterpart, found.rows, found.identical) == ("side.goods_shown.label", 9, 9)


def test_what_the_statements_say_is_held_against_the_catalogue(databases: Databases) -> None:
    made = check(
        databases,
        "CREATE TABLE t (id int PRIMARY KEY, a text, b text); INSERT INTO t VALUES (1, 'a', 'b')",
        """
        CREATE VIEW v AS SELECT id, 'a' AS a, 'b' AS b FROM t;
        ALTER TABLE t DROP COLUMN a, DROP COLUMN IF EXISTS nothing;
        DO $$ BEGIN EXECUTE 'ALTER TABLE t DROP COLUMN b'; END $$;
        """,
    )
    try:
        assert made.integrity.notes == (
            "migration.sql drops t.nothing, which did not exist before",
            "t.b is gone, though no statement of the migration names it",
        )
    finally:
        made.drop()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (("goods.maker_nam", "goods_shown.producer"), "did you mean 'maker_name'"),
        (("goods.maker_name", "goods_show.producer"), "did you mean 'goods_shown'"),
        (("goods.maker_name", "goods_shown.producr"), "did you mean 'producer'"),
    ],
)
def test_a_map_that_names_nothing_names_the_near_miss(databases: Databases, entry: tuple[str, str], words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        check(databases, OLD_STATE, MIGRATION, column_map=(entry,))
