"""Which views show a table's own rows: they carry its key, and no join of theirs multiplies it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.catalogue import Catalogue, ChangedTable, Relation
from harness.verify.shape import Shape, Source, shape_of


@dataclass(frozen=True)
class Carrier:
    """A view over a table. `key` names the view's columns that hold the table's key; `alias` is the table in the view.

    `exact`: by its definition the view has one row for each of the table's; else a join may multiply them, or the
    definition is not understood.
    """

    view: Relation
    key: tuple[str, ...]
    alias: str
    exact: bool


class Carriers:
    """Finds the carriers of tables in one catalogue; definitions are read once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._shapes: dict[int, Shape] = {}

    def shape(self, view: Relation) -> Shape:
        """The view's definition, read."""
        if view.oid not in self._shapes:
            self._shapes[view.oid] = shape_of(self.catalogue, view)
        return self._shapes[view.oid]

    def over(self, change: ChangedTable) -> list[Carrier]:
        """The views that show this table's rows, the surest first."""
        table = change.new
        if table is None:
            return self._heirs(change)
        key = change.key_now
        found = [item for view in self.catalogue.views() if (item := self._carrier(table, key, view)) is not None]
        if change.view is not None and all(item.view.oid != change.view.oid for item in found):
            shown = all(change.view.column(name) for name in change.key)
            found.append(Carrier(change.view, change.key if shown else (), "", exact=False))
        return sorted(found, key=lambda item: (not item.exact, item.view.display))

    def grain_of(self, view: Relation) -> tuple[Relation, Carrier] | None:
        """The table whose rows a view shows, one for one, and how; None where there is no such table."""
        below = self.catalogue.reads_transitively(view.oid)
        tables = [table for oid in below if (table := self.catalogue.relations.get(oid)) and table.is_table]
        for table in sorted(tables, key=lambda table: table.display):
            key = self.catalogue.row_key(table.oid)
            carrier = self._carrier(table, key, view) if key else None
            if carrier is not None and carrier.exact:
                return table, carrier
        return None

    def _heirs(self, change: ChangedTable) -> list[Carrier]:
        """What stands in for a dropped table: what took its name, else relations that have its key and columns."""
        names = {column.name for column in change.old.columns}
        ranked = []
        for relation in self.catalogue.relations.values():
            shared = names & {column.name for column in relation.columns}
            same_name = (relation.schema, relation.name) == (change.old.schema, change.old.name)
            if change.key and set(change.key) <= shared and (same_name or 2 * len(shared) > len(names)):
                ranked.append((not same_name, -len(shared), relation.display, relation))
        return [Carrier(entry[3], change.key, "", exact=False) for entry in sorted(ranked, key=lambda entry: entry[:3])]

    def _carrier(self, table: Relation, key: tuple[str, ...], view: Relation) -> Carrier | None:
        if table.oid not in self.catalogue.reads_transitively(view.oid):
            return None
        shape = self.shape(view)
        if not shape.columns:
            named = all(view.column(name) for name in key)
            return Carrier(view, key, "", exact=False) if named else None
        found = [
            Carrier(view, outer, source.alias, self._is_grain(shape, source))
            for source, inner in self._holding(shape, table, key)
            if (outer := _exposed(shape, source.alias, inner)) is not None
        ]
        if not found and self._from_subquery(shape, key):
            return Carrier(view, key, "", exact=False)
        exact = [item for item in found if item.exact]
        if exact or not found:
            return exact[0] if exact else None
        first = shape.sources[0].alias
        driving = next((item for item in found if item.alias == first), None)
        return driving if self._driven(shape) else None

    def _from_subquery(self, shape: Shape, key: tuple[str, ...]) -> bool:
        """Whether columns of the key's names come out of a subquery or a WITH query, which is not looked into."""
        sources = [shape.source(origin.alias) for name in key if (origin := shape.columns.get(name)) is not None]
        return len(sources) == len(key) > 0 and all(
            source is not None and source.relation is None for source in sources
        )

    def _holding(self, shape: Shape, table: Relation, key: tuple[str, ...]) -> list[tuple[Source, tuple[str, ...]]]:
        """The view's sources that are the table, or a view that carries it, each with the names of the key there."""
        found = []
        for source in shape.sources:
            if source.relation == table.oid:
                found.append((source, key))
            elif source.relation is not None and source.relation in self.catalogue.relations:
                inner = self._carrier(table, key, self.catalogue.relations[source.relation])
                if inner is not None:
                    found.append((source, inner.key))
        return found

    def _is_grain(self, shape: Shape, root: Source) -> bool:
        """Whether every other source is reached from `root` through joins that find at most one row."""
        reached = {root.alias}
        growing = True
        while growing:
            growing = False
            for source in shape.sources:
                if source.alias not in reached and self._to_one(shape, source, reached):
                    reached.add(source.alias)
                    growing = True
        return len(reached) == len(shape.sources)

    def _driven(self, shape: Shape) -> bool:
        """Whether the driving table is the best that can be said of whose rows the view shows.

        A table of many rows for one that is only left-joined multiplies them; one that is inner-joined shows its own.
        """
        return not any(source.inner and self._is_grain(shape, source) for source in shape.sources)

    def _to_one(self, shape: Shape, source: Source, reached: set[str]) -> bool:
        fixed = joined_columns(shape, source.alias, reached)
        return any(set(key) <= fixed for key in self.unique_in(source))

    def unique_in(self, source: Source) -> Sequence[tuple[str, ...]]:
        """Column sets of which a source has at most one row each."""
        if source.relation is None:
            return () if source.one_row_per is None else (source.one_row_per,)
        relation = self.catalogue.relations[source.relation]
        if relation.is_table:
            return self.catalogue.unique_keys(relation.oid)
        return self._unique_in_view(relation)

    def _unique_in_view(self, view: Relation) -> Sequence[tuple[str, ...]]:
        shape = self.shape(view)
        keys = []
        for source in shape.sources:
            if self._is_grain(shape, source):
                outer = (_exposed(shape, source.alias, key) for key in self.unique_in(source))
                keys += [key for key in outer if key is not None]
        return keys


def joined_columns(shape: Shape, alias: str, reached: set[str]) -> set[str]:
    """The columns of `alias` that a join fixes to columns of sources in `reached`."""
    sides = [(item.left, item.right) for item in shape.equalities]
    sides += [(right, left) for left, right in sides]
    return {column for (name, column), (other, _) in sides if name == alias and other in reached}


def _exposed(shape: Shape, alias: str, key: tuple[str, ...]) -> tuple[str, ...] | None:
    """The view's columns that show these columns of a source unchanged, or None where one is not shown."""
    shown = {
        origin.column: name
        for name, origin in reversed(shape.columns.items())
        if origin.alias == alias and origin.alone
    }
    return tuple(shown[name] for name in key) if all(name in shown for name in key) else None
