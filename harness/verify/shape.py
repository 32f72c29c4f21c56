"""What a view's definition says: where each column comes from, what is joined on which columns, what is filtered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from harness import sqltext
from harness.catalogue import Catalogue, Relation


@dataclass(frozen=True)
class Origin:
    """A column of one of a view's sources; `alone` is false where an expression wraps it (a cast, a COALESCE)."""

    alias: str
    column: str
    alone: bool


@dataclass(frozen=True)
class Equality:
    """`left = right` in a join's condition or in WHERE, each side (alias, column)."""

    left: tuple[str, str]
    right: tuple[str, str]


@dataclass(frozen=True)
class Source:
    """One item of FROM. `relation` is None for a subquery, which has `one_row_per` columns where it groups by them.

    `inner`: a row without partner here is lost. `filtered`: its join has a condition besides equality of columns.
    """

    alias: str
    relation: int | None
    inner: bool
    filtered: bool = False
    one_row_per: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Shape:
    """A view's definition as far as lineage and causes need it; empty where it is a set operation or not readable."""

    columns: dict[str, Origin] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    equalities: tuple[Equality, ...] = ()
    filtered: bool = False
    grouped: bool = False

    def source(self, alias: str) -> Source | None:
        """The source of that alias, or None."""
        return next((source for source in self.sources if source.alias == alias), None)

    def of_relation(self, relation: int) -> tuple[Source, ...]:
        """The sources that are this relation; a table joined twice has two."""
        return tuple(source for source in self.sources if source.relation == relation)


def shape_of(catalogue: Catalogue, view: Relation) -> Shape:
    """Reads a view's definition; a form that is not understood gives an empty shape, never an error."""
    if not view.definition:
        return Shape()
    statement = sqltext.parse(view.definition).stmts[0].stmt.select_stmt
    if not statement.target_list or statement.HasField("larg"):
        return Shape()
    reader = _Reader(catalogue)
    for item in statement.from_clause:
        reader.read(item, inner=True)
    filtered = False
    if statement.HasField("where_clause"):
        filtered = reader.read_condition(statement.where_clause)
    origins = (reader.origin(target.res_target.val) for target in statement.target_list)
    named = zip((column.name for column in view.columns), origins, strict=False)
    return Shape(
        columns={name: origin for name, origin in named if origin is not None},
        sources=tuple(reader.sources),
        equalities=tuple(reader.equalities),
        filtered=filtered or statement.HasField("having_clause"),
        grouped=bool(statement.group_clause),
    )


class _Reader:
    """Collects the sources and the equalities of one FROM clause."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.sources: list[Source] = []
        self.equalities: list[Equality] = []

    def read(self, item: Any, *, inner: bool) -> None:
        """One item of FROM; `inner` is false on the side of an outer join that may be missing."""
        kind = item.WhichOneof("node")
        if kind == "range_var":
            self.sources.append(self._table(item.range_var, inner))
        elif kind == "range_subselect":
            self.sources.append(_subquery(item.range_subselect, inner))
        elif kind == "join_expr":
            self._join(item.join_expr, inner)

    def _join(self, join: Any, inner: bool) -> None:
        kind = _word(join, "jointype")
        before = len(self.sources)
        self.read(join.larg, inner=inner and kind in ("JOIN_INNER", "JOIN_LEFT"))
        middle = len(self.sources)
        self.read(join.rarg, inner=inner and kind in ("JOIN_INNER", "JOIN_RIGHT"))
        filtered = self.read_condition(join.quals) if join.HasField("quals") else False
        for name in join.using_clause:
            for left in self.sources[before:middle]:
                self._using(left, self.sources[middle], name.string.sval)
        if filtered:
            start, end = (before, middle) if kind == "JOIN_RIGHT" else (middle, len(self.sources))
            for place in range(start, end):
                self.sources[place] = replace(self.sources[place], filtered=True)

    def _table(self, table: Any, inner: bool) -> Source:
        relation = self.catalogue.named(table.schemaname or "public", table.relname)
        return Source(table.alias.aliasname or table.relname, relation.oid if relation else None, inner)

    def _using(self, left: Source, right: Source, column: str) -> None:
        if self._has_column(left, column):
            self.equalities.append(Equality((left.alias, column), (right.alias, column)))

    def _has_column(self, source: Source, column: str) -> bool:
        relation = self.catalogue.relations.get(source.relation or 0)
        return relation is not None and relation.column(column) is not None

    def read_condition(self, node: Any) -> bool:
        """Collects the equalities of columns; returns whether there is any other condition."""
        if node.WhichOneof("node") == "bool_expr" and _word(node.bool_expr, "boolop") == "AND_EXPR":
            others = [self.read_condition(item) for item in node.bool_expr.args]  # every one is read
            return any(others)
        sides = self._equality(node)
        if sides is None:
            return True
        self.equalities.append(sides)
        return False

    def _equality(self, node: Any) -> Equality | None:
        if node.WhichOneof("node") != "a_expr" or [name.string.sval for name in node.a_expr.name] not in (
            ["="],
            ["pg_catalog", "="],
        ):
            return None
        left, right = self.origin(node.a_expr.lexpr), self.origin(node.a_expr.rexpr)
        if left is None or right is None or left.alias == right.alias:
            return None
        return Equality((left.alias, left.column), (right.alias, right.column))

    def origin(self, node: Any, *, alone: bool = True) -> Origin | None:
        """The column that an expression gives: itself, under a cast, or a COALESCE's first choice."""
        kind = node.WhichOneof("node")
        if kind == "column_ref":
            return self._named([item.string.sval for item in node.column_ref.fields], alone)
        if kind == "type_cast":
            return self.origin(node.type_cast.arg, alone=False)
        if kind == "coalesce_expr":
            return self.origin(node.coalesce_expr.args[0], alone=False)
        return None

    def _named(self, names: list[str], alone: bool) -> Origin | None:
        column = names[-1]
        if len(names) > 1:
            return Origin(names[-2], column, alone)
        holders = [source for source in self.sources if self._has_column(source, column)]
        return Origin(holders[0].alias, column, alone) if holders else None


def _word(message: Any, field_name: str) -> str:
    """The name of an enumeration's value (JOIN_LEFT)."""
    return str(
        message.DESCRIPTOR.fields_by_name[field_name].enum_type.values_by_number[getattr(message, field_name)].name
    )


def _subquery(item: Any, inner: bool) -> Source:
    """A subquery of FROM: grouped by columns it has one row per these; an aggregate without GROUP BY has one row."""
    select = item.subquery.select_stmt
    alias = item.alias.aliasname
    grouped = [node.column_ref.fields[-1].string.sval for node in select.group_clause if node.HasField("column_ref")]
    if select.group_clause and len(grouped) == len(select.group_clause):
        return Source(alias, None, inner, one_row_per=_output_names(select, grouped))
    single = select.limit_count.a_const.ival.ival == 1 or (_aggregates(select) and not select.group_clause)
    return Source(alias, None, inner, one_row_per=() if single else None)


def _output_names(select: Any, grouped: list[str]) -> tuple[str, ...]:
    """The names under which a subquery gives the columns that it groups by."""
    names = {}
    for target in _targets(select):
        if target.val.HasField("column_ref"):
            inside = target.val.column_ref.fields[-1].string.sval
            names[inside] = target.name or inside
    return tuple(names.get(name, name) for name in grouped)


def _aggregates(select: Any) -> bool:
    targets = list(_targets(select))
    return bool(targets) and all(target.val.WhichOneof("node") in ("func_call", "coalesce_expr") for target in targets)


def _targets(select: Any) -> Iterator[Any]:
    return (item.res_target for item in select.target_list)
