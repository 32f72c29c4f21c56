"""What belongs to a renamed table: a new name is no change, and hides none."""

from __future__ import annotations

import pytest

from harness.server import Databases
from tests.integration.verify.checking import check

OLD_STATE = """
    CREATE TABLE makers (id int PRIMARY KEY, name text, code text);
    CREATE TABLE "The goods" (
        id int PRIMARY KEY, "Maker" int, maker_name text, price numeric, state text,
        CONSTRAINT made FOREIGN KEY ("Maker") REFERENCES makers ON DELETE RESTRICT,
        CONSTRAINT paid CHECK (price > 0)
    );
    INSERT INTO makers SELECT n, 'maker ' || n, 'c' || n FROM generate_series(1, 5) n;
    INSERT INTO "The goods"
    SELECT n, m.id, m.name, n, 's' || n FROM generate_series(1, 20) n JOIN makers m ON m.id = 1 + n % 5;
    CREATE INDEX sorted ON "The goods" ("Maker", price);
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER touched BEFORE UPDATE OF price ON "The goods"
        FOR EACH ROW WHEN (NEW.price > 1) EXECUTE FUNCTION touch();
    ALTER TABLE "The goods" ENABLE ROW LEVEL SECURITY;
    CREATE POLICY few ON "The goods" USING (price < 100);
    ALTER TABLE makers ENABLE ROW LEVEL SECURITY;
    CREATE POLICY used ON makers USING (id IN (SELECT "Maker" FROM "The goods"));
    CREATE RULE kept AS ON DELETE TO "The goods" WHERE OLD.price > 5 DO INSTEAD NOTHING;
"""
RENAMED = """
    ALTER TABLE "The goods" RENAME TO goods_data;
    ALTER TABLE goods_data RENAME "Maker" TO made_by;
    ALTER TABLE goods_data DROP COLUMN maker_name;
    CREATE VIEW "The goods" WITH (security_invoker = {invoker}) AS
        SELECT g.id, g.made_by AS "Maker", m.name AS maker_name, g.price, g.state
        FROM goods_data g LEFT JOIN makers m ON m.id = g.made_by;
    CREATE RULE kept AS ON DELETE TO "The goods" DO INSTEAD DELETE FROM goods_data WHERE id = OLD.id;
"""
LOOSE = """
    ALTER TABLE goods_data DROP CONSTRAINT made;
    ALTER TABLE goods_data ADD CONSTRAINT made FOREIGN KEY (made_by) REFERENCES makers
"""
TOUCHED = "CREATE OR REPLACE TRIGGER touched BEFORE UPDATE OF price ON goods_data FOR EACH ROW"
KINDS = ("constraint_lost", "index_lost", "trigger_lost", "policy_lost", "rule_lost", "rls_bypassed")


@pytest.mark.parametrize("invoker", ["true", "1", "yes", "'On'"])
def test_a_new_name_of_a_table_and_a_column_is_no_change(databases: Databases, invoker: str) -> None:
    outcome = check(databases, OLD_STATE, RENAMED.format(invoker=invoker))
    try:
        assert [item for kind in KINDS for item in outcome.found(kind)] == []
    finally:
        outcome.drop()


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (f"{LOOSE} ON DELETE CASCADE", "constraint_lost"),
        ("ALTER TABLE goods_data ALTER CONSTRAINT made DEFERRABLE", "constraint_lost"),
        ("ALTER TABLE goods_data DROP CONSTRAINT paid, ADD CONSTRAINT paid CHECK (price > -1)", "constraint_lost"),
        ("DROP INDEX sorted; CREATE INDEX sorted ON goods_data (price, made_by)", "index_lost"),
        (f"{TOUCHED} WHEN (NEW.price > 9) EXECUTE FUNCTION touch()", "trigger_lost"),
        ("ALTER TABLE goods_data DISABLE TRIGGER touched", "trigger_lost"),
        ("ALTER POLICY few ON goods_data USING (price < 1000)", "policy_lost"),
        ("ALTER POLICY used ON makers USING (id IN (SELECT id FROM goods_data))", "policy_lost"),
        ("CREATE OR REPLACE RULE kept AS ON DELETE TO goods_data WHERE OLD.price > 6 DO INSTEAD NOTHING", "rule_lost"),
    ],
)  # fmt: skip
def test_a_new_name_hides_no_change(databases: Databases, change: str, kind: str) -> None:
    outcome = check(databases, OLD_STATE, f"{RENAMED.format(invoker='true')} {change};")
    try:
        assert [item.kind for each in KINDS for item in outcome.found(each)] == [kind]
    finally:
        outcome.drop()
