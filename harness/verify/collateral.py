"""What the migration lost, left behind or added besides values, as the two catalogues tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.catalogue import Catalogue, Relation
from harness.result import Finding
from harness.sqltext import quote_literal
from harness.verify.added import added_findings
from harness.verify.constraints import constraint_findings
from harness.verify.context import Context
from harness.verify.functions import trigger_findings
from harness.verify.indexes import index_findings
from harness.verify.kinds import make_finding
from harness.verify.objects import object_findings
from harness.verify.old_names import old_name_findings
from harness.verify.ownership import ownership_findings
from harness.verify.survivors import relation_now, what_is_left
from harness.verify.views import made_views


def collateral_findings(context: Context) -> list[Finding]:
    """Everything that the two catalogues tell, functions apart."""
    before, after = context.before, context.after
    found = [
        *_lost_views(before, after),
        *trigger_findings(context, object_findings(before, after)),
        *added_findings(before, after),
        *old_name_findings(before, after),
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
