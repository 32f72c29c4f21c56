"""What a SELECT's parse tree tells of its rows: what it leaves out, what it has one row of, which queries it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness import sqltext


def with_queries(select: Any, outer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The WITH queries that a SELECT may name; a recursive one is not looked into."""
    found = dict(outer)
    for item in select.with_clause.ctes:
        cte = item.common_table_expr
        found[cte.ctename] = cte.ctequery.select_stmt
        if select.with_clause.recursive or cte.aliascolnames:
            found[cte.ctename] = type(select)()
    return found


def takes_away(select: Any) -> bool:
    """Whether a SELECT may leave rows out besides by its joins and its WHERE; of a set operation, by any means."""
    limited = select.HasField("limit_count") or select.HasField("limit_offset")
    if select.HasField("larg"):
        parts = any(takes_away(part) or part.HasField("where_clause") for part in (select.larg, select.rarg))
        return parts or limited or not (word(select, "op") == "SETOP_UNION" and select.all)
    return bool(select.distinct_clause) or limited or select.HasField("having_clause")


def is_plain(select: Any) -> bool:
    """Whether a subquery has the rows of its joined tables, no more and no fewer but for its WHERE."""
    parts = (select.group_clause, select.distinct_clause, select.window_clause)
    limits = ("larg", "having_clause", "limit_count", "limit_offset")
    if not select.target_list or not select.from_clause or any(parts) or any(map(select.HasField, limits)):
        return False
    calls = (node for target in select.target_list for node in sqltext.walk(target))
    return not any(type(node).__name__ == "FuncCall" for node in calls)


def _output_names(select: Any, grouped: list[str]) -> tuple[str, ...]:
    """The names under which a subquery gives the columns that it groups by."""
    names = {}
    for target in targets(select):
        if target.val.HasField("column_ref"):
            inside = target.val.column_ref.fields[-1].string.sval
            names[inside] = target.name or inside
    return tuple(names.get(name, name) for name in grouped)


def _aggregates(select: Any) -> bool:
    found = list(targets(select))
    return bool(found) and all(target.val.WhichOneof("node") in ("func_call", "coalesce_expr") for target in found)


def targets(select: Any) -> Iterator[Any]:
    """What a SELECT gives, column by column."""
    return (item.res_target for item in select.target_list)


def word(message: Any, field_name: str) -> str:
    """The name of an enumeration's value (JOIN_LEFT)."""
    return str(
        message.DESCRIPTOR.fields_by_name[field_name].enum_type.values_by_number[getattr(message, field_name)].name
    )


def one_row_per(select: Any) -> tuple[str, ...] | None:
    """Columns of which a subquery has one row each: those it groups by; none of an aggregate or LIMIT 1; else None."""
    grouped = [node.column_ref.fields[-1].string.sval for node in select.group_clause if node.HasField("column_ref")]
    if select.group_clause and len(grouped) == len(select.group_clause):
        return _output_names(select, grouped)
    single = select.limit_count.a_const.ival.ival == 1 or (_aggregates(select) and not select.group_clause)
    return () if single else None
