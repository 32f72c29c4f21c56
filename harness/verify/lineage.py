"""For each lost column the view column that replaces it: by the scenario's map, else by name and dependency."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from harness.catalogue import Catalogue, ChangedTable, Column, Relation
from harness.errors import ScenarioError
from harness.verify.carriers import Carrier, Carriers

How = Literal["map", "name", "data"]


@dataclass(frozen=True)
class Counterpart:
    """The column that replaces a lost one; `key` names the columns there that hold the table's key.

    For a rewritten column it is the table's own. `others` are further views that show a column of that name.
    """

    relation: Relation
    column: Column
    key: tuple[str, ...]
    how: How
    others: tuple[str, ...] = ()

    @property
    def display(self) -> str:
        """`view.column`, as a reader writes it."""
        return f"{self.relation.display}.{self.column.name}"


def counterparts(
    change: ChangedTable, carriers: Carriers, column_map: Mapping[str, tuple[Relation, Column]]
) -> dict[str, Counterpart]:
    """Lost columns (by old name) that have a counterpart; the view that replaces or shows most is preferred.

    A view that only depends on the table is no counterpart: its rows must be the table's, or values would be
    compared with those of other rows. A view that took the table's name comes first, and stands alone for columns that
    the table still has.
    """
    found = {column.name: Counterpart(_new(change), now, change.key_now, "name") for column, now in change.rewritten}
    views = carriers.over(change)
    ranked = sorted(
        views,
        key=lambda item: (item.view != change.view, not item.exact, *_covered(change, item.view), item.view.display),
    )
    for column in change.lost:
        shown = [item for item in ranked if item.view == change.view] if column in change.covered else ranked
        counterpart = _mapped(change, column, ranked, column_map) or _by_name(column, shown)
        if counterpart is not None:
            found[column.name] = counterpart
    return found


def _new(change: ChangedTable) -> Relation:
    assert change.new is not None, "only a table that still exists has rewritten columns"
    return change.new


def _covered(change: ChangedTable, view: Relation) -> tuple[int, int]:
    """How many of the lost columns, and how many of all the table's, the view shows; the more, the smaller."""
    lost, every = (sum(view.column(column.name) is not None for column in columns)
                   for columns in (change.dropped, change.old.columns))  # fmt: skip
    return -lost, -every


def _mapped(
    change: ChangedTable, column: Column, carriers: list[Carrier], column_map: Mapping[str, tuple[Relation, Column]]
) -> Counterpart | None:
    target = column_map.get(f"{change.old.display}.{column.name}")
    if target is None:
        return None
    view, replacement = target
    carrier = next((item for item in carriers if item.view.oid == view.oid), None)
    key = carrier.key if carrier else tuple(name for name in change.key_now or change.key if view.column(name))
    return Counterpart(view, replacement, key, "map")


def _by_name(column: Column, carriers: list[Carrier]) -> Counterpart | None:
    found = [(item, now) for item in carriers if (now := item.view.column(column.name)) is not None]
    if not found:
        return None
    carrier, now = found[0]
    others = tuple(f"{item.view.display}.{column.name}" for item, _ in found[1:])
    return Counterpart(carrier.view, now, carrier.key, "name", others)


def resolve_map(
    entries: Iterable[tuple[str, str]], before: Catalogue, after: Catalogue, file: str
) -> dict[str, tuple[Relation, Column]]:
    """The scenario's column_map with its names looked up; keys are `table.column` as a reader writes them.

    Raises ScenarioError, naming the near miss, where a side does not exist.
    """
    resolved = {}
    for old, new in entries:
        table, column = _resolve(old, before, file)
        resolved[f"{table.display}.{column.name}"] = _resolve(new, after, file)
    return resolved


def _resolve(name: str, catalogue: Catalogue, file: str) -> tuple[Relation, Column]:
    owner, _, column_name = name.rpartition(".")
    relations = {relation.display: relation for relation in catalogue.relations.values()}
    relation = relations.get(owner.removeprefix("public."))
    if relation is None:
        raise ScenarioError(f"{file}: column_map: there is no table or view {owner!r}", _near(owner, relations))
    column = relation.column(column_name)
    if column is None:
        names = [item.name for item in relation.columns]
        raise ScenarioError(f"{file}: column_map: {owner} has no column {column_name!r}", _near(column_name, names))
    return relation, column


def _near(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(names), n=1)
    return f"did you mean {close[0]!r}?" if close else "write it as table.column"
