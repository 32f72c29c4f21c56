"""Pieces of a SELECT's parse tree: joins and their conditions, fallbacks, expressions to and from text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import postgast
from postgast import pg_query_pb2 as pb


@dataclass(frozen=True)
class Condition:
    """An equality of two columns in a join's condition, each side (alias, column); `alias` is what the join adds."""

    join: int
    alias: str
    inner: tuple[str, str]
    outer: tuple[str, str]


@dataclass(frozen=True)
class Side:
    """One side of an equality: a column with the type that it is cast to, a fixed value, or anything else.

    `aliases` are those of all columns in it.
    """

    alias: str
    column: str
    cast: str
    fixed: bool
    aliases: frozenset[str]


def joins_in(item: Any) -> Iterator[Any]:
    """Every join of an item of FROM, inner ones first."""
    if item.HasField("join_expr"):
        yield from joins_in(item.join_expr.larg)
        yield from joins_in(item.join_expr.rarg)
        yield item.join_expr


def conditions(number: int, join: Any) -> Iterator[Condition]:
    """The equalities of columns in a join's condition between what it adds and what was there."""
    alias = join.rarg.range_var.alias.aliasname or join.rarg.range_var.relname
    for equality in equalities(join.quals):
        sides = [column(equality.lexpr), column(equality.rexpr)]
        one, other = sides
        if one and other and one[0] != other[0] and alias in (one[0], other[0]):
            inner, outer = (one, other) if one[0] == alias else (other, one)
            yield Condition(number, alias, inner, outer)


def conjuncts(node: Any) -> Iterator[Any]:
    """What a condition requires together."""
    if node.HasField("bool_expr") and node.bool_expr.boolop == pb.AND_EXPR:
        for item in node.bool_expr.args:
            yield from conjuncts(item)
    else:
        yield node


def equalities(node: Any) -> Iterator[Any]:
    """The equalities that a condition requires together."""
    return (item.a_expr for item in conjuncts(node) if _equates(item, pb.AEXPR_OP))


def _equates(node: Any, kind: Any) -> bool:
    """Whether it is an expression of that kind with `=`: IS DISTINCT FROM, = ANY and = ALL are built with it, too."""
    return node.HasField("a_expr") and node.a_expr.kind == kind and _operator(node.a_expr) == "="


def _operator(expression: Any) -> str:
    return str(expression.name[-1].string.sval) if expression.name else ""


def equality_sides(node: Any) -> Iterator[Any]:
    """Both sides of each of them."""
    for equality in equalities(node):
        yield equality.lexpr
        yield equality.rexpr


def column(node: Any) -> tuple[str, str] | None:
    """The column that a node names, with its alias; None for anything else or without an alias."""
    fields = [item.string.sval for item in node.column_ref.fields] if node.HasField("column_ref") else []
    return (fields[-2], fields[-1]) if len(fields) > 1 else None


def plain_column(words: str) -> tuple[str, str] | None:
    """The alias and name of the column that an expression is; None where it is more, or no SQL."""
    try:
        return column(expression(words))
    except postgast.PgQueryError:
        return None


def equated(condition: str) -> list[tuple[Side, Side] | None]:
    """The sides of everything that a condition requires; None for what is no equality, or where it is no SQL."""
    try:
        return [_sides(item) for item in conjuncts(expression(condition))]
    except postgast.PgQueryError:  # EXPLAIN has words of its own for subplans
        return [None]


def _sides(node: Any) -> tuple[Side, Side] | None:
    """Of = ANY the left side is one of several values: the array itself is neither a column nor a value to look for."""
    if _equates(node, pb.AEXPR_OP):
        return _side(node.a_expr.lexpr), _side(node.a_expr.rexpr)
    if _equates(node, pb.AEXPR_OP_ANY):
        array = _side(node.a_expr.rexpr)
        return _side(node.a_expr.lexpr), Side("", "", "", False, array.aliases)
    return None


def calls(sql: str) -> frozenset[str]:
    """Names of the functions that an expression calls, without their schemas; none where it is no SQL."""
    try:
        tree = postgast.parse(f"SELECT {sql}")
    except postgast.PgQueryError:
        return frozenset()
    return frozenset(name(node) for _, node in postgast.walk(tree) if isinstance(node, pb.FuncCall))


def _side(node: Any) -> Side:
    cast = ""
    if node.HasField("type_cast"):
        cast, node = node.type_cast.type_name.names[-1].string.sval, node.type_cast.arg
    alias, named = column(node) or ("", "")
    columns = [item.fields for _, item in postgast.walk(node) if isinstance(item, pb.ColumnRef)]
    aliases = frozenset(fields[-2].string.sval for fields in columns if len(fields) > 1)
    return Side(alias, named, cast, node.HasField("a_const") or node.HasField("param_ref"), aliases)


def coalesce(node: Any) -> Any:
    """The COALESCE that a column is, perhaps under a cast."""
    while node.HasField("type_cast"):
        node = node.type_cast.arg
    return node.coalesce_expr if node.HasField("coalesce_expr") and len(node.coalesce_expr.args) > 1 else None


def replace(node: Any, choice: Any) -> None:
    """Puts `choice` in the COALESCE's place, under the cast where there is one."""
    while node.HasField("type_cast"):
        node = node.type_cast.arg
    node.CopyFrom(choice)


def need(found: Any) -> Any:
    """What is known to be there."""
    assert found is not None
    return found


def expression(sql: str) -> Any:
    """The node of an expression."""
    return postgast.parse(f"SELECT {sql}").stmts[0].stmt.select_stmt.target_list[0].res_target.val


def both(condition: Any, further: str) -> Any:
    """The condition, and a further one."""
    node = expression(f"true AND ({further})")
    node.bool_expr.args[0].CopyFrom(condition)
    return node


def function(name: str) -> Sequence[Any]:
    """A function's name as a call holds it."""
    return list(expression(f"{name}(1)").func_call.funcname)


def name(call: Any) -> str:
    """The name of the function called."""
    return str(call.funcname[-1].string.sval)


def text(value: Any) -> str:
    """SQL of an expression's node."""
    tree = postgast.parse("SELECT 1")
    tree.stmts[0].stmt.select_stmt.target_list[0].res_target.val.CopyFrom(value)
    return str(postgast.deparse(tree)).removeprefix("SELECT ")


def columns_equated(text: str) -> frozenset[str]:
    """Names of columns that the statements hold equal to other columns: in joins, in WHERE, in USING."""
    found: set[str] = set()
    for _, node in postgast.walk(postgast.parse(text)):
        if isinstance(node, pb.A_Expr) and _operator(node) == "=":
            sides = (node.lexpr, node.rexpr)
            if all(side.HasField("column_ref") for side in sides):
                found |= {side.column_ref.fields[-1].string.sval for side in sides}
        elif isinstance(node, pb.JoinExpr):
            found |= {item.string.sval for item in node.using_clause}
    return frozenset(found)
