"""Defects in the scenario's own functions, sequences and views that roles read: what a migration may change unseen."""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalogue import Function
from harness.prove.ground import Ground
from harness.prove.model import Defect, Fault
from harness.prove.neighbours import SCHEMA
from harness.sqltext import quote_literal, quote_qualified

_DEFINER = " SECURITY DEFINER"


def own_faults(ground: Ground) -> Iterator[Fault]:
    """Each fault with the places where it may be planted."""
    yield Fault("another's rights for a function of the schema's own", _other_rights(ground))
    yield Fault("a sequence of the schema's own that starts again", _starts_again(ground))
    yield Fault("rows shown that row security hides", _rows_shown(ground))


def _everything(ground: Ground) -> frozenset[str]:
    """A function's rights reach whatever calls it: policies, views, queries."""
    names = {relation.display for relation in ground.after.relations.values()}
    return frozenset(names | {query.name for query in ground.scenario.queries})


def _other_rights(ground: Ground) -> Iterator[Defect]:
    now = {function.identity: function for function in ground.after.functions}
    for old in ground.before.functions:
        new = now.get(old.identity)
        if new is None or new.definition != old.definition or old.identity.startswith(f"{SCHEMA}."):
            continue
        rights = "INVOKER" if _DEFINER in new.definition else "DEFINER"
        witness = f"SELECT prosecdef::text FROM pg_proc WHERE oid = {new.oid}"
        yield Defect(old.identity, (f"ALTER ROUTINE {_signature(new)} SECURITY {rights};",), witness,
                     "function_changed", old.identity, touches=_everything(ground))  # fmt: skip


def _signature(function: Function) -> str:
    return f"{function.name_sql}({function.identity.partition('(')[2]}"


def _starts_again(ground: Ground) -> Iterator[Defect]:
    there = {item.oid for item in ground.after.sequences}
    for item in ground.before.sequences:
        table, now = ground.before.relations.get(item.relation), ground.after.relations.get(item.relation)
        columns = [column for column in now.columns if column.number == item.number] if now is not None else []
        if table is None or not columns or table.schema == SCHEMA or item.oid not in there:
            continue
        sql = quote_qualified(*item.identity.split(".", 1))
        about = f"{table.display}.{columns[0].name}"
        witness = f"SELECT concat_ws(' ', last_value, is_called) FROM {sql}"
        yield Defect(about, (f"ALTER SEQUENCE {sql} RESTART;",), witness, "sequence_behind", about,
                     touches=frozenset({about}))  # fmt: skip


def _rows_shown(ground: Ground) -> Iterator[Defect]:
    """A new view over a guarded table, read with its owner's rights: the role sees a row that the table denies it."""
    about = f"{SCHEMA}.peeped"
    script = f"CREATE VIEW {about} AS SELECT id, word FROM {SCHEMA}.guarded; GRANT SELECT ON {about} TO PUBLIC;"
    for wanted in ground.scenario.access_roles:
        as_role = f"set_config('role', {quote_literal(wanted.role)}, true), set_config('row_security', 'on', true)"
        witness = f"SELECT concat_ws(' ', {as_role}, query_to_xml('SELECT count(*) FROM {about}', true, false, ''))"
        yield Defect(f"{about} for {wanted.role}", (script,), witness, "access_wider", about)
