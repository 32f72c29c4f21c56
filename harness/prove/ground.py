"""The ground that defects are planted in: which view column replaces which lost column, and how the views are made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.catalogue import Catalogue, ChangedTable, Column, Relation, changed_tables
from harness.result import Integrity
from harness.scenario import Scenario
from harness.sqltext import quote_ident, quote_literal, words
from harness.sqltext.rewrite import ViewText
from harness.verify.carriers import Carriers
from harness.verify.shape import Origin, Shape

_GRANT = re.compile(r"(?P<right>[A-Z ]+) on (?P<object>.+) to (?P<role>.+)")


@dataclass(frozen=True)
class Stand:
    """A view that stands for a changed table; `alias` is the table in it, `key` the view's columns that hold its key.

    `lost` are the table's lost columns that it replaces, by the place of the view's column; not those of its key,
    by which rows are followed.
    """

    view: Relation
    text: ViewText
    shape: Shape
    table: Relation
    change: ChangedTable
    alias: str
    key: tuple[str, ...]
    lost: Mapping[int, Column]

    @property
    def places(self) -> range:
        """Places of the view's columns."""
        return range(len(self.view.columns))

    def object_of(self, place: int) -> str:
        """What the check calls a column: the lost one that it replaces, else the view's own."""
        if place in self.lost:
            return f"{self.change.old.display}.{self.lost[place].name}"
        return f"{self.view.display}.{self.view.columns[place].name}"

    def passes(self, place: int) -> bool:
        """Whether the column shows a column of the table that is still there, under its own name."""
        name = self.view.columns[place].name
        return place not in self.lost and self.shape.columns.get(name) == Origin(self.alias, name, alone=True)

    @property
    def first_row(self) -> str:
        """SQL, within the view, that is true of one row of its table only."""
        keys = [column.name for name in self.change.key if (column := self.change.now(name)) is not None]
        mine = ", ".join(self.own(name) for name in keys)
        names = ", ".join(f"f.{quote_ident(name)}" for name in keys)
        return f"({mine}) = (SELECT {names} FROM {self.table.sql} AS f ORDER BY {names} LIMIT 1)"

    def own(self, name: str) -> str:
        """SQL, within the view, of a column of its table."""
        return f"{quote_ident(self.alias)}.{quote_ident(name)}"

    @property
    def touched(self) -> frozenset[str]:
        """Objects that the check may name when this view is wrong."""
        return frozenset({self.view.display, *(self.object_of(place) for place in self.lost)})


@dataclass(frozen=True)
class Ground:
    """Both catalogues, the outcome of the check of the undamaged migration, and the copies of old tables (by OID)."""

    scenario: Scenario
    before: Catalogue
    after: Catalogue
    clean: Integrity
    copies: Mapping[int, str]

    def reach(self, relation: Relation) -> frozenset[str]:
        """Objects that the check may name when this relation is wrong: what lies on it, and what queries it."""
        above = [relation, *self._above(relation)]
        names = {item.display for item in above}
        lost = {name for stand in self.stands if stand.view.display in names for name in stand.touched}
        plain = {item.name for item in above}
        read = {query.name for query in self.scenario.queries if plain & set(words(query.after.text))}
        return frozenset({*names, *lost, *read, self.scenario.name})  # the scenario: nothing at all was compared

    def reach_of_rows(self, table: Relation) -> frozenset[str]:
        """The reach of a table whose rows go: rows that refer to them may go, too."""
        tables, waiting = {table.oid: table}, [table.oid]
        while waiting:
            oid = waiting.pop()
            for link in self.after.constraints:
                child = self.relation(link.relation)
                if link.referenced == oid and child is not None and child.oid not in tables:
                    tables[child.oid] = child
                    waiting.append(child.oid)
        return frozenset().union(*map(self.reach, tables.values()))

    def queries(self, relation: Relation) -> list[str]:
        """Names of the workload's queries that read the relation, or a view that lies on it."""
        known = {query.name for query in self.scenario.queries}
        return sorted(known & self.reach(relation))

    @cached_property
    def stands(self) -> Sequence[Stand]:
        """The views that replace lost columns and are understood, those that replace the most first."""
        carriers = Carriers(self.after)
        changes = {change.old.display: change for change in changed_tables(self.before, self.after)}
        views = {view.display: view for view in self.after.views()}
        found: dict[tuple[str, str], dict[int, Column]] = {}
        for item in self.clean.columns:
            view = views.get((item.counterpart or "").rpartition(".")[0])
            column = changes[item.table].old.column(item.column)
            if view is not None and column is not None and column.name not in changes[item.table].key:
                names = [shown.name for shown in view.columns]
                place = names.index((item.counterpart or "").rpartition(".")[2])
                found.setdefault((view.display, item.table), {})[place] = column
        stands = []
        for (name, table), lost in found.items():
            change, view = changes[table], views[name]
            carrier = next((item for item in carriers.over(change) if item.view.oid == view.oid), None)
            if carrier is not None and carrier.alias and change.new is not None and view.definition:
                text, shape = ViewText(view.definition), carriers.shape(view)
                stands.append(Stand(view, text, shape, change.new, change, carrier.alias, carrier.key, lost))
        return sorted(stands, key=lambda item: (-len(item.lost), item.view.display))

    def relation(self, oid: int | None) -> Relation | None:
        """The relation of the migrated database."""
        return self.after.relations.get(oid or 0)

    def redefined(self, view: Relation, definition: str, kind: str = "VIEW") -> tuple[str, ...]:
        """Scripts that give the view another definition: in its place, or made anew with all that lies on it."""
        again = "".join(self._made(item, item.definition or "") for item in self._above(view))
        anew = f"{_drop(view)}\n{self._made(view, definition, kind)}{again}"
        if kind != "VIEW" or view.kind != "v":
            return (anew,)
        return (f"CREATE OR REPLACE VIEW {view.sql}{_options(view)} AS {_bare(definition)};", anew)

    def dropped(self, view: Relation) -> str:
        """A script that drops the view and whatever lies on it."""
        return _drop(view)

    def _above(self, view: Relation) -> list[Relation]:
        found = [item for item in self.after.views() if view.oid in self.after.reads_transitively(item.oid)]
        return sorted(found, key=lambda item: len(self.after.reads_transitively(item.oid)))

    def _made(self, view: Relation, definition: str, kind: str = "") -> str:
        kind = kind or ("VIEW" if view.kind == "v" else "MATERIALIZED VIEW")
        options = _options(view) if kind == "VIEW" else ""
        return f"CREATE {kind} {view.sql}{options} AS {_bare(definition)};\n{''.join(self._grants(view))}"

    def _grants(self, view: Relation) -> Iterator[str]:
        for item in self.after.objects:
            match = _GRANT.fullmatch(item.identity) if item.kind == "grant" and item.relation == view.oid else None
            if match and match["object"] == f"{view.schema}.{view.name}":
                role = "PUBLIC" if match["role"] == "public" else quote_ident(match["role"])
                yield f"GRANT {match['right']} ON {view.sql} TO {role};\n"


def _drop(view: Relation) -> str:
    return f"DROP {'VIEW' if view.kind == 'v' else 'MATERIALIZED VIEW'} {view.sql} CASCADE;"


def _bare(definition: str) -> str:
    return definition.rstrip().removesuffix(";")


def _options(view: Relation) -> str:
    return f" WITH ({', '.join(view.options)})" if view.options else ""


def rows_and_types(view: Relation) -> str:
    """A witness: how many rows the view has, a sum over all of them, and the names and types of its columns."""
    name = quote_literal(view.sql)
    return (
        f"SELECT concat_ws(' ', count(*), sum(hashtextextended(v::text, 0)::numeric), (SELECT string_agg(concat_ws(' ',"
        f" attname, format_type(atttypid, atttypmod), attcollation), ', ' ORDER BY attnum) FROM pg_attribute"
        f" WHERE attrelid = {name}::regclass AND attnum > 0 AND NOT attisdropped)) FROM {view.sql} AS v"
    )
