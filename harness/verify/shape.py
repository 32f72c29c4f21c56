"""What a view's definition says: where each column comes from, what is joined on which columns, what is filtered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness import sqltext
from harness.catalogue import Catalogue, Relation
from harness.verify.selects import is_plain, one_row_per, takes_away, targets, with_queries, word


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
        return Shape(filtered=takes_away(statement))
    reader = _Reader(catalogue, with_queries(statement, {}))
    filtered = reader.read_select(statement)
    origins = (reader.origin(target.res_target.val) for target in statement.target_list)
    named = zip((column.name for column in view.columns), origins, strict=False)
    return Shape(
        columns={name: origin for name, origin in named if origin is not None},
        sources=tuple(reader.sources),
        equalities=tuple(reader.equalities),
        filtered=filtered or takes_away(statement),
        grouped=bool(statement.group_clause),
    )


class _Reader:
    """Collects the sources and the equalities of one FROM clause."""

    def __init__(self, catalogue: Catalogue, queries: Mapping[str, Any]) -> None:
        self.catalogue = catalogue
        self.queries = queries
        self.sources: list[Source] = []
        self.equalities: list[Equality] = []
        self.inside: dict[str, dict[str, Origin]] = {}

    def read_select(self, select: Any) -> bool:
        """FROM and WHERE of a SELECT; returns whether there is a condition besides equalities of columns."""
        for item in select.from_clause:
            self.read(item, inner=True)
        return self.read_condition(select.where_clause) if select.HasField("where_clause") else False

    def read(self, item: Any, *, inner: bool) -> None:
        """One item of FROM; `inner` is false on the side of an outer join that may be missing."""
        kind = item.WhichOneof("node")
        if kind == "range_var":
            table = item.range_var
            query = self.queries.get(table.relname) if not table.schemaname else None
            if query is None:
                self.sources.append(self._table(table, inner))
            else:
                self._query(query, table.alias.aliasname or table.relname, inner)
        elif kind == "range_subselect":
            subquery = item.range_subselect
            self._query(subquery.subquery.select_stmt, subquery.alias.aliasname, inner)
        elif kind == "join_expr":
            self._join(item.join_expr, inner)

    def _join(self, join: Any, inner: bool) -> None:
        kind = word(join, "jointype")
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

    def _query(self, select: Any, alias: str, inner: bool) -> None:
        """A subquery that only joins, filters and names: read as if its tables stood in its place."""
        if not is_plain(select):
            self.sources.append(Source(alias, None, inner, one_row_per=one_row_per(select)))
            return
        reader = _Reader(self.catalogue, with_queries(select, self.queries))
        filtered = reader.read_select(select)
        for source in reader.sources:
            self.sources.append(
                replace(
                    source,
                    alias=f"{alias}.{source.alias}",
                    inner=source.inner and inner,
                    filtered=source.filtered or filtered,
                )
            )
        self.equalities += [
            Equality((f"{alias}.{item.left[0]}", item.left[1]), (f"{alias}.{item.right[0]}", item.right[1]))
            for item in reader.equalities
        ]
        shown = {
            target.name or target.val.column_ref.fields[-1].string.sval: replace(
                origin, alias=f"{alias}.{origin.alias}"
            )
            for target in targets(select)
            if (origin := reader.origin(target.val)) is not None
        }
        self.inside[alias] = shown

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
        if node.WhichOneof("node") == "bool_expr" and word(node.bool_expr, "boolop") == "AND_EXPR":
            others = [self.read_condition(item) for item in node.bool_expr.args]  # every one is read
            return any(others)
        sides = self._equality(node)
        if sides is None:
            return True
        self.equalities.append(sides)
        return False

    def _equality(self, node: Any) -> Equality | None:
        if node.WhichOneof("node") != "a_expr" or word(node.a_expr, "kind") != "AEXPR_OP":  # = ANY is built with = too
            return None
        if [name.string.sval for name in node.a_expr.name] not in (["="], ["pg_catalog", "="]):
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
        for alias, shown in self.inside.items():
            if column in shown and names[:-1] in ([], [alias]):
                return replace(shown[column], alone=shown[column].alone and alone)
        if len(names) > 1:
            return None if names[-2] in self.inside else Origin(names[-2], column, alone)
        holders = [source for source in self.sources if self._has_column(source, column)]
        return Origin(holders[0].alias, column, alone) if holders else None
