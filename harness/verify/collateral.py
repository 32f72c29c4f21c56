"""What the migration lost or left behind besides values: indexes, constraints, triggers, policies, comments, grants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.catalogue import Catalogue, Object, Relation
from harness.result import Finding
from harness.sqltext import quote_literal
from harness.verify.constraints import constraint_findings
from harness.verify.context import Context
from harness.verify.indexes import index_findings
from harness.verify.kinds import make_finding
from harness.verify.ownership import ownership_findings
from harness.verify.survivors import is_renamed, relation_now, what_is_left
from harness.verify.views import made_views

_LOST = {"trigger": "trigger_lost", "policy": "policy_lost", "comment": "comment_lost", "grant": "grant_lost"}


def collateral_findings(context: Context) -> list[Finding]:
    """Everything that the two catalogues tell, functions apart."""
    before, after = context.before, context.after
    found = [
        *_lost_views(before, after),
        *_lost_objects(before, after),
        *constraint_findings(before, after),
        *index_findings(before, after),
        *ownership_findings(before, after),
        *_bypassing_views(context),
        *_unguarded_tables(before, after),
        *_switched_off(before, after),
    ]
    return [_located(finding, context.after_db) for finding in found]


def _located(finding: Finding, database: str) -> Finding:
    return replace(finding, database=database) if finding.query else finding


def _lost_views(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    for view in before.views():
        if view.oid not in after.relations and after.named(view.schema, view.name) is None:
            query = f"SELECT to_regclass({quote_literal(view.sql)});"
            yield make_finding("view_lost", view.display, f"the view {view.display} is gone", count=1, query=query)


def _lost_objects(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Triggers, policies, comments and grants that are gone; of a dropped table or column none is missed."""
    now = {(item.kind, item.identity): item.definition for item in after.objects}
    for item in before.objects:
        kind = _LOST.get(item.kind)
        if kind is None or _went_with_its_column(item, before, after):
            continue
        identity = _identity_now(item, before, after)
        detail = ""
        if (item.kind, identity) not in now:
            detail = f"the {item.kind} {item.identity} is gone"
        elif item.kind in ("policy", "trigger") and _says_else(item, now[item.kind, identity], before, after):
            detail = f"the {item.kind} {item.identity} says something else now: {now[item.kind, identity]}"
        if detail:
            query = what_is_left(item.kind, relation_now(item.relation, before, after))
            yield make_finding(kind, item.identity, detail, count=1, query=query)


def _identity_now(item: Object, before: Catalogue, after: Catalogue) -> str:
    """A trigger's or policy's identity begins with its table's name, which may be a new one."""
    old, new = before.relations.get(item.relation), relation_now(item.relation, before, after)
    if old is None or new is None or item.kind not in ("trigger", "policy"):
        return item.identity
    return f"{new.schema}.{new.name}: {item.identity.removeprefix(f'{old.schema}.{old.name}: ')}"


def _says_else(item: Object, definition: str, before: Catalogue, after: Catalogue) -> bool:
    """A table's new name changes the text; whether a trigger is switched off (the last letter) is told all the same."""
    if item.kind == "trigger" and is_renamed(item.relation, (), before, after):
        return item.definition[-1:] != definition[-1:]
    return item.definition != definition


def _went_with_its_column(item: Object, before: Catalogue, after: Catalogue) -> bool:
    """Grants and comments of what was dropped or renamed are not lost by oversight."""
    old = before.relations.get(item.relation)
    if old is None or item.kind not in ("grant", "comment"):
        return False
    new = relation_now(item.relation, before, after)
    if new is None or (new.schema, new.name) != (old.schema, old.name):
        return True
    names = {column.name for column in old.columns} - {column.name for column in new.columns}
    return item.kind == "grant" and any(f".{name} to" in item.identity for name in names)


def _bypassing_views(context: Context) -> Iterator[Finding]:
    """Views made by the migration that are read with their owner's rights over tables with row security."""
    for view in made_views(context):
        old = context.before.relations.get(view.oid) or context.before.named(view.schema, view.name)
        was_so = old is not None and not old.is_table and not old.invoker_rights
        if was_so or (view.invoker_rights and view.kind == "v"):
            continue
        guarded = _guarded_tables(context.after, view)
        if guarded:
            yield make_finding(
                "rls_bypassed",
                view.display,
                f"{view.display} shows rows of {', '.join(guarded)} past row security, to whoever may read the view",
                count=1,
                query="SELECT c.reloptions, pg_get_userbyid(c.relowner) AS read_with_the_rights_of FROM pg_class c"
                f" WHERE c.oid = {quote_literal(view.sql)}::regclass;",
            )


def _guarded_tables(catalogue: Catalogue, view: Relation) -> list[str]:
    tables = (catalogue.relations.get(oid) for oid in catalogue.reads_transitively(view.oid))
    return sorted(table.display for table in tables if table is not None and table.row_security)


def _unguarded_tables(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Tables with row security and no policy that the migration made so."""
    for table in after.relations.values():
        if (
            table.row_security
            and not _has_policy(after, table)
            and (
                table.oid not in before.relations
                or not before.relations[table.oid].row_security
                or _has_policy(before, table)
            )
        ):
            detail = f"{table.display} has row security and no policy: nobody but its owner reads or writes a row"
            query = what_is_left("policy", table)
            yield make_finding("policy_missing", table.display, detail, count=1, query=query)


def _switched_off(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    for old in before.relations.values():
        new = relation_now(old.oid, before, after)
        if old.row_security and new is not None and not new.row_security:
            detail = f"row security of {new.display} is switched off"
            query = f"SELECT relrowsecurity FROM pg_class WHERE oid = {quote_literal(new.sql)}::regclass;"
            yield make_finding("policy_lost", new.display, detail, count=1, query=query)


def _has_policy(catalogue: Catalogue, table: Relation) -> bool:
    return any(item.kind == "policy" and item.relation == table.oid for item in catalogue.objects)
