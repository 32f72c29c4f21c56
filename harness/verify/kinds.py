"""Every kind of finding and every cause in one place: what it means, how severe it is, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.result import Example, Finding, Severity


@dataclass(frozen=True)
class Kind:
    """What a kind of finding means and what to do about it."""

    severity: Severity
    meaning: str
    next_step: str


KINDS: dict[str, Kind] = {
    "value_differs": Kind(
        "error",
        "the view shows another value than the column held",
        "mend the view's expression, or accept it with a reason",
    ),
    "null_to_value": Kind(
        "error",
        "the column was NULL, the view shows a value",
        "decide which is right; mend the view or accept it with a reason",
    ),
    "value_to_null": Kind(
        "error",
        "the column held a value, the view shows NULL",
        "keep these values elsewhere before the drop, or accept the loss",
    ),
    "renders_differently": Kind(
        "warning", "equal values that are written differently (1.0 and 1.00)", "cast the view's column to the old type"
    ),
    "row_missing": Kind(
        "error", "rows of the table that the view does not show", "use LEFT JOIN, or take the filter out"
    ),
    "row_extra": Kind("error", "rows of the view that the table did not have", "look where the view takes them from"),
    "row_duplicated": Kind(
        "error", "rows that the view shows more than once", "join on a unique key, or aggregate first"
    ),
    "type_drift": Kind(
        "warning", "the replacement has another type or collation", "cast it to the old type in the view"
    ),
    "no_counterpart": Kind(
        "error", "no view column replaces the column", "add it to a view, or name its counterpart in column_map"
    ),
    "not_compared": Kind("error", "the column could not be compared", "remove the reason that the finding names"),
    "nothing_compared": Kind(
        "error", "no row was compared, so nothing is proven", "seed the table, or use a larger --scale"
    ),
    "key_not_unique": Kind(
        "warning",
        "several old rows have one key, so that whole rows had to be compared, and none can be followed",
        "name columns that identify a row with --key",
    ),
    "key_null": Kind(
        "warning",
        "the key of old rows is NULL, so that whole rows had to be compared, and none can be followed",
        "name columns that are never NULL with --key",
    ),
    "view_error": Kind("error", "reading the view fails", "mend the view's definition"),
    "answer_differs": Kind(
        "error",
        "the query's old and new form give different answers, or write other values",
        "mend the new form or the view",
    ),
    "answer_empty": Kind(
        "warning", "the query reads or changes nothing with any of its parameters", "draw parameters that meet rows"
    ),
    "answer_unfinished": Kind(
        "warning",
        "the query does not end within the statement timeout, and is neither compared nor timed",
        "raise --statement-timeout, or make the query cheaper",
    ),
    "rls_bypassed": Kind(
        "error",
        "a view or function runs with its owner's rights over tables with row security, or a table copies their rows",
        "create it with security_invoker or SECURITY INVOKER; give the table row security",
    ),
    "access_wider": Kind(
        "error",
        "the role reads rows through the view that the table denies it",
        "use security_invoker, mend the grants",
    ),
    "access_narrower": Kind(
        "error", "the role cannot read through the view what the table let it read", "grant what the view needs"
    ),
    "grant_lost": Kind("warning", "a privilege that existed before is gone", "grant it again"),
    "grant_added": Kind(
        "warning", "a privilege on what was there before that nobody had then", "revoke it, or accept it with a reason"
    ),
    "owner_changed": Kind(
        "warning",
        "something that was there before (a table, function, schema, type, ...) belongs to another role",
        "give it back, or accept it",
    ),
    "default_lost": Kind(
        "warning",
        "a column's default, its identity, or the expression that generates it, is gone or other",
        "set it again",
    ),
    "comment_lost": Kind(
        "info", "a comment that existed before is gone", "set it again, on the replacement if need be"
    ),
    "trigger_lost": Kind(
        "error",
        "a trigger (an event trigger, too) that existed before is gone, switched off, or other",
        "create it again, or accept that it is gone",
    ),
    "index_lost": Kind(
        "warning",
        "an index over a column that still exists is gone or other",
        "create it again where queries need it",
    ),
    "index_redundant": Kind(
        "warning",
        "an index that another one covers: every write pays for it, no query needs it",
        "drop the shorter one",
    ),
    "constraint_lost": Kind(
        "warning",
        "a constraint that existed before (NOT NULL too) is gone or loosened",
        "add it again, or accept that it is gone",
    ),
    "write_lost": Kind(
        "error",
        "a write that the table took is refused by the view in its place, or has another effect",
        "add INSTEAD OF triggers, or accept that it is only read",
    ),
    "view_stored": Kind(
        "warning",
        "a materialized view replaces columns or a view: it shows what it held when it was refreshed last",
        "make it a view, or refresh it after each write",
    ),
    "row_arbitrary": Kind(
        "warning",
        "a view takes one of several rows and does not say which: LIMIT or DISTINCT ON without ORDER BY",
        "add an ORDER BY that ends with a key",
    ),
    "sequence_behind": Kind(
        "error",
        "a sequence gives out numbers again that were given out before, so that inserts collide",
        "set it: SELECT setval(...)",
    ),
    "sequence_changed": Kind("warning", "a sequence counts otherwise than before", "alter it back, or accept it"),
    "sequence_lost": Kind("error", "a sequence that existed before is gone", "create it again, where it stood"),
    "protection_lost": Kind(
        "error",
        "what guarded a table or view before does not any more: security_barrier, FORCE ROW LEVEL SECURITY, ...",
        "set it again, or accept it with a reason",
    ),
    "policy_added": Kind(
        "error",
        "a permissive policy that is new on a table with row security: roles may see and change more rows",
        "drop it, or accept it with a reason",
    ),
    "rule_lost": Kind("error", "a rewrite rule that existed before is gone or other", "create it again as it was"),
    "publication_lost": Kind(
        "error",
        "a table is no longer published as before (replica identity too), so that subscribers miss its changes",
        "add it to the publication again, with its replica identity",
    ),
    "statistics_lost": Kind("info", "extended statistics that existed before are gone", "create them again"),
    "generated_stale": Kind(
        "warning",
        "a generated column holds what its expression gave before the migration changed a function in it",
        "write the rows again: UPDATE ... SET a column to itself",
    ),
    "type_changed": Kind(
        "warning",
        "an enum, domain or composite type that existed before takes or orders values otherwise",
        "alter it back",
    ),
    "object_lost": Kind(
        "warning",
        "something else that existed before is gone: a type, cast, collation, schema, extension, stored view",
        "create it again, or accept it",
    ),
    "function_changed": Kind(
        "warning",
        "a function that existed before is defined otherwise: its body, its rights, what it returns",
        "compare the two, or accept it",
    ),
    "name_lost": Kind(
        "warning",
        "a table, view or column has another name, and nothing has the old one: who uses that fails",
        "leave a view under the old name, or accept it",
    ),
    "columns_reordered": Kind(
        "warning",
        "the columns stand in another order: SELECT * and INSERT without names take one for another",
        "list them in the old order",
    ),
    "order_lost": Kind("warning", "a view's rows came in an order and do not any more", "add the ORDER BY again"),
    "behaviour_added": Kind(
        "warning",
        "a trigger, rule, constraint or default that is new on a table or column that was there before",
        "look whether it is meant, and accept it",
    ),
    "function_broken": Kind(
        "error",
        "a function names what the migration took away, or fails now and did not before",
        "rewrite the function's body",
    ),
    "function_lost": Kind(
        "error", "a function that existed before is gone", "create it again, or accept that it is gone"
    ),
    "policy_lost": Kind(
        "error", "a row security policy that existed before is gone or other", "create it again as it was"
    ),
    "view_lost": Kind("error", "a view that existed before is gone", "create it again"),
    "policy_missing": Kind(
        "error", "row security is on and no policy allows anything: nobody but the owner reads a row", "add a policy"
    ),
    "accept_rule_unused": Kind(
        "info", "an accept rule that accepts nothing here", "take the rule out of the scenario if it never does"
    ),
}

CAUSES: dict[str, str] = {
    "stale_copy": "the copy disagreed with its source before the migration; the view shows the source",
    "source_changed": "the view shows its source, whose value the migration itself changed or deleted",
    "view_wrong": "the view, or what has the column's name now, shows another value than the copy's source held",
    "null_fk": "the reference to the source is NULL, the copy was filled all the same",
    "orphan_fk": "the reference names a row that does not exist, the copy was filled all the same",
    "inner_join_loss": "an inner join of the view finds no partner for the row",
    "row_filter": "a filter (WHERE, DISTINCT, LIMIT, ...) of the view takes the row, or its partner, away",
    "fan_out": "a join of the view finds several partners for the row",
    "outer_join_row": "an outer join of the view adds the rows of its partners that have no row in the table",
    "row_deleted": "the migration deleted the row from the table itself, or left it out when it made the table anew",
    "row_changed": "the migration changed the row in the table itself",
    "row_added": "the migration added the row to the table itself",
    "type_drift": "the replacement's type cannot hold the value as it was",
    "unexplained": "no rule explains it",
}

_MILDER: dict[tuple[str, str], Severity] = {
    ("null_to_value", "row_changed"): "warning",
    ("row_extra", "row_added"): "warning",
}
"""Severities that a cause changes: where the migration fills a NULL or adds a row, no value is gone."""


def make_finding(
    kind: str,
    name: str,
    detail: str,
    *,
    severity: Severity | None = None,
    count: int = 0,
    rows: int = 0,
    cause: str = "",
    examples: Sequence[Example] = (),
    query: str = "",
    database: str = "",
) -> Finding:
    """A finding of that kind about the object `name`, with the kind's next step.

    Unless told, its severity is that of its kind and cause.
    """
    known = KINDS[kind]
    assert not cause or cause in CAUSES, cause
    return Finding(
        kind=kind,
        severity=severity or _MILDER.get((kind, cause), known.severity),
        object=name,
        detail=detail,
        count=count,
        rows=rows,
        cause=cause,
        examples=tuple(examples),
        query=query,
        database=database,
        next_step=known.next_step,
    )
