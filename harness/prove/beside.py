"""Defects in the bystanders: objects that most schemas lack, put beside one table in both states and then damaged."""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalogue import Relation
from harness.prove.bystanders import SCHEMA, Bystanders
from harness.prove.model import Defect
from harness.sqltext import quote_ident, quote_literal


def bystander_defects(where: Bystanders) -> Iterator[Defect]:
    """Each with its fault named, for each has one place."""
    table, name = where.table, f"{where.table.schema}.{where.table.name}"
    sql, column = table.sql, quote_ident(where.column.name)
    lost = quote_ident(where.lost.name)
    trigger = catalogue_rows("pg_trigger", "tgrelid", sql, "tgname, tgenabled")
    comments = catalogue_rows("pg_description", "objoid", sql, "objsubid, description")
    keys = catalogue_rows("pg_constraint", "conrelid", sql, "conname, pg_get_constraintdef(oid)")
    notes = f'"{SCHEMA}"."notes"'
    notes_keys = catalogue_rows("pg_constraint", "conrelid", notes, "conname, pg_get_constraintdef(oid)")
    columns = catalogue_rows("pg_attribute", "attrelid", notes, "attname, attnotnull, atthasdef")
    functions = f"SELECT string_agg(proname, ',') FROM pg_proc WHERE pronamespace = '{SCHEMA}'::regnamespace"
    touched = frozenset({table.display, f"{SCHEMA}.notes"})

    def defect(fault: str, on: str, script: str, witness: str, kind: str, about: str, cause: str = "") -> Defect:
        return Defect(on, (script,), witness, kind, about, cause, touches=touched | {about}, fault=fault)

    yield defect("a trigger dropped", table.display, f"DROP TRIGGER bench_prove_touch ON {sql};", trigger,
                 "trigger_lost", f"{name}: bench_prove_touch")  # fmt: skip
    yield defect("a trigger switched off", table.display, f"ALTER TABLE {sql} DISABLE TRIGGER bench_prove_touch;",
                 trigger, "trigger_lost", f"{name}: bench_prove_touch")  # fmt: skip
    yield defect("a table's comment lost", table.display, f"COMMENT ON TABLE {sql} IS NULL;", comments,
                 "comment_lost", f"table {_shown(table)}")  # fmt: skip
    yield defect("a column's comment lost", table.display, f"COMMENT ON COLUMN {sql}.{column} IS NULL;", comments,
                 "comment_lost", f"table column {_shown(table)}.{where.column.name}")  # fmt: skip
    yield defect("a check constraint dropped", table.display, f"ALTER TABLE {sql} DROP CONSTRAINT bench_prove_check;",
                 keys, "constraint_lost", f"{table.display}.bench_prove_check")  # fmt: skip
    yield defect("a check constraint loosened", table.display,
                 f"ALTER TABLE {sql} DROP CONSTRAINT bench_prove_check;"
                 f"ALTER TABLE {sql} ADD CONSTRAINT bench_prove_check CHECK (true);", keys, "constraint_lost",
                 f"{table.display}.bench_prove_check")  # fmt: skip
    yield defect("a unique constraint dropped", table.display, f"ALTER TABLE {sql} DROP CONSTRAINT bench_prove_unique"
                 " CASCADE;", keys, "constraint_lost", f"{table.display}.bench_prove_unique")  # fmt: skip
    yield defect("a foreign key dropped", f"{SCHEMA}.notes", f"ALTER TABLE {notes} DROP CONSTRAINT notes_owner;",
                 notes_keys, "constraint_lost", f"{SCHEMA}.notes.notes_owner")  # fmt: skip
    yield defect("an index dropped", table.display, f'DROP INDEX "{table.schema}".bench_prove_index;',
                 catalogue_rows("pg_index", "indrelid", sql, "indexrelid::regclass"), "index_lost",
                 "bench_prove_index")  # fmt: skip
    yield defect("an index made that another covers", table.display, f"CREATE INDEX bench_prove_short ON {sql}"
                 f" ({column});", catalogue_rows("pg_index", "indrelid", sql, "indexrelid::regclass"), "index_redundant",
                 "bench_prove_short")  # fmt: skip
    yield defect("a column's NOT NULL lost", f"{SCHEMA}.notes", f"ALTER TABLE {notes} ALTER note DROP NOT NULL;",
                 columns, "constraint_lost", f"{SCHEMA}.notes.note")  # fmt: skip
    yield defect("a column's default lost", f"{SCHEMA}.notes", f"ALTER TABLE {notes} ALTER note DROP DEFAULT;",
                 columns, "default_lost", f"{SCHEMA}.notes.note")  # fmt: skip
    yield defect("a function dropped", f"{SCHEMA}.counted()", f"DROP FUNCTION {SCHEMA}.counted();", functions,
                 "function_lost", f"{SCHEMA}.counted()")  # fmt: skip
    yield defect("a view that was there dropped", f"{SCHEMA}.shown", f"DROP VIEW {SCHEMA}.shown;",
                 f"SELECT to_regclass('{SCHEMA}.shown')::text", "view_lost", f"{SCHEMA}.shown")  # fmt: skip
    body = f"BEGIN PERFORM o.{lost} FROM {sql} AS o; END"
    yield defect("a function that names a dropped column", f"{SCHEMA}.left_behind()",
                 f"CREATE FUNCTION {SCHEMA}.left_behind() RETURNS void LANGUAGE plpgsql AS {quote_literal(body)};",
                 functions, "function_broken", f"{SCHEMA}.left_behind()")  # fmt: skip
    body = f"SELECT o.{lost}::text FROM {sql} AS o WHERE o.{quote_ident(where.key[0])}::text = wanted"
    yield defect("a function with arguments that names a dropped column", f"{SCHEMA}.left_behind(wanted text)",
                 "SET LOCAL check_function_bodies = off;"
                 f"CREATE FUNCTION {SCHEMA}.left_behind(wanted text) RETURNS text LANGUAGE sql"
                 f" AS {quote_literal(body)};", functions, "function_broken",
                 f"{SCHEMA}.left_behind(wanted text)")  # fmt: skip
    body = f"BEGIN NEW.{lost} := NULL; RETURN NEW; END"
    yield defect("a trigger whose function names a dropped column", table.display,
                 f"CREATE FUNCTION {SCHEMA}.fill() RETURNS trigger LANGUAGE plpgsql AS {quote_literal(body)};"
                 f"CREATE TRIGGER bench_prove_fill BEFORE INSERT ON {sql} FOR EACH ROW EXECUTE FUNCTION"
                 f" {SCHEMA}.fill();", functions, "function_broken", f"{SCHEMA}.fill()")  # fmt: skip
    key = quote_ident(where.key[0])
    yield defect("a view that was there shows less", f"{SCHEMA}.shown",
                 f"CREATE OR REPLACE VIEW {SCHEMA}.shown AS SELECT {', '.join(map(quote_ident, where.key))}, {column}"
                 f" FROM {sql} WHERE {key}::text <> (SELECT min({key}::text) FROM {sql});",
                 f"SELECT count(*) FROM {SCHEMA}.shown", "answer_differs", f"{SCHEMA}.shown",
                 "unexplained")  # fmt: skip


def _shown(table: Relation) -> str:
    return f"{table.schema}.{table.name}"


def catalogue_rows(source: str, owner: str, table: str, columns: str) -> str:
    """A witness: what the catalogue has of a table, in rows that a concatenation makes one text."""
    first = columns.split(",", maxsplit=1)[0]
    return (
        f"SELECT string_agg(concat_ws(' ', {columns}), '; ' ORDER BY {first}::text) FROM {source}"
        f" WHERE {owner} = {quote_literal(table)}::regclass"
    )
