"""Defects in the bystanders: objects that most schemas lack, put beside one table in both states and then damaged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from harness.prove.bystanders import Bystanders
from harness.prove.model import Defect
from harness.prove.neighbours import SCHEMA
from harness.prove.surrounded import catalogue_rows
from harness.sqltext import quote_ident, quote_literal

_NOTES = f'"{SCHEMA}"."notes"'
_FUNCTIONS = f"SELECT string_agg(proname, ',') FROM pg_proc WHERE pronamespace = '{SCHEMA}'::regnamespace"


def bystander_defects(where: Bystanders) -> Iterator[Defect]:
    """Each with its fault named, for each has one place."""
    yield from _on_table(where)
    yield from _beside_table(where)
    yield from _in_functions(where)


def _defect(
    where: Bystanders, fault: str, on: str, script: str, witness: str, kind: str, about: str, cause: str = ""
) -> Defect:
    indexes = where.indexes if kind == "index_redundant" else frozenset()
    touched = frozenset({where.table.display, f"{SCHEMA}.notes", about, *indexes})
    return Defect(on, (script,), witness, kind, about, cause, touches=touched, fault=fault)


def _on_table(where: Bystanders) -> Iterator[Defect]:
    table, sql, column = where.table, where.table.sql, quote_ident(where.column.name)
    trigger = catalogue_rows("pg_trigger", "tgrelid", sql, "tgname, tgenabled")
    comments = catalogue_rows("pg_description", "objoid", sql, "objsubid, description")
    keys = catalogue_rows("pg_constraint", "conrelid", sql, "conname, pg_get_constraintdef(oid)")
    indexes = catalogue_rows("pg_index", "indrelid", sql, "indexrelid::regclass")
    named = f"{_identity(table.schema)}.{_identity(table.name)}"
    touch, check = f"{table.schema}.{table.name}: bench_prove_touch", f"{table.display}.bench_prove_check"
    unique = f"{table.display}.bench_prove_unique"
    drop_check = f"ALTER TABLE {sql} DROP CONSTRAINT bench_prove_check;"
    loose_check = f"{drop_check} ALTER TABLE {sql} ADD CONSTRAINT bench_prove_check CHECK (true);"
    drop_unique = f"ALTER TABLE {sql} DROP CONSTRAINT bench_prove_unique CASCADE;"
    for fault, script, witness, kind, about in (
        ("a trigger dropped", f"DROP TRIGGER bench_prove_touch ON {sql};", trigger, "trigger_lost", touch),
        ("a trigger switched off", f"ALTER TABLE {sql} DISABLE TRIGGER bench_prove_touch;", trigger, "trigger_lost",
         touch),
        ("a table's comment lost", f"COMMENT ON TABLE {sql} IS NULL;", comments, "comment_lost", f"table {named}"),
        ("a column's comment lost", f"COMMENT ON COLUMN {sql}.{column} IS NULL;", comments, "comment_lost",
         f"table column {named}.{_identity(where.column.name)}"),
        ("a check constraint dropped", drop_check, keys, "constraint_lost", check),
        ("a check constraint loosened", loose_check, keys, "constraint_lost", check),
        ("a unique constraint dropped", drop_unique, keys, "constraint_lost", unique),
        ("an index dropped", f"DROP INDEX {quote_ident(table.schema)}.bench_prove_index;", indexes, "index_lost",
         "bench_prove_index"),
        ("an index made that another covers", f"CREATE INDEX bench_prove_short ON {sql} ({column});", indexes,
         "index_redundant", "bench_prove_short"),
    ):  # fmt: skip
        yield _defect(where, fault, table.display, script, witness, kind, about)


def _beside_table(where: Bystanders) -> Iterator[Defect]:
    """In the table that refers to it, and in the view over it."""
    keys = catalogue_rows("pg_constraint", "conrelid", _NOTES, "conname, pg_get_constraintdef(oid)")
    columns = catalogue_rows("pg_attribute", "attrelid", _NOTES, "attname, attnotnull, atthasdef")
    for fault, script, witness, kind, about in (
        ("a foreign key dropped", "DROP CONSTRAINT notes_owner", keys, "constraint_lost", "notes.notes_owner"),
        ("a column's NOT NULL lost", "ALTER note DROP NOT NULL", columns, "constraint_lost", "notes.note"),
        ("a column's default lost", "ALTER note DROP DEFAULT", columns, "default_lost", "notes.note"),
    ):
        yield _defect(where, fault, f"{SCHEMA}.notes", f"ALTER TABLE {_NOTES} {script};", witness, kind,
                      f"{SCHEMA}.{about}")  # fmt: skip
    shown, sql, key = f"{SCHEMA}.shown", where.table.sql, quote_ident(where.key[0])
    yield _defect(where, "a view that was there dropped", shown, f"DROP VIEW {shown};",
                  f"SELECT to_regclass('{shown}')::text", "view_lost", shown)  # fmt: skip
    names = ", ".join(map(quote_ident, (*where.key, where.column.name)))
    fewer = f"{key}::text <> (SELECT min({key}::text) FROM {sql})"
    script = f"CREATE OR REPLACE VIEW {shown} AS SELECT {names} FROM {sql} WHERE {fewer};"
    yield _defect(where, "a view that was there shows less", shown, script, f"SELECT count(*) FROM {shown}",
                  "answer_differs", shown, "unexplained")  # fmt: skip


def _in_functions(where: Bystanders) -> Iterator[Defect]:
    sql, lost, key = where.table.sql, quote_ident(where.lost.name), quote_ident(where.key[0])
    yield _defect(where, "a function dropped", f"{SCHEMA}.counted()", f"DROP FUNCTION {SCHEMA}.counted();", _FUNCTIONS,
                  "function_lost", f"{SCHEMA}.counted()")  # fmt: skip
    called = quote_literal(f"BEGIN PERFORM o.{lost} FROM {sql} AS o; END")
    asked = quote_literal(f"SELECT o.{lost}::text FROM {sql} AS o WHERE o.{key}::text = wanted")
    filled = quote_literal(f"BEGIN NEW.{lost} := NULL; RETURN NEW; END")
    for fault, name, rest, before, then in (
        ("a function that names a dropped column", "left_behind()", f"RETURNS void LANGUAGE plpgsql AS {called}",
         "", ""),
        ("a function with arguments that names a dropped column", "left_behind(wanted text)",
         f"RETURNS text LANGUAGE sql AS {asked}", "SET LOCAL check_function_bodies = off;", ""),
        ("a trigger whose function names a dropped column", "fill()", f"RETURNS trigger LANGUAGE plpgsql AS {filled}",
         "", f"CREATE TRIGGER bench_prove_fill BEFORE INSERT ON {sql} FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.fill();"),
    ):  # fmt: skip
        about = f"{SCHEMA}.{name}"
        script = f"{before} CREATE FUNCTION {about} {rest}; {then}"
        made = _defect(where, fault, about, script, _FUNCTIONS, "function_broken", about)
        # the trigger is new on a table that was there, which the check rightly says
        new = f"{where.table.schema}.{where.table.name}: bench_prove_fill"
        yield replace(made, touches=made.touches | {new}) if then else made


def _identity(name: str) -> str:
    """A name as pg_identify_object writes it."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_$]*", name) else quote_ident(name)
