"""Ways from a table to the rows it refers to: foreign keys, declared or only joined on in a view."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from harness.catalogue import Catalogue, Relation
from harness.verify.carriers import Carriers
from harness.verify.shape import Shape, Source

MAX_HOPS = 2


@dataclass(frozen=True)
class Hop:
    """From columns of one table to a unique key of the next; names are those after the migration where they survive."""

    columns: tuple[str, ...]
    relation: int
    key: tuple[str, ...]


Path = tuple[Hop, ...]


class Paths:
    """The references between tables: what the foreign keys say, and what views join on."""

    def __init__(self, before: Catalogue, carriers: Carriers) -> None:
        self._carriers = carriers
        catalogue = carriers.catalogue
        edges: dict[int, set[Hop]] = defaultdict(set)
        for key in (*before.constraints, *catalogue.constraints):
            if key.referenced is not None and key.referenced in catalogue.relations:
                edges[key.relation].add(Hop(key.columns, key.referenced, key.referenced_columns))
        for view in catalogue.views():
            for start, hop in self._joined(carriers.shape(view)):
                edges[start].add(hop)
        self._edges = {
            start: sorted(hops, key=lambda hop: (hop.columns, catalogue.relations[hop.relation].display))
            for start, hops in edges.items()
        }

    def start_at(self, table: int) -> list[Path]:
        """Every path from the table, the shortest first; none returns to where it was."""
        found: list[Path] = []
        ends: list[tuple[int, Path]] = [(table, ())]
        for _ in range(MAX_HOPS):
            ends = [
                (hop.relation, (*path, hop))
                for at, path in ends
                for hop in self._edges.get(at, [])
                if hop.relation != table
            ]
            found += [path for _, path in ends]
        return found

    def _joined(self, shape: Shape) -> list[tuple[int, Hop]]:
        """References that a view joins on: columns of one source equal a unique key of a table, or of one below it."""
        found = []
        for target in shape.sources:
            for source in shape.sources:
                if source.alias == target.alias or source.relation is None or target.relation is None:
                    continue
                to = columns_onto(shape, source.alias, target.alias)
                for table, columns in self._behind(target.relation, to).items():
                    for key in self._carriers.catalogue.unique_keys(table):
                        start = self._trace_all(source.relation, [columns[name] for name in key if name in columns])
                        if start is not None and all(name in columns for name in key):
                            found.append((start[0], Hop(start[1], table, key)))
        return found

    def _behind(self, relation: int, to: dict[str, str]) -> dict[int, dict[str, str]]:
        """The same mapping for the tables whose columns a table or view shows."""
        found: dict[int, dict[str, str]] = defaultdict(dict)
        known = self._carriers.catalogue.relations.get(relation)
        for column, other in to.items():
            traced = trace(self._carriers, known, column) if known is not None else None
            if traced is not None:
                found[traced[0]][traced[1]] = other
        return found

    def _trace_all(self, relation: int, columns: list[str]) -> tuple[int, tuple[str, ...]] | None:
        """The table, and the columns there, that these columns of a table or view are."""
        traced = [trace(self._carriers, self._carriers.catalogue.relations[relation], name) for name in columns]
        tables = {item[0] for item in traced if item is not None}
        if len(tables) != 1 or None in traced:
            return None
        return tables.pop(), tuple(item[1] for item in traced if item is not None)

    def inside(self, shape: Shape, root: str, target: str) -> Path | None:
        """The path that a view itself takes from its table `root` to its table `target`, where it finds one row."""
        ways: dict[str, Path] = {root: ()} if self._is_table(shape.source(root)) else {}
        for _ in shape.sources:
            for source in shape.sources:
                if source.alias not in ways and (way := self._way(shape, ways, source)):
                    ways[source.alias] = way
        return ways.get(target)

    def _way(self, shape: Shape, ways: dict[str, Path], source: Source) -> Path | None:
        if source.relation is None or not self._is_table(source):
            return None
        for start, way in ways.items():
            to = columns_onto(shape, start, source.alias)
            for key in self._carriers.unique_in(source):
                if key and all(name in to for name in key):
                    return (*way, Hop(tuple(to[name] for name in key), source.relation, key))
        return None

    def _is_table(self, source: Source | None) -> bool:
        relation = self._carriers.catalogue.relations.get(source.relation or 0) if source else None
        return relation is not None and relation.is_table


def trace(carriers: Carriers, relation: Relation, column: str) -> tuple[int, str] | None:
    """The table's column that a view's column shows, through views of views; an expression around it is looked into."""
    if relation.is_table:
        return relation.oid, column
    shape = carriers.shape(relation)
    origin = shape.columns.get(column)
    source = shape.source(origin.alias) if origin else None
    inner = carriers.catalogue.relations.get(source.relation or 0) if source else None
    return trace(carriers, inner, origin.column) if origin and inner else None


def columns_onto(shape: Shape, start: str, target: str) -> dict[str, str]:
    """Columns of `target` mapped to the columns of `start` that they equal."""
    sides = [(item.left, item.right) for item in shape.equalities]
    sides += [(right, left) for left, right in sides]
    return {column: other for (alias, column), (name, other) in sides if alias == target and name == start}
