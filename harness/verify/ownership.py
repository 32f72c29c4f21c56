"""Owners that changed, and rights on what was there before that nobody had then."""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalogue import Catalogue
from harness.result import Finding
from harness.sqltext import quote_literal
from harness.verify.kinds import make_finding
from harness.verify.objects import granted_on
from harness.verify.survivors import relation_now, what_is_left


def ownership_findings(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Tables and views with another owner, and rights that are new."""
    for old in before.relations.values():
        new = relation_now(old.oid, before, after)
        if new is not None and new.owner != old.owner:
            detail = f"{new.display} belonged to {old.owner} and belongs to {new.owner} now"
            query = f"SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = {quote_literal(new.sql)}::regclass;"
            yield make_finding("owner_changed", new.display, detail, count=1, query=query)
    yield from _new_rights(before, after)


def _new_rights(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Rights on what the migration made itself are judged by reading as the roles; here on what was there before."""
    had = {item.identity for item in before.objects if item.kind == "grant"}
    known = _names(before)
    for item in after.objects:
        named = granted_on(item)
        if item.kind == "grant" and item.identity not in had and (named in known or named.startswith("future ")):
            detail = f"{item.identity} was not granted before"
            query = what_is_left("grant", after.relations.get(item.relation))
            yield make_finding("grant_added", item.identity, detail, count=1, query=query)


def _names(before: Catalogue) -> frozenset[str]:
    """Tables, views, their columns, functions and schemas of the old state."""
    names = {f"{relation.schema}.{relation.name}" for relation in before.relations.values()}
    columns = {
        f"{relation.schema}.{relation.name}.{column.name}"
        for relation in before.relations.values()
        for column in relation.columns
    }
    functions = {item.identity for item in before.objects if item.kind == "function"}
    return frozenset(names | columns | functions | {relation.schema for relation in before.relations.values()})
