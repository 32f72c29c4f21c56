"""Defects in what a migration must leave as it is: rights, policies, functions, triggers, constraints, indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.catalogue import Relation
from harness.prove.beside import bystander_defects
from harness.prove.bystanders import Bystanders
from harness.prove.ground import Ground
from harness.prove.model import Defect, Fault
from harness.prove.neighbours import SCHEMA, neighbour_defects
from harness.prove.own import own_faults
from harness.prove.surrounded import catalogue_rows
from harness.sqltext import quote_ident, quote_literal


def _shown(table: Relation) -> str:
    return f"{table.schema}.{table.name}"


def _secured(table: Relation) -> str:
    return f"SELECT relrowsecurity FROM pg_class WHERE oid = {quote_literal(table.sql)}::regclass"


def _policies(table: Relation) -> str:
    return catalogue_rows("pg_policy", "polrelid", table.sql, "polname, pg_get_expr(polqual, polrelid)")


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


def _policy_new(ground: Ground, table: Relation) -> Iterator[Defect]:
    if table.row_security:
        about = f"{_shown(table)}: bench_prove_every"
        yield Defect(table.display, (f"CREATE POLICY bench_prove_every ON {table.sql} USING (true);",),
                     _policies(table), "policy_added", about, touches=_seen(ground, table) | {about})  # fmt: skip


def _rule_new(ground: Ground, table: Relation) -> Iterator[Defect]:
    """Deletions that are swallowed."""
    about = f"{_shown(table)}: bench_prove_kept"
    script = f"CREATE RULE bench_prove_kept AS ON DELETE TO {table.sql} DO INSTEAD NOTHING;"
    witness = catalogue_rows("pg_rewrite", "ev_class", table.sql, "rulename")
    yield Defect(table.display, (script,), witness, "behaviour_added", about,
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
            witness = catalogue_rows("pg_constraint", "conrelid", table.sql, "conname")
            about = f"{table.display}.{item.name}"
            yield Defect(table.display, (script,), witness, "constraint_lost", about,
                         touches=_seen(ground, table) | {about})  # fmt: skip


def _columns(table: Relation) -> str:
    return catalogue_rows("pg_attribute", "attrelid", table.sql, "attname, attnotnull, atthasdef")


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
        if column.default_sql and not column.generated and not column.default_sql.startswith("GENERATED "):
            about = f"{table.display}.{column.name}"
            script = f"ALTER TABLE {table.sql} ALTER COLUMN {quote_ident(column.name)} DROP DEFAULT;"
            yield Defect(table.display, (script,), _columns(table), "default_lost", about,
                         touches=frozenset({about}))  # fmt: skip


def _rows_gone(ground: Ground, table: Relation) -> Iterator[Defect]:
    """A row taken from a table that keeps all its columns."""
    if all(stand.table.oid != table.oid for stand in ground.stands) and table.kind == "r":
        script = f"DELETE FROM {table.sql} WHERE ctid = (SELECT min(ctid) FROM {table.sql});"
        yield Defect(table.display, (script,), f"SELECT count(*) FROM {table.sql}", "row_missing", table.display,
                     "row_deleted", touches=ground.reach_of_rows(table))  # fmt: skip


def _value_changed(ground: Ground, table: Relation) -> Iterator[Defect]:
    """A value changed in a column that is still there, as an UPDATE among the migration's statements would."""
    key, then = ground.before.row_key(table.oid), ground.before.relations[table.oid]
    for column in ground.after.relations[table.oid].columns if key and table.kind == "r" else ():
        change = _CHANGES.get(column.base_type)
        was = next((old for old in then.columns if old.number == column.number), None)
        if change is None or column.generated or column.name in key or was is None or was.type_sql != column.type_sql:
            continue
        name = quote_ident(column.name)
        where = f"WHERE ctid = (SELECT min(ctid) FROM {table.sql} WHERE {name} IS NOT NULL)"
        script = f"UPDATE {table.sql} SET {name} = {change.format(name)} {where};"
        witness = f"SELECT md5(string_agg({name}::text, ',' ORDER BY {name})) FROM {table.sql}"
        yield Defect(table.display, (script,), witness, "value_differs", f"{table.display}.{column.name}",
                     "row_changed", touches=_seen(ground, table) | {table.display})  # fmt: skip


def _index_gone(ground: Ground, table: Relation) -> Iterator[Defect]:
    there = {(item.relation, item.name) for item in ground.after.indexes}
    for item in ground.before.indexes:
        if item.relation == table.oid and item.stands_alone and (item.relation, item.name) in there:
            script = f"DROP INDEX {quote_ident(table.schema)}.{quote_ident(item.name)};"
            witness = catalogue_rows("pg_index", "indrelid", table.sql, "indexrelid::regclass")
            yield Defect(table.display, (script,), witness, "index_lost",
                         item.name, touches=frozenset({item.name}))  # fmt: skip


def _other_owner(ground: Ground, table: Relation) -> Iterator[Defect]:
    script = f"ALTER TABLE {table.sql} OWNER TO pg_monitor;"
    witness = f"SELECT relowner::regrole::text FROM pg_class WHERE oid = {quote_literal(table.sql)}::regclass"
    yield Defect(table.display, (script,), witness, "owner_changed", table.display,
                 touches=_seen(ground, table))  # fmt: skip


_CHANGES = {
    "text": "{} || '.'",
    "varchar": "overlay({0} PLACING '~' FROM 1)",
    "numeric": "{} - 1",
    "int4": "{} + 1",
    "int8": "{} + 1",
    "bool": "NOT {}",
}

_FAULTS: dict[str, Callable[[Ground, Relation], Iterator[Defect]]] = {
    "row security switched off": _security_off,
    "row security without a policy": _policies_gone,
    "a policy dropped": _policy_gone,
    "a policy opened to all": _policy_opened,
    "a policy of the schema's own tables added": _policy_new,
    "a rule that swallows deletions": _rule_new,
    "a right taken away": _grant_gone,
    "a right given to everybody": _grant_for_all,
    "a primary key dropped": _key_gone,
    "NOT NULL dropped": _not_null_gone,
    "a default dropped": _default_gone,
    "rows of another table deleted": _rows_gone,
    "a value changed in a column that is still there": _value_changed,
    "an index of the schema's own dropped": _index_gone,
    "another owner": _other_owner,
}


def table_faults(ground: Ground, where: Bystanders | None) -> Iterator[Fault]:
    """Each fault with the places where it may be planted: on bystanders, and on the scenario's own objects."""
    beside = bystander_defects(where) if where is not None else ()
    for defect in (*beside, *neighbour_defects()):
        yield Fault(defect.fault, [defect])
    yield from own_faults(ground)
    for name, make in _FAULTS.items():
        yield Fault(name, _planted(ground, make))


def _planted(ground: Ground, make: Callable[[Ground, Relation], Iterator[Defect]]) -> Iterator[Defect]:
    for table in ground.before.relations.values():
        if table.is_table and table.schema != SCHEMA and table.oid in ground.after.relations:
            yield from make(ground, table)
