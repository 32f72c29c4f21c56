"""Defects in the views as wholes: a column or a view gone, one that fails, aggregates, and who may read what."""

from __future__ import annotations

from collections.abc import Iterator

from harness.prove.edits import FaultMaker
from harness.prove.ground import Ground, Stand, rows_and_types
from harness.prove.model import Defect
from harness.sqltext import quote_ident, quote_literal
from harness.sqltext.rewrite import ViewText

_LIMIT_S = 2.0
_OTHER_AGGREGATE = {"sum": "max", "max": "min", "min": "max", "avg": "max", "count": "count"}


def _column_lost(ground: Ground, stand: Stand) -> Iterator[Defect]:
    expressions = stand.text.expressions
    for place in stand.lost:
        if expressions.count(expressions[place]) == 1:
            yield Defect(
                f"{stand.view.display}.{stand.view.columns[place].name}",
                ground.redefined(stand.view, stand.text.without_column(place)),
                rows_and_types(stand.view),
                "no_counterpart",
                stand.object_of(place),
                touches=ground.reach(stand.view),
            )


def _view_lost(ground: Ground, stand: Stand) -> Iterator[Defect]:
    gone = [place for place in sorted(stand.lost) if stand.lost[place] in stand.change.dropped]
    for place in gone[:1]:
        yield Defect(
            stand.view.display,
            (ground.dropped(stand.view),),
            f"SELECT to_regclass({quote_literal(stand.view.sql)})::text",
            "no_counterpart",
            stand.object_of(place),
            touches=ground.reach(stand.view),
        )


def _view_fails(ground: Ground, stand: Stand) -> Iterator[Defect]:
    for place, column in stand.lost.items():
        old = stand.text.expressions[place]
        failing = f"CASE WHEN {stand.first_row} THEN (1 / (0 * length(({old})::text)))::text ELSE ({old})::text END"
        yield Defect(
            stand.view.display,
            ground.redefined(stand.view, stand.text.with_expression(place, f"({failing})::{column.type_sql}")),
            rows_and_types(stand.view),
            "view_error",
            stand.view.display,
            touches=ground.reach(stand.view),
        )


def _past_row_security(ground: Ground, stand: Stand) -> Iterator[Defect]:
    yield Defect(
        stand.view.display,
        (f"ALTER VIEW {stand.view.sql} RESET (security_invoker);",),
        f"SELECT reloptions::text FROM pg_class WHERE oid = {quote_literal(stand.view.sql)}::regclass",
        "rls_bypassed",
        stand.view.display,
        touches=ground.reach(stand.view),
    )


def _not_readable(ground: Ground, stand: Stand) -> Iterator[Defect]:
    for wanted in ground.scenario.access_roles:
        yield Defect(
            f"{stand.view.display} for {wanted.role}",
            (f"REVOKE ALL ON {stand.view.sql} FROM PUBLIC, {quote_ident(wanted.role)};",),
            f"SELECT has_table_privilege({quote_literal(wanted.role)}, {quote_literal(stand.view.sql)}, 'SELECT')",
            "access_narrower",
            stand.view.display,
            touches=ground.reach(stand.view),
        )


def _stored(ground: Ground, stand: Stand) -> Iterator[Defect]:
    yield Defect(
        stand.view.display,
        ground.redefined(stand.view, stand.view.definition or "", "MATERIALIZED VIEW"),
        f"SELECT relkind FROM pg_class WHERE oid = {quote_literal(stand.view.sql)}::regclass",
        "view_stored",
        stand.view.display,
        touches=ground.reach(stand.view),
    )


def _any_partner(ground: Ground, stand: Stand) -> Iterator[Defect]:
    """A replaced column looked up from whichever row of its source comes first."""
    for place in stand.lost:
        column = stand.view.columns[place]
        origin = stand.shape.columns.get(column.name)
        source = stand.shape.source(origin.alias) if origin is not None else None
        table = ground.relation(source.relation) if source is not None else None
        if origin is None or table is None or table.oid == stand.table.oid:
            continue
        any_row = f"(SELECT a.{quote_ident(origin.column)} FROM {table.sql} AS a LIMIT 1)::{column.type_sql}"
        yield Defect(
            f"{stand.view.display}.{column.name}",
            ground.redefined(stand.view, stand.text.with_expression(place, any_row)),
            rows_and_types(stand.view),
            "row_arbitrary",
            stand.view.display,
            touches=ground.reach(stand.view),
        )


def _too_slow(ground: Ground, stand: Stand) -> Iterator[Defect]:
    """It waits for longer than a statement may take; without a limit, as in the rest of the check, not at all."""
    waits = f"pg_sleep({10 * _LIMIT_S}) IS NOT NULL"
    test = f"(SELECT CASE WHEN current_setting('statement_timeout') <> '0' THEN {waits} ELSE true END)"
    for query in () if stand.text.is_grouped else ground.queries(stand.view):
        yield Defect(
            f"{stand.view.display} in {query}",
            ground.redefined(stand.view, stand.text.with_filter(test)),
            f"SELECT pg_get_viewdef({quote_literal(stand.view.sql)}::regclass)",
            "answer_unfinished",
            query,
            touches=ground.reach(stand.view),
            limit_s=_LIMIT_S,
        )


def wrong_aggregates(ground: Ground) -> Iterator[Defect]:
    """Another aggregate; only a query that reads the view can tell, where no lost column is replaced by it."""
    for view in ground.after.views():
        text = ViewText(view.definition or "SELECT 1")
        for place, name in enumerate(text.aggregates()):
            other = _OTHER_AGGREGATE.get(name)
            for query in ground.queries(view) if other and other != name else ():
                yield Defect(
                    f"{view.display} ({name})",
                    ground.redefined(view, text.with_function(place, str(other))),
                    rows_and_types(view),
                    "answer_differs",
                    query,
                    "unexplained",
                    touches=ground.reach(view),
                )


VIEW_FAULTS: dict[str, FaultMaker] = {
    "a column left out of the view": _column_lost,
    "the view left out": _view_lost,
    "a view that fails when it is read": _view_fails,
    "read with the owner's rights": _past_row_security,
    "a missing grant on the view": _not_readable,
    "a view made a stored one": _stored,
    "a value of any row that comes first": _any_partner,
    "a view that takes longer to read than a statement may": _too_slow,
}
"""Each fault, and what finds the places for it in one view."""
