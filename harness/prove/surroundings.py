"""Defects in what a migration must leave as it is: rights, policies, functions, triggers, constraints, indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.catalogue import Relation
from harness.prove.bystanders import SCHEMA, Bystanders
from harness.prove.ground import Ground
from harness.prove.model import Defect, Fault
from harness.sqltext import quote_ident, quote_literal


def _on_bystanders(where: Bystanders) -> Iterator[Defect]:
    table, name = where.table, f"{where.table.schema}.{where.table.name}"
    sql, column = table.sql, quote_ident(where.column.name)
    lost = quote_ident(where.lost.name)
    trigger = _catalogue("pg_trigger", "tgrelid", sql, "tgname, tgenabled")
    comments = _catalogue("pg_description", "objoid", sql, "objsubid, description")
    keys = _catalogue("pg_constraint", "conrelid", sql, "conname, pg_get_constraintdef(oid)")
    notes = f'"{SCHEMA}"."notes"'
    notes_keys = _catalogue("pg_constraint", "conrelid", notes, "conname, pg_get_constraintdef(oid)")
    columns = _catalogue("pg_attribute", "attrelid", notes, "attname, attnotnull, atthasdef")
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
                 _catalogue("pg_index", "indrelid", sql, "indexrelid::regclass"), "index_lost",
                 "bench_prove_index")  # fmt: skip
    yield defect("an index made that another covers", table.display, f"CREATE INDEX bench_prove_short ON {sql}"
                 f" ({column});", _catalogue("pg_index", "indrelid", sql, "indexrelid::regclass"), "index_redundant",
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


def _catalogue(source: str, owner: str, table: str, columns: str) -> str:
    """A witness: what the catalogue has of a table, in rows that a concatenation makes one text."""
    first = columns.split(",", maxsplit=1)[0]
    return (
        f"SELECT string_agg(concat_ws(' ', {columns}), '; ' ORDER BY {first}::text) FROM {source}"
        f" WHERE {owner} = {quote_literal(table)}::regclass"
    )


def _secured(table: Relation) -> str:
    return f"SELECT relrowsecurity FROM pg_class WHERE oid = {quote_literal(table.sql)}::regclass"


def _policies(table: Relation) -> str:
    return _catalogue("pg_policy", "polrelid", table.sql, "polname, pg_get_expr(polqual, polrelid)")


def _seen(ground: Ground, table: Relation) -> frozenset[str]:
    """What a role may see otherwise when rights or policies of a table change: policies may look at other tables."""
    views = {name for view in ground.after.views() for name in ground.reach(view)}
    return ground.reach(table) | views


def _security_off(ground: Ground, table: Relation) -> Iterator[Defect]:
    if table.row_security:
        script = f"ALTER TABLE {table.sql} DISABLE ROW LEVEL SECURITY;"
        yield Defect(table.display, (script,), _secured(table), "policy_lost",
                     table.display, touches=_seen(ground, table))  # fmt: skip


def _policy_names(ground: Ground, table: Relation) -> list[str]:
    return [
        item.identity.rpartition(": ")[2]
        for item in ground.before.objects
        if item.kind == "policy" and item.relation == table.oid
    ]


def _policies_gone(ground: Ground, table: Relation) -> Iterator[Defect]:
    names = _policy_names(ground, table)
    if names and table.row_security:
        script = "".join(f"DROP POLICY {quote_ident(name)} ON {table.sql};" for name in names)
        lost = {f"{_shown(table)}: {name}" for name in names}
        yield Defect(table.display, (script,), _policies(table), "policy_missing",
                     table.display, touches=_seen(ground, table) | lost)  # fmt: skip


def _policy_gone(ground: Ground, table: Relation) -> Iterator[Defect]:
    for name in _policy_names(ground, table):
        about = f"{_shown(table)}: {name}"
        yield Defect(table.display, (f"DROP POLICY {quote_ident(name)} ON {table.sql};",),
                     _policies(table), "policy_lost", about,
                     touches=_seen(ground, table) | {about})  # fmt: skip


def _policy_opened(ground: Ground, table: Relation) -> Iterator[Defect]:
    for name in _policy_names(ground, table):
        about = f"{_shown(table)}: {name}"
        script = f"ALTER POLICY {quote_ident(name)} ON {table.sql} USING (true);"
        yield Defect(table.display, (script,), _policies(table), "policy_lost", about,
                     touches=_seen(ground, table) | {about})  # fmt: skip


def _rights(table: Relation) -> str:
    return f"SELECT relacl::text FROM pg_class WHERE oid = {quote_literal(table.sql)}::regclass"


def _grant_gone(ground: Ground, table: Relation) -> Iterator[Defect]:
    for item in ground.before.objects:
        right, _, rest = item.identity.partition(" on ")
        if item.kind == "grant" and item.relation == table.oid and rest.startswith(f"{_shown(table)} to "):
            role = rest.rpartition(" to ")[2]
            named = "PUBLIC" if role == "public" else quote_ident(role)
            yield Defect(table.display, (f"REVOKE {right} ON {table.sql} FROM {named};",),
                         _rights(table), "grant_lost", item.identity,
                         touches=_seen(ground, table) | {item.identity})  # fmt: skip


def _grant_for_all(ground: Ground, table: Relation) -> Iterator[Defect]:
    about = f"SELECT on {_shown(table)} to public"
    yield Defect(table.display, (f"GRANT SELECT ON {table.sql} TO PUBLIC;",),
                 _rights(table), "grant_added", about, touches=_seen(ground, table) | {about})  # fmt: skip


def _key_gone(ground: Ground, table: Relation) -> Iterator[Defect]:
    for item in ground.before.constraints:
        if item.relation == table.oid and item.kind == "p":
            script = f"ALTER TABLE {table.sql} DROP CONSTRAINT {quote_ident(item.name)};"
            witness = _catalogue("pg_constraint", "conrelid", table.sql, "conname")
            about = f"{table.display}.{item.name}"
            yield Defect(table.display, (script,), witness, "constraint_lost", about,
                         touches=_seen(ground, table) | {about})  # fmt: skip


def _columns(table: Relation) -> str:
    return _catalogue("pg_attribute", "attrelid", table.sql, "attname, attnotnull, atthasdef")


def _not_null_gone(ground: Ground, table: Relation) -> Iterator[Defect]:
    key = ground.after.row_key(table.oid)
    for column in ground.after.relations[table.oid].columns:
        if column.not_null and column.name not in key:
            about = f"{table.display}.{column.name}"
            script = f"ALTER TABLE {table.sql} ALTER COLUMN {quote_ident(column.name)} DROP NOT NULL;"
            yield Defect(table.display, (script,), _columns(table), "constraint_lost", about,
                         touches=frozenset({about}))  # fmt: skip


def _default_gone(ground: Ground, table: Relation) -> Iterator[Defect]:
    for column in ground.after.relations[table.oid].columns:
        if column.default_sql and not column.generated:
            about = f"{table.display}.{column.name}"
            script = f"ALTER TABLE {table.sql} ALTER COLUMN {quote_ident(column.name)} DROP DEFAULT;"
            yield Defect(table.display, (script,), _columns(table), "default_lost", about,
                         touches=frozenset({about}))  # fmt: skip


def _index_gone(ground: Ground, table: Relation) -> Iterator[Defect]:
    there = {(item.relation, item.name) for item in ground.after.indexes}
    for item in ground.before.indexes:
        if item.relation == table.oid and not item.constrains and (item.relation, item.name) in there:
            script = f"DROP INDEX {quote_ident(table.schema)}.{quote_ident(item.name)};"
            witness = _catalogue("pg_index", "indrelid", table.sql, "indexrelid::regclass")
            yield Defect(table.display, (script,), witness, "index_lost",
                         item.name, touches=frozenset({item.name}))  # fmt: skip


def _other_owner(ground: Ground, table: Relation) -> Iterator[Defect]:
    script = f"ALTER TABLE {table.sql} OWNER TO pg_monitor;"
    witness = f"SELECT relowner::regrole::text FROM pg_class WHERE oid = {quote_literal(table.sql)}::regclass"
    yield Defect(table.display, (script,), witness, "owner_changed", table.display,
                 touches=_seen(ground, table))  # fmt: skip


_FAULTS: dict[str, Callable[[Ground, Relation], Iterator[Defect]]] = {
    "row security switched off": _security_off,
    "row security without a policy": _policies_gone,
    "a policy dropped": _policy_gone,
    "a policy opened to all": _policy_opened,
    "a right taken away": _grant_gone,
    "a right given to everybody": _grant_for_all,
    "a primary key dropped": _key_gone,
    "NOT NULL dropped": _not_null_gone,
    "a default dropped": _default_gone,
    "an index of the schema's own dropped": _index_gone,
    "another owner": _other_owner,
}


def table_faults(ground: Ground, where: Bystanders | None) -> Iterator[Fault]:
    """Each fault with the places where it may be planted: on bystanders, and on the scenario's own objects."""
    for defect in _on_bystanders(where) if where is not None else ():
        yield Fault(defect.fault, [defect])
    for name, make in _FAULTS.items():
        yield Fault(name, _planted(ground, make))


def _planted(ground: Ground, make: Callable[[Ground, Relation], Iterator[Defect]]) -> Iterator[Defect]:
    for table in ground.before.relations.values():
        if table.is_table and table.schema != SCHEMA and table.oid in ground.after.relations:
            yield from make(ground, table)
