"""What kept a copy up to date goes with it; what did anything else is missed. Quoted names with spaces are followed."""

from __future__ import annotations

from harness.server import Databases
from tests.integration.verify.checking import check

OLD_STATE = """
    CREATE TABLE makers (id int PRIMARY KEY, name text);
    CREATE TABLE "Order Lines" (id int PRIMARY KEY, maker_id int, "Maker's name" text, state text);
    INSERT INTO makers SELECT n, 'maker ' || n FROM generate_series(1, 5) n;
    INSERT INTO "Order Lines"
    SELECT n, m.id, m.name, 's' || n FROM generate_series(1, 20) n JOIN makers m ON m.id = 1 + n % 5;
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE "Order Lines" SET "Maker's name" = NEW.name WHERE maker_id = NEW.id; RETURN NEW; END $$;
    CREATE TRIGGER kept AFTER UPDATE OF name ON makers FOR EACH ROW EXECUTE FUNCTION keep();
    CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW."Maker's name" := (SELECT name FROM makers WHERE id = NEW.maker_id); RETURN NEW; END $$;
    CREATE TRIGGER filled BEFORE INSERT ON "Order Lines" FOR EACH ROW EXECUTE FUNCTION fill();
    CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE "Order Lines" SET state = 'x' WHERE maker_id = NEW.id; RETURN NEW; END $$;
    CREATE TRIGGER noted AFTER UPDATE ON makers FOR EACH ROW EXECUTE FUNCTION other();
    CREATE FUNCTION told(wanted int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
        RETURN (SELECT l."Maker's name" FROM "Order Lines" l WHERE l.id = wanted); END $$;
"""
MIGRATION = """
    DROP FUNCTION keep() CASCADE;
    DROP FUNCTION fill() CASCADE;
    DROP FUNCTION other() CASCADE;
    CREATE VIEW lines_shown AS
        SELECT l.id, l.maker_id, m.name AS "Maker's name", l.state
        FROM "Order Lines" l LEFT JOIN makers m ON m.id = l.maker_id;
    ALTER TABLE "Order Lines" DROP COLUMN "Maker's name";
"""


def test_what_kept_a_copy_may_go_with_it_and_nothing_else(databases: Databases) -> None:
    outcome = check(databases, OLD_STATE, MIGRATION)
    try:
        gone = outcome.found("trigger_lost") + outcome.found("function_lost")
        assert {item.object: item.severity for item in gone} == {
            "public.makers: kept": "warning",
            "public.Order Lines: filled": "warning",
            "public.makers: noted": "error",
            "public.keep()": "warning",
            "public.fill()": "warning",
            "public.other()": "error",
        }
        assert all(("Order Lines.Maker's name" in item.detail) == (item.severity == "warning") for item in gone)
        assert outcome.one("function_broken").object == "public.told(wanted integer)"
    finally:
        outcome.drop()
