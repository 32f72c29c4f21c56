"""Constraints that a migration lost or loosened, NOT NULL and defaults among them."""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalogue import Catalogue, Column, Constraint, Relation, survivor
from harness.result import Finding, Severity
from harness.sqltext import quote_literal
from harness.verify.kinds import make_finding
from harness.verify.survivors import columns_survive, relation_now, says_the_same, what_is_left, why


def constraint_findings(before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    """Constraints, NOT NULL and defaults that a table which is still there had before."""
    for item in before.constraints:
        yield from _lost(item, before, after)
    for old in before.relations.values():
        new = relation_now(old.oid, before, after) if old.is_table and not old.partition else None
        if new is not None:
            for column in old.columns:
                now = survivor(column, old, new)
                if now is not None:
                    yield from _loosened(old, new, column, now)


def _lost(item: Constraint, before: Catalogue, after: Catalogue) -> Iterator[Finding]:
    survive = columns_survive(item.relation, item.columns, before, after)
    said = _what_became(item, before, after)
    if survive is None or not said:
        return
    gone = said == "is gone"
    severity: Severity = "error" if survive and gone else "warning"
    yield make_finding(
        "constraint_lost",
        f"{before.relations[item.relation].display}.{item.name}",
        f"{item.definition} {said}" + (f", {why(survive)}" if gone else ""),
        severity=severity,
        count=1,
        query=what_is_left("constraint", relation_now(item.relation, before, after)),
    )


def _what_became(item: Constraint, before: Catalogue, after: Catalogue) -> str:
    """Empty where it is as it was; a new name of a table or column writes it otherwise and changes nothing."""
    table = relation_now(item.relation, before, after)
    there = [other for other in after.constraints if table is not None and other.relation == table.oid]
    if any(other.definition == item.definition for other in there):
        return ""
    namesake = next((other for other in there if other.name == item.name), None)
    if namesake is None:
        return "is gone"
    if item.validated and not namesake.validated:
        return "is no longer validated: rows that were there may break it"
    same = says_the_same(item.definition, namesake.definition, before, after)
    return "" if same else f"is {namesake.definition} now"


def _loosened(old: Relation, new: Relation, column: Column, now: Column) -> Iterator[Finding]:
    name = f"{old.display}.{column.name}"
    query = (
        "SELECT attnotnull, pg_get_expr(adbin, adrelid) AS default_is FROM pg_attribute LEFT JOIN pg_attrdef"
        " ON (adrelid, adnum) = (attrelid, attnum)\n"
        f"WHERE attrelid = {quote_literal(new.sql)}::regclass AND attname = {quote_literal(now.name)};"
    )
    if column.not_null and not now.not_null:
        detail = f"NOT NULL of {name} is gone, though the column is there"
        yield make_finding("constraint_lost", name, detail, severity="error", count=1, query=query)
    if column.default_sql and now.default_sql is None:
        what = "the expression that generates" if column.generated else "the default of"
        detail = f"{what} {name}, {column.default_sql}, is gone"
        yield make_finding("default_lost", name, detail, count=1, query=query)
    elif _other_default(column, now):
        detail = f"the default of {name} was {column.default_sql} and is {now.default_sql} now"
        yield make_finding("default_lost", name, detail, count=1, query=query)


def _other_default(column: Column, now: Column) -> bool:
    """A new type, or a sequence made anew with its table, writes the same default otherwise."""
    texts = (column.default_sql or "", now.default_sql or "")
    if column.type_sql != now.type_sql or all(text.startswith("nextval(") for text in texts):
        return False
    return bool(column.default_sql) and texts[0] != texts[1]
