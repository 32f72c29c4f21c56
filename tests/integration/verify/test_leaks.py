"""Silent changes: rows copied past row security, other owners, stored views, outdated generated columns, functions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.server import Databases
from tests.integration.verify.checking import Outcome, check, run_apart

OLD_STATE = """
    CREATE SCHEMA aside;
    CREATE TYPE mood AS ENUM ('good');
    CREATE TABLE makers (id int PRIMARY KEY, name text);
    CREATE TABLE goods (id int PRIMARY KEY, maker_name text, price int, tenant text, maker_id int REFERENCES makers);
    INSERT INTO makers SELECT n, 'maker ' || n FROM generate_series(1, 5) n;
    INSERT INTO goods
    SELECT n, m.name, n, 't' || n % 3, m.id FROM generate_series(1, 20) n JOIN makers m ON m.id = 1 + n % 5;
    ALTER TABLE goods ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON goods USING (tenant = current_setting('app.tenant', true));
    GRANT SELECT ON goods TO verify_leaking;
    CREATE TABLE priced (id int PRIMARY KEY, cents int);
    CREATE FUNCTION taxed(x int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT x * 2';
    CREATE FUNCTION same(x int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT x';
    ALTER TABLE priced ADD gross int GENERATED ALWAYS AS (taxed(cents)) STORED,
        ADD net int GENERATED ALWAYS AS (same(cents)) STORED;
    INSERT INTO priced SELECT n, n FROM generate_series(0, 9) n;
    CREATE VIEW seen AS SELECT id FROM makers;
    CREATE MATERIALIZED VIEW kept AS SELECT id FROM makers;
    CREATE MATERIALIZED VIEW stays AS SELECT id FROM makers;
    CREATE SEQUENCE numbers;
    CREATE FUNCTION owned() RETURNS int LANGUAGE sql AS 'SELECT 1';

    CREATE FUNCTION put(a int) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO goods VALUES (a, coalesce('x', 'y'), 3); END $$;
    CREATE FUNCTION chosen(a int) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO public.goods SELECT a, 'x' FROM makers; END $$;
    CREATE FUNCTION put_first(a int) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO goods VALUES (a); END $$;
    CREATE FUNCTION put_row(g goods) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO goods SELECT g.*, 1, 2 * 3;
    INSERT INTO goods VALUES (g.*); INSERT INTO goods DEFAULT VALUES; END $$;
    CREATE FUNCTION put_named(a int) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO goods (id, price) VALUES (a, 3); END $$;
    CREATE FUNCTION looped(a int) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE r record; BEGIN FOR r IN SELECT * FROM goods WHERE id = a LOOP PERFORM r.maker_name; END LOOP; END $$;
    CREATE FUNCTION fetched(a int) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE r record; BEGIN SELECT * INTO STRICT r FROM public.goods; RETURN r.maker_name; END $$;
    CREATE FUNCTION joined(a int) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE r record; BEGIN
        FOR r IN SELECT * FROM goods JOIN (SELECT '' AS maker_name) x ON true LOOP PERFORM r.maker_name; END LOOP;
    END $$;
    CREATE FUNCTION formatted(a int) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN EXECUTE format('UPDATE %I SET %I = %L', 'goods', 'maker_name', 'x'); END $$;
    CREATE FUNCTION quoted(a int) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN EXECUTE 'UPDATE goods SET ' || quote_ident('maker_name') || ' = NULL'; END $$;
    CREATE FUNCTION labelled(a int) RETURNS jsonb LANGUAGE plpgsql AS $$
    BEGIN EXECUTE format('SELECT %L FROM goods', 'maker_name'); RETURN jsonb_build_object('maker_name', a); END $$;
"""
DROPPED = """
    CREATE VIEW goods_shown WITH (security_invoker) AS
        SELECT g.id, m.name AS maker_name FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
    ALTER TABLE goods DROP COLUMN maker_name;
"""
HARMLESS = """
    CREATE TABLE copied_for_the_owner AS SELECT id, tenant FROM goods;
    CREATE TABLE guarded_copy AS SELECT id, tenant FROM goods;
    ALTER TABLE guarded_copy ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON guarded_copy USING (tenant = current_setting('app.tenant', true));
    CREATE TABLE other (id int, price text, tenant text);
    INSERT INTO other SELECT n, n, 'another' FROM generate_series(1, 20) n;
    CREATE FUNCTION plain() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM goods';
    CREATE FUNCTION makes() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM makers';
    CREATE FUNCTION inner_only() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM goods';
    REVOKE EXECUTE ON FUNCTION inner_only() FROM PUBLIC;
    GRANT SELECT ON guarded_copy, other TO verify_leaking;
"""
SILENT = """
    CREATE TABLE copied AS SELECT id, tenant FROM goods;
    GRANT SELECT ON copied TO verify_leaking;
    CREATE TABLE listed AS SELECT id, maker_name FROM goods_shown;
    GRANT SELECT (maker_name) ON listed TO verify_leaking;
    CREATE FUNCTION told() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT g.tenant FROM public.goods g';
    ALTER FUNCTION owned() OWNER TO verify_leaking;
    ALTER SCHEMA aside OWNER TO verify_leaking;
    ALTER TYPE mood OWNER TO verify_leaking;
    ALTER SEQUENCE numbers OWNER TO verify_leaking;
    ALTER TABLE makers OWNER TO verify_leaking;
    CREATE OR REPLACE FUNCTION taxed(x int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT x * 3';
    DROP VIEW seen;
    CREATE MATERIALIZED VIEW seen AS SELECT id FROM makers;
    DROP MATERIALIZED VIEW kept;
    CREATE VIEW kept AS SELECT id FROM makers;
"""


@pytest.fixture(scope="module")
def outcome(databases: Databases) -> Iterator[Outcome]:
    run_apart(databases, "CREATE ROLE verify_leaking")
    made = check(databases, OLD_STATE, DROPPED + HARMLESS + SILENT)
    yield made
    made.drop()
    run_apart(databases, "DROP ROLE verify_leaking")


def severities(outcome: Outcome, kind: str) -> dict[str, str]:
    return {item.object: item.severity for item in outcome.found(kind)}


def test_guarded_rows_in_a_new_table_or_function_are_told(outcome: Outcome) -> None:
    assert severities(outcome, "rls_bypassed") == {
        "copied": "error", "listed": "error", "public.told()": "warning"
    }  # fmt: skip
    found = outcome.one("rls_bypassed", "copied")
    assert (found.count, len(outcome.rerun(found))) == (20, 20)
    assert "holds 20 rows of goods (id, tenant) without row security, and verify_leaking may read it" in found.detail
    assert "(id, maker_name)" in outcome.one("rls_bypassed", "listed").detail


def test_other_owners_of_functions_schemas_and_types_are_told(outcome: Outcome) -> None:
    assert severities(outcome, "owner_changed") == {
        "public.owned()": "warning", "schema aside": "warning", "type public.mood": "warning",
        "sequence public.numbers": "warning", "makers": "warning",
    }  # fmt: skip
    assert "belongs to verify_leaking now" in outcome.one("owner_changed", "public.owned()").detail


def test_views_that_are_stored_now_or_no_longer_are_told(outcome: Outcome) -> None:
    assert severities(outcome, "view_stored") == {"seen": "warning"}
    assert severities(outcome, "object_lost") == {"kept": "warning"}


def test_a_generated_column_over_a_changed_function_is_reckoned_anew(outcome: Outcome) -> None:
    found = outcome.one("generated_stale")
    assert (found.object, found.count, found.rows) == ("priced.gross", 9, 10)
    assert len(outcome.rerun(found)) == 9


def test_functions_that_mean_a_lost_column_without_naming_it_plainly_are_told(outcome: Outcome) -> None:
    broken = {item.object.partition("(")[0].removeprefix("public.") for item in outcome.found("function_broken")}
    assert broken == {"put", "chosen", "looped", "fetched", "formatted", "quoted"}
    assert "gives 3 values to goods" in outcome.one("function_broken", "public.put(a integer)").detail


def test_every_finding_has_a_query_that_runs(outcome: Outcome) -> None:
    for finding in outcome.found():
        outcome.rerun(finding)


@pytest.mark.parametrize(
    ("rights", "audits", "accused"),
    [
        ("SECURITY DEFINER", "INVOKER", ["public.write_veiled()"]),
        ("SECURITY INVOKER", "INVOKER", []),
        ("SECURITY INVOKER", "DEFINER", []),
    ],
)
def test_a_view_written_past_row_security_is_found(
    databases: Databases, rights: str, audits: str, accused: list[str]
) -> None:
    old_state = """
        CREATE TABLE veiled (id int PRIMARY KEY, tenant text);
        INSERT INTO veiled SELECT n, 't' || n % 3 FROM generate_series(1, 9) n;
        ALTER TABLE veiled ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON veiled USING (tenant = current_setting('app.tenant', true));
        GRANT SELECT, UPDATE ON veiled TO pg_monitor;
    """
    migration = f"""
        ALTER TABLE veiled RENAME TO veiled_data;
        CREATE VIEW veiled WITH (security_invoker) AS SELECT id, tenant FROM veiled_data;
        GRANT SELECT, UPDATE ON veiled TO pg_monitor;
        CREATE FUNCTION write_veiled() RETURNS trigger LANGUAGE plpgsql {rights} AS $$
        BEGIN UPDATE veiled_data SET tenant = NEW.tenant WHERE id = OLD.id; RETURN NEW; END $$;
        CREATE TRIGGER written INSTEAD OF UPDATE ON veiled FOR EACH ROW EXECUTE FUNCTION write_veiled();
        CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql SECURITY {audits} AS $$
        BEGIN PERFORM count(*) FROM veiled_data; RETURN NEW; END $$;
        CREATE TRIGGER audited AFTER UPDATE ON veiled_data FOR EACH ROW EXECUTE FUNCTION audit();
    """
    outcome = check(databases, old_state, migration)
    try:
        found = outcome.found("rls_bypassed")
        assert [item.object for item in found] == accused
        assert all("pg_monitor may write the view whose trigger calls it" in item.detail for item in found)
    finally:
        outcome.drop()
