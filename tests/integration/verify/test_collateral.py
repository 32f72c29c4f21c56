"""What a migration breaks or loses besides values."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.server import Databases
from tests.integration.verify.checking import Outcome, check, run_apart

OLD_STATE = """
    CREATE TABLE makers (id int PRIMARY KEY, name text UNIQUE, city text, CONSTRAINT city_there CHECK (city <> ''));
    CREATE TABLE goods (
        id int PRIMARY KEY, maker_id int CONSTRAINT maker_there REFERENCES makers, maker_name text NOT NULL, sku text,
        price numeric CONSTRAINT price_positive CHECK (price > 0), CONSTRAINT named CHECK (maker_name <> '')
    );
    INSERT INTO makers VALUES (1, 'maker', 'city');
    INSERT INTO goods VALUES (1, 1, 'maker', 'sku', 1);
    CREATE INDEX goods_by_sku ON goods (sku);
    CREATE INDEX goods_by_price ON goods (price);
    CREATE INDEX goods_by_name ON goods (maker_name, id);
    CREATE INDEX goods_named ON goods (price) WHERE maker_name <> '';
    CREATE INDEX goods_upper ON goods (price, upper(maker_name));
    CREATE INDEX goods_beside ON goods (price) INCLUDE (maker_name);
    CREATE UNIQUE INDEX goods_once ON goods (maker_name, sku);
    CREATE UNIQUE INDEX goods_single ON goods (maker_id, price);
    CREATE UNIQUE INDEX goods_loose ON goods (sku, price) WHERE price > 0;
    CREATE UNIQUE INDEX goods_needless ON goods (id, sku);
    CREATE UNIQUE INDEX goods_looser ON goods (sku, price) WHERE price > 1;
    CREATE INDEX makers_old_pair ON makers (city, id);
    CREATE INDEX makers_old_single ON makers (city);
    CREATE VIEW goods_old AS SELECT id, maker_name FROM goods;
    CREATE VIEW makers_kept AS SELECT id FROM makers;
    COMMENT ON TABLE goods IS 'what is sold';
    COMMENT ON COLUMN goods.price IS 'in euro';
    COMMENT ON COLUMN goods.maker_name IS 'copied';
    GRANT SELECT, INSERT ON goods TO verify_granted;
    GRANT SELECT (maker_name) ON goods TO verify_granted;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN NEW.maker_name := upper(NEW.maker_name); RETURN NEW; END $$;
    CREATE FUNCTION fine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.sku := upper(NEW.sku); RETURN NEW; END $$;
    CREATE TRIGGER goods_touch BEFORE INSERT ON goods FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE TRIGGER goods_fine BEFORE INSERT ON goods FOR EACH ROW EXECUTE FUNCTION fine();
    CREATE TRIGGER goods_gone BEFORE UPDATE ON goods FOR EACH ROW EXECUTE FUNCTION fine();
    CREATE FUNCTION by_call() RETURNS text LANGUAGE plpgsql AS $$
        DECLARE found text; BEGIN SELECT maker_name INTO found FROM goods LIMIT 1; RETURN found; END $$;
    CREATE FUNCTION by_alias(wanted int) RETURNS text LANGUAGE plpgsql AS $$
        BEGIN RETURN (SELECT g.maker_name FROM public.goods AS g WHERE g.id = wanted); END $$;
    CREATE FUNCTION by_sql(wanted int) RETURNS text LANGUAGE sql AS 'SELECT maker_name FROM goods WHERE id = wanted';
    CREATE FUNCTION by_comment(wanted int) RETURNS int LANGUAGE plpgsql AS $$
        BEGIN -- goods.maker_name is copied
            RETURN (SELECT g.id FROM goods g WHERE g.id = wanted); END $$;
    CREATE FUNCTION by_view(wanted int) RETURNS text LANGUAGE plpgsql AS $$
        BEGIN RETURN (SELECT s.maker_name FROM goods_shown s JOIN goods g ON g.id = s.id WHERE s.id = wanted); END $$;
    CREATE FUNCTION dropped() RETURNS int LANGUAGE sql AS 'SELECT 1';
    ALTER TABLE makers ENABLE ROW LEVEL SECURITY;
    CREATE POLICY all_there ON makers USING (true);
    CREATE POLICY changed ON makers USING (city = 'city');
"""
MIGRATION = """
    CREATE VIEW goods_shown WITH (security_invoker) AS
        SELECT g.id, m.name AS maker_name FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
    ALTER TABLE goods DROP COLUMN maker_name CASCADE;
    ALTER TABLE goods DROP CONSTRAINT price_positive;
    DROP INDEX goods_by_sku;
    DROP INDEX goods_single;
    DROP INDEX goods_needless;
    DROP INDEX goods_loose;
    CREATE INDEX goods_loose ON goods (sku, price) WHERE price > 0;
    DROP INDEX goods_looser;
    CREATE UNIQUE INDEX goods_looser ON goods (sku, price) WHERE price > 9;
    ALTER INDEX goods_by_price RENAME TO goods_by_cost;
    CREATE INDEX goods_by_maker ON goods (maker_id);
    CREATE INDEX goods_by_maker_and_sku ON goods (maker_id, sku);
    CREATE INDEX goods_by_id ON goods (id);
    CREATE INDEX goods_some ON goods (maker_id) WHERE sku IS NOT NULL;
    COMMENT ON COLUMN goods.price IS NULL;
    REVOKE INSERT ON goods FROM verify_granted;
    DROP TRIGGER goods_gone ON goods;
    DROP FUNCTION dropped();
    DROP POLICY all_there ON makers;
    DROP POLICY changed ON makers;
    CREATE POLICY changed ON makers USING (true);
"""


@pytest.fixture(scope="module")
def outcome(databases: Databases) -> Iterator[Outcome]:
    run_apart(databases, "CREATE ROLE verify_granted")
    made = check(databases, OLD_STATE, MIGRATION)
    yield made
    made.drop()
    run_apart(databases, "DROP ROLE verify_granted")


def names(outcome: Outcome, kind: str) -> set[str]:
    return {item.object for item in outcome.found(kind)}


def test_views_that_went_with_the_column_are_found(outcome: Outcome) -> None:
    assert names(outcome, "view_lost") == {"goods_old"}


def test_triggers_that_are_gone_are_found(outcome: Outcome) -> None:
    assert names(outcome, "trigger_lost") == {"public.goods: goods_gone"}


def test_functions_that_name_the_lost_column_are_found_and_no_others(outcome: Outcome) -> None:
    assert names(outcome, "function_broken") == {
        "public.touch()", "public.by_call()", "public.by_alias(wanted integer)", "public.by_sql(wanted integer)",
    }  # fmt: skip
    assert names(outcome, "function_lost") == {"public.dropped()"}


def test_a_call_that_fails_is_told_in_postgresqls_words(outcome: Outcome) -> None:
    assert 'column "maker_name" does not exist' in outcome.one("function_broken", "public.by_call()").detail


def test_constraints_that_are_gone_are_told_from_those_that_had_to_go(outcome: Outcome) -> None:
    severities = {item.object: item.severity for item in outcome.found("constraint_lost")}
    assert severities == {"goods.price_positive": "error", "goods.named": "warning"}


def test_indexes_that_are_gone_are_told_from_those_that_had_to_go(outcome: Outcome) -> None:
    severities = {item.object: item.severity for item in outcome.found("index_lost")}
    assert severities == {
        "goods_by_sku": "warning", "goods_by_name": "info", "goods_named": "info", "goods_upper": "info",
        "goods_beside": "info", "goods_once": "warning", "goods_single": "error", "goods_loose": "error",
        "goods_looser": "warning", "goods_needless": "warning",
    }  # fmt: skip
    assert "is gone, with a column of it" in outcome.one("index_lost", "goods_named").detail
    assert "WHERE (price > (9)::numeric) now" in outcome.one("index_lost", "goods_looser").detail


def test_a_new_index_that_another_covers_is_redundant(outcome: Outcome) -> None:
    assert names(outcome, "index_redundant") == {"goods_by_maker", "goods_by_id"}


def test_comments_and_grants_that_are_gone_are_found(outcome: Outcome) -> None:
    assert names(outcome, "comment_lost") == {
        "table column public.goods.price", "table column public.goods.maker_name"
    }  # fmt: skip
    assert names(outcome, "grant_lost") == {"INSERT on public.goods to verify_granted"}


def test_policies_that_are_gone_or_say_something_else_are_found(outcome: Outcome) -> None:
    assert names(outcome, "policy_lost") == {"public.makers: all_there", "public.makers: changed"}


def test_every_query_of_a_finding_runs(outcome: Outcome) -> None:
    for finding in outcome.found("index_redundant") + outcome.found("function_broken"):
        if "by_call" not in finding.object:
            assert outcome.rerun(finding)


def test_every_finding_about_the_database_has_a_query(outcome: Outcome) -> None:
    for finding in outcome.found():
        assert finding.query
        assert finding.database
        if "by_call" not in finding.object:
            outcome.rerun(finding)
