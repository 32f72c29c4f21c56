"""Migrations of other kinds than the built-in one, with known faults: each is found, with its kind and its cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness.server import Databases
from tests.integration.verify.checking import Outcome, check

Checked = Callable[[str, str], Outcome]


@pytest.fixture
def checked(databases: Databases) -> Iterator[Checked]:
    """Checks a migration; its databases go when the test ends."""
    made: list[Outcome] = []

    def run(old_state: str, migration: str) -> Outcome:
        made.append(check(databases, old_state, migration))
        return made[-1]

    yield run
    for outcome in made:
        outcome.drop()


def errors(outcome: Outcome) -> dict[tuple[str, str, str], int]:
    """Kind, object and cause of every error, with its count."""
    found = outcome.integrity.findings
    return {(item.kind, item.object, item.cause): item.count for item in found if item.severity == "error"}


def test_quoted_names_composite_keys_text_keys_and_a_table_joined_with_itself(checked: Checked) -> None:
    """The references are text and not declared; the view's own joins tell them."""
    old_state = """
        CREATE SCHEMA "Shop";
        CREATE TABLE "Shop"."Customer" ("Code" text PRIMARY KEY, "Full Name" text, "Parent Code" text);
        CREATE TABLE "Shop"."Order Line" (
            "Order" int, "Line" int, "Customer Code" text, "Customer Name" text, "Parent Name" text, "order" int,
            PRIMARY KEY ("Order", "Line")
        );
        INSERT INTO "Shop"."Customer"
        SELECT 'C' || n, 'Name ' || n, CASE WHEN n > 5 THEN 'C' || n % 5 + 1 END FROM generate_series(1, 50) n;
        INSERT INTO "Shop"."Order Line"
        SELECT n / 3, n % 3, c."Code", c."Full Name", p."Full Name", n
        FROM generate_series(1, 300) n
        JOIN "Shop"."Customer" c ON c."Code" = 'C' || 1 + n % 50
        LEFT JOIN "Shop"."Customer" p ON p."Code" = c."Parent Code";
        UPDATE "Shop"."Order Line" SET "Customer Name" = 'old' WHERE ("Order", "Line") IN ((1, 0), (2, 1));
        UPDATE "Shop"."Order Line" SET "Customer Code" = 'gone' WHERE ("Order", "Line") = (7, 2);
        UPDATE "Shop"."Order Line" SET "Customer Code" = NULL WHERE ("Order", "Line") = (8, 0);
    """
    migration = """
        CREATE VIEW "Shop"."Order Line Shown" AS
        SELECT l."Line", l."Order", l."Customer Code", c."Full Name" AS "Customer Name",
               p."Full Name" AS "Parent Name", l."order"
        FROM "Shop"."Order Line" l
        LEFT JOIN "Shop"."Customer" c ON c."Code" = l."Customer Code"
        LEFT JOIN "Shop"."Customer" p ON p."Code" = c."Parent Code";
        ALTER TABLE "Shop"."Order Line" DROP COLUMN "Customer Name", DROP COLUMN "Parent Name";
    """
    outcome = checked(old_state, migration)
    name = "Shop.Order Line.Customer Name"
    assert {key: count for key, count in errors(outcome).items() if key[1] == name} == {
        ("value_differs", name, "stale_copy"): 2,
        ("value_to_null", name, "orphan_fk"): 1,
        ("value_to_null", name, "null_fk"): 1,
    }
    parents = {key[2] for key in errors(outcome) if key[1] == "Shop.Order Line.Parent Name"}
    assert parents <= {"null_fk", "orphan_fk"}


def test_a_table_split_in_two_behind_a_union(checked: Checked) -> None:
    old_state = """
        CREATE TABLE events (id int PRIMARY KEY, happened date, what text);
        INSERT INTO events SELECT n, date '2023-01-01' + n, 'event ' || n FROM generate_series(1, 500) n;
    """
    migration = """
        CREATE TABLE events_2023 AS SELECT * FROM events WHERE happened < '2024-01-01';
        CREATE TABLE events_2024 AS SELECT * FROM events WHERE happened > '2024-01-01';
        INSERT INTO events_2024 SELECT * FROM events_2023 WHERE id = 77;
        DROP TABLE events;
        CREATE VIEW events AS SELECT * FROM events_2023 UNION ALL SELECT * FROM events_2024;
    """
    outcome = checked(old_state, migration)
    assert errors(outcome) == {
        ("row_missing", "events", "unexplained"): 1,
        ("row_duplicated", "events", "fan_out"): 1,
        ("write_lost", "events", ""): 3,
    }
    assert outcome.one("row_duplicated").examples[0].key == "77"


def test_columns_moved_to_a_table_of_their_own(checked: Checked) -> None:
    old_state = """
        CREATE TABLE people (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n int, bio text, prefs jsonb, tags text[]);
        INSERT INTO people (n, bio, prefs, tags)
        SELECT n, repeat('x', n), jsonb_build_object('a', n, 'b', 1.0), ARRAY['t' || n, 'u']
        FROM generate_series(1, 90) n;
    """
    migration = """
        CREATE TABLE profiles (person_id uuid PRIMARY KEY REFERENCES people, bio varchar(80), prefs jsonb, tags text[]);
        INSERT INTO profiles SELECT id, left(bio, 80), jsonb_set(prefs, '{b}', '1.00'),
                                    CASE WHEN n = 5 THEN ARRAY['u', 't5'] ELSE tags END
        FROM people WHERE n <> 9;
        CREATE VIEW people_shown AS
            SELECT p.id, p.n, f.bio, f.prefs, f.tags FROM people p LEFT JOIN profiles f ON f.person_id = p.id;
        ALTER TABLE people DROP COLUMN bio, DROP COLUMN prefs, DROP COLUMN tags;
    """
    outcome = checked(old_state, migration)
    kinds: dict[tuple[str, str], int] = {}
    for (kind, name, _), count in errors(outcome).items():
        kinds[kind, name] = kinds.get((kind, name), 0) + count
    assert kinds == {
        ("value_differs", "people.bio"): 10,
        ("value_to_null", "people.bio"): 1,
        ("value_to_null", "people.prefs"): 1,
        ("value_to_null", "people.tags"): 1,
        ("value_differs", "people.tags"): 1,
    }
    assert outcome.one("renders_differently", "people.prefs").count == 89
    assert outcome.found("type_drift", "people.bio")


def test_a_sum_that_was_kept_becomes_an_aggregate(checked: Checked) -> None:
    old_state = """
        CREATE TABLE clients (id int PRIMARY KEY, name text, total numeric(12,2) NOT NULL DEFAULT 0, orders int);
        CREATE TABLE orders (id int PRIMARY KEY, client_id int REFERENCES clients, price numeric(10,2),
                             cancelled boolean);
        INSERT INTO clients (id, name) SELECT n, 'client ' || n FROM generate_series(1, 40) n;
        INSERT INTO orders SELECT n, 1 + n % 30, n, n % 30 = 3 FROM generate_series(1, 300) n;
        UPDATE clients SET total = (SELECT coalesce(sum(price), 0) FROM orders WHERE client_id = clients.id),
                           orders = (SELECT count(*) FROM orders WHERE client_id = clients.id);
    """
    migration = """
        CREATE VIEW clients_shown AS
        SELECT c.id, c.name, s.total::numeric(12,2) AS total, coalesce(s.orders, 0)::int AS orders
        FROM clients c
        LEFT JOIN (SELECT client_id, sum(price) AS total, count(*) AS orders FROM orders WHERE NOT cancelled
                   GROUP BY client_id) s ON s.client_id = c.id;
        ALTER TABLE clients DROP COLUMN total, DROP COLUMN orders;
    """
    found = {(kind, name): count for (kind, name, _), count in errors(checked(old_state, migration)).items()}
    assert found == {("value_to_null", "clients.total"): 11, ("value_differs", "clients.orders"): 1}


VIEWS = """
    CREATE TABLE makers (id int PRIMARY KEY, name text, live boolean NOT NULL DEFAULT true);
    CREATE TABLE goods (id int PRIMARY KEY, maker_id int REFERENCES makers, maker_name text, price numeric(8,2),
                        made timestamptz, state text NOT NULL DEFAULT 'new');
    INSERT INTO makers SELECT n, 'maker ' || n, n <> 4 FROM generate_series(1, 20) n;
    INSERT INTO goods
    SELECT n, m.id, m.name, n, timestamptz '2024-01-01 10:00:00.5+00' + n * interval '1 hour'
    FROM generate_series(1, 200) n JOIN makers m ON m.id = 1 + n % 20;
    CREATE VIEW report AS SELECT maker_name, sum(price) AS price FROM goods GROUP BY maker_name;
"""


def test_a_filter_within_a_view_beneath_the_view_is_told(checked: Checked) -> None:
    migration = """
        DROP VIEW report;
        CREATE VIEW goods_inner AS SELECT g.id AS good, g.maker_id, g.price, g.made FROM goods g WHERE g.price <> 17;
        CREATE VIEW goods_shown AS
            WITH w AS (SELECT * FROM goods_inner)
            SELECT w.good AS id, w.price, w.made, m.name AS maker_name
            FROM w LEFT JOIN (SELECT k.id, k.name FROM makers k WHERE k.live) AS m ON m.id = w.maker_id;
        CREATE VIEW report AS SELECT maker_name, sum(price) AS price FROM goods_shown GROUP BY maker_name;
        ALTER TABLE goods DROP COLUMN maker_name;
    """
    outcome = checked(VIEWS, migration)
    assert errors(outcome) == {
        ("row_missing", "goods_shown", "row_filter"): 1,
        ("value_to_null", "goods.maker_name", "row_filter"): 10,
        ("answer_differs", "report", "unexplained"): 4,
    }


def test_what_a_view_shows_wrong_of_columns_that_are_still_there_is_found(checked: Checked) -> None:
    migration = """
        DROP VIEW report;
        CREATE VIEW goods_shown AS
            SELECT g.id, m.name AS maker_name, (g.price + 0.01)::numeric(8,2) AS price, g.made::timestamp AS made,
                   g.state
            FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
        CREATE VIEW goods_list AS
            SELECT g.id, CASE WHEN g.id = 9 THEN NULL ELSE m.name END AS maker_name
            FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
        CREATE VIEW report AS SELECT maker_name, sum(price - 0.01) AS price FROM goods_shown GROUP BY maker_name;
        ALTER TABLE goods DROP COLUMN maker_name;
    """
    outcome = checked(VIEWS, migration)
    assert errors(outcome) == {
        ("value_differs", "goods_shown.price", "view_wrong"): 200,
        ("value_to_null", "goods_list.maker_name", "view_wrong"): 1,
    }
    assert [item.object for item in outcome.found("type_drift")] == ["goods_shown.made"]
    assert len(outcome.rerun(outcome.one("value_to_null"))) == 1


def test_a_join_with_many_is_a_fan_out_and_not_a_lost_view(checked: Checked) -> None:
    migration = """
        DROP VIEW report;
        CREATE TABLE parts (id int PRIMARY KEY, good_id int REFERENCES goods);
        INSERT INTO parts VALUES (1, 5), (2, 5), (3, 6);
        CREATE VIEW goods_shown AS
            SELECT g.id, m.name AS maker_name
            FROM goods g LEFT JOIN makers m ON m.id = g.maker_id LEFT JOIN parts p ON p.good_id = g.id;
        ALTER TABLE goods DROP COLUMN maker_name;
    """
    outcome = checked(VIEWS, migration)
    found = {key: count for key, count in errors(outcome).items() if key[0] != "view_lost"}
    assert found == {("row_duplicated", "goods_shown", "fan_out"): 1}
    assert "parts on good_id" in outcome.one("row_duplicated").detail


def test_a_table_made_anew_keeps_nothing_by_itself(checked: Checked) -> None:
    old_state = (
        VIEWS
        + """
        CREATE INDEX goods_made ON goods (made);
        ALTER TABLE goods ADD CONSTRAINT price_is_positive CHECK (price > 0);
        CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER goods_touched BEFORE UPDATE ON goods FOR EACH ROW EXECUTE FUNCTION touched();
        COMMENT ON COLUMN goods.price IS 'in euro';
        ALTER TABLE goods ENABLE ROW LEVEL SECURITY;
    """
    )
    migration = """
        DROP VIEW report;
        CREATE TABLE goods_new AS SELECT id, maker_id, price, made, state FROM goods;
        DROP TABLE goods;
        ALTER TABLE goods_new RENAME TO goods;
        ALTER TABLE goods ADD PRIMARY KEY (id);
        CREATE VIEW goods_shown AS
            SELECT g.id, m.name AS maker_name FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
    """
    outcome = checked(old_state, migration)
    found = {(item.kind, item.object) for item in outcome.found() if item.kind.endswith("_lost")}
    assert found == {
        ("view_lost", "report"),
        ("constraint_lost", "goods.goods_maker_id_fkey"),
        ("constraint_lost", "goods.price_is_positive"),
        ("constraint_lost", "goods.state"),
        ("default_lost", "goods.state"),
        ("index_lost", "goods_made"),
        ("trigger_lost", "public.goods: goods_touched"),
        ("comment_lost", "table column public.goods.price"),
        ("policy_lost", "goods"),
    }


def test_rows_taken_from_a_table_that_keeps_its_columns_are_missed(checked: Checked) -> None:
    migration = """
        DROP VIEW report;
        CREATE VIEW goods_shown AS
            SELECT g.id, m.name AS maker_name FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
        ALTER TABLE goods DROP COLUMN maker_name;
        INSERT INTO makers VALUES (99, 'new');
        CREATE TABLE parts (id int);
    """
    old_state = VIEWS + "CREATE TABLE notes (id int, note text); INSERT INTO notes VALUES (1, 'a'), (2, 'b');"
    outcome = checked(old_state, migration + "DELETE FROM notes WHERE id = 2;")
    found = {key: count for key, count in errors(outcome).items() if key[0] != "view_lost"}
    assert found == {("row_missing", "notes", "row_deleted"): 1}


LOOKED_UP = """
    DROP VIEW report;
    CREATE VIEW goods_shown AS
        SELECT g.id, m.name AS maker_name FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
    ALTER TABLE goods DROP COLUMN maker_name;
"""
BESIDE = """
    CREATE TABLE rates (id int PRIMARY KEY, share numeric(6,4), note text);
    INSERT INTO rates VALUES (1, 0.1234, 'a'), (2, 0.5, 'b'), (3, NULL, NULL), (4, 1, 'd');
    CREATE TABLE notes (id int, note text);
    INSERT INTO notes VALUES (1, 'a'), (1, 'a'), (2, 'b');
"""


def test_values_changed_in_columns_that_are_still_there_are_told(checked: Checked) -> None:
    changes = """
        UPDATE rates SET share = round(share, 2);
        UPDATE rates SET note = NULL WHERE id = 2;
        UPDATE rates SET note = 'c' WHERE id = 3;
        DELETE FROM rates WHERE id = 4;
        INSERT INTO rates VALUES (5, 2, 'new');
        UPDATE goods SET price = price + 1 WHERE id = (SELECT min(id) FROM goods);
        UPDATE notes SET note = 'b' WHERE ctid = (SELECT min(ctid) FROM notes);
    """
    outcome = checked(VIEWS + BESIDE, LOOKED_UP + changes)
    found = {key: count for key, count in errors(outcome).items() if key[0] != "view_lost"}
    assert found == {
        ("value_differs", "rates.share", "row_changed"): 1,
        ("value_to_null", "rates.note", "row_changed"): 1,
        ("row_missing", "rates", "row_deleted"): 1,
        ("value_differs", "goods.price", "row_changed"): 1,
        ("row_missing", "notes", "row_changed"): 1,
    }
    filled = outcome.one("null_to_value", "rates.note")
    assert (filled.severity, filled.count, filled.cause) == ("warning", 1, "row_changed")
    (example,) = outcome.one("value_differs", "rates.share").examples
    assert (example.key, example.old, example.new) == ("1", "0.1234", "0.1200")
    assert [list(row) for row in outcome.rerun(outcome.one("row_missing", "rates"))] == [[4]]


def test_rows_written_anew_with_the_same_values_are_no_finding(checked: Checked) -> None:
    changes = "UPDATE rates SET share = share; ALTER TABLE notes ADD COLUMN made timestamptz DEFAULT clock_timestamp();"
    outcome = checked(VIEWS + BESIDE, LOOKED_UP + changes)
    assert [key for key in errors(outcome) if key[0] != "view_lost"] == []
