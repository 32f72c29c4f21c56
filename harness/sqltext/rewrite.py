"""A view's SELECT taken apart and put together otherwise: its columns, joins and conditions replaced one at a time."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Literal

import postgast
from postgast import pg_query_pb2 as pb

from harness.sqltext import nodes
from harness.sqltext.nodes import Condition


class ViewText:
    """One view's definition; every method that changes something returns the SQL of a new definition.

    Of a set operation (UNION, ...) the first SELECT is the one that is looked at and changed.
    """

    def __init__(self, definition: str) -> None:
        self._tree = postgast.parse(definition)
        self.is_set_operation = self._whole(self._tree).HasField("larg")
        for item in self._select(self._tree).target_list:  # a column that is given otherwise keeps its name
            target = item.res_target
            if not target.name and target.val.HasField("column_ref"):
                target.name = target.val.column_ref.fields[-1].string.sval

    @property
    def sql(self) -> str:
        """The definition, as the parser writes it."""
        return str(postgast.deparse(self._tree))

    @property
    def expressions(self) -> tuple[str, ...]:
        """SQL of each column's expression, in order."""
        return tuple(nodes.text(item.res_target.val) for item in self._select(self._tree).target_list)

    @property
    def outer_joins(self) -> tuple[int, ...]:
        """Numbers of the LEFT joins, for `with_join_kind`."""
        joins = self._joins(self._tree)
        return tuple(number for number, join in enumerate(joins) if join.jointype == pb.JOIN_LEFT)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The equalities of columns on which a table is joined, where each side names its table."""
        joins = enumerate(self._joins(self._tree))
        return tuple(item for number, join in joins for item in nodes.conditions(number, join))

    @property
    def fallbacks(self) -> tuple[int, ...]:
        """Places of the columns that are a COALESCE of several expressions."""
        targets = self._select(self._tree).target_list
        return tuple(place for place, item in enumerate(targets) if nodes.coalesce(item.res_target.val) is not None)

    @property
    def is_grouped(self) -> bool:
        """Whether its rows are groups or single aggregates, so that a condition means something else."""
        select = self._select(self._tree)
        return bool(select.group_clause) or bool(select.distinct_clause)

    def aggregates(self) -> tuple[str, ...]:
        """Names of the functions called in the columns, subqueries included, in the order of `with_function`."""
        return tuple(nodes.name(call) for call in self._calls(self._tree))

    def with_expression(self, place: int, expression: str) -> str:
        """The column at that place given by another expression."""
        tree, select = self._copy()
        select.target_list[place].res_target.val.CopyFrom(nodes.expression(expression))
        return str(postgast.deparse(tree))

    def with_swapped(self, one: int, other: int) -> str:
        """Two columns that take each other's expression."""
        tree, select = self._copy()
        first, second = select.target_list[one].res_target.val, select.target_list[other].res_target.val
        kept = copy.deepcopy(first)
        first.CopyFrom(second)
        second.CopyFrom(kept)
        return str(postgast.deparse(tree))

    def without_column(self, place: int) -> str:
        """The view with one column less."""
        tree, select = self._copy()
        del select.target_list[place]
        return str(postgast.deparse(tree))

    def without_fallback(self, place: int) -> str:
        """A COALESCE reduced to its first choice."""
        tree, select = self._copy()
        value = select.target_list[place].res_target.val
        choice = copy.deepcopy(nodes.need(nodes.coalesce(value)).args[0])
        nodes.replace(value, choice)
        return str(postgast.deparse(tree))

    def with_reversed_fallback(self, place: int) -> str:
        """A COALESCE whose choices are tried from the last to the first."""
        tree, select = self._copy()
        args = nodes.need(nodes.coalesce(select.target_list[place].res_target.val)).args
        turned = [copy.deepcopy(item) for item in reversed(args)]
        del args[:]
        args.extend(turned)
        return str(postgast.deparse(tree))

    def with_join_kind(self, join: int, kind: Literal["INNER", "FULL"]) -> str:
        """A join made one of another kind."""
        tree, _ = self._copy()
        list(self._joins(tree))[join].jointype = pb.JOIN_INNER if kind == "INNER" else pb.JOIN_FULL
        return str(postgast.deparse(tree))

    def with_left_join(self, item: str, condition: str) -> str:
        """A further item of FROM, joined to the first."""
        tree, select = self._copy()
        joined = self._whole(postgast.parse(f"SELECT FROM a LEFT JOIN {item} ON {condition}")).from_clause[0]
        joined.join_expr.larg.CopyFrom(select.from_clause[0])
        select.from_clause[0].CopyFrom(joined)
        return str(postgast.deparse(tree))

    def with_join_column(self, condition: Condition, *, inner: str = "", outer: str = "") -> str:
        """A join on another column, of the joined table (`inner`) or of the one that refers to it (`outer`)."""
        tree, _ = self._copy()
        join = list(self._joins(tree))[condition.join]
        for side, new in ((condition.inner, inner), (condition.outer, outer)):
            if new:
                for node in nodes.equality_sides(join.quals):
                    if nodes.column(node) == side:
                        node.column_ref.fields[-1].string.sval = new
        return str(postgast.deparse(tree))

    def with_join_filter(self, join: int, condition: str) -> str:
        """A join that finds only partners that meet a further condition."""
        tree, _ = self._copy()
        quals = list(self._joins(tree))[join].quals
        quals.CopyFrom(nodes.both(copy.deepcopy(quals), condition))
        return str(postgast.deparse(tree))

    def with_filter(self, condition: str) -> str:
        """The view with a further condition on its rows."""
        tree, select = self._copy()
        if select.HasField("where_clause"):
            select.where_clause.CopyFrom(nodes.both(copy.deepcopy(select.where_clause), condition))
        else:
            select.where_clause.CopyFrom(nodes.expression(condition))
        return str(postgast.deparse(tree))

    def with_function(self, place: int, name: str) -> str:
        """Another function called in the place of the one at that place of `aggregates`."""
        tree, _ = self._copy()
        call = list(self._calls(tree))[place]
        del call.funcname[:]
        call.funcname.extend(nodes.function(name))
        return str(postgast.deparse(tree))

    def with_distinct_on(self, expression: str) -> str:
        """Only one row for each value of the expression."""
        tree, select = self._copy()
        select.distinct_clause.extend([nodes.expression(expression)])
        return str(postgast.deparse(tree))

    def with_limit(self, rows: int) -> str:
        """Only the first rows."""
        tree, _ = self._copy()
        limited = self._whole(postgast.parse(f"SELECT 1 LIMIT {rows}"))
        whole = self._whole(tree)
        whole.limit_count.CopyFrom(limited.limit_count)
        whole.limit_option = limited.limit_option
        return str(postgast.deparse(tree))

    def with_all_removed(self) -> str:
        """UNION ALL made UNION."""
        tree, _ = self._copy()
        self._whole(tree).all = False
        return str(postgast.deparse(tree))

    @property
    def is_union_all(self) -> bool:
        """Whether it puts several SELECTs together and keeps rows that are alike."""
        whole = self._whole(self._tree)
        return bool(whole.op == pb.SETOP_UNION and whole.all)

    def _copy(self) -> tuple[Any, Any]:
        tree = copy.deepcopy(self._tree)
        return tree, self._select(tree)

    def _whole(self, tree: Any) -> Any:
        return tree.stmts[0].stmt.select_stmt

    def _select(self, tree: Any) -> Any:
        select = self._whole(tree)
        while select.HasField("larg"):
            select = select.larg
        return select

    def _joins(self, tree: Any) -> Iterator[Any]:
        for item in self._select(tree).from_clause:
            yield from nodes.joins_in(item)

    def _calls(self, tree: Any) -> list[Any]:
        targets = self._select(tree).target_list
        return [node for item in targets for _, node in postgast.walk(item) if isinstance(node, pb.FuncCall)]
