"""What a migration did to tables, told from two catalogues: columns dropped, written anew, or behind a view now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.catalogue.model import Catalogue, Column, Relation


@dataclass(frozen=True)
class ChangedTable:
    """A table that lost columns, whose values were written anew, or whose name leads to a view now.

    `new` is the same table after the migration: the table of its name, else, renamed, by OID, else None. `key` names
    the columns that identify a row, in the old table, and are still there; empty where there are none. `rewritten` are
    pairs of columns in the table itself: another type, another column under the same name, or any column of a table
    that was made anew.
    """

    old: Relation
    new: Relation | None
    key: tuple[str, ...]
    dropped: tuple[Column, ...]
    rewritten: tuple[tuple[Column, Column], ...]
    view: Relation | None = None
    """The view that took the name of the table, which has another one now."""
    covered: tuple[Column, ...] = ()
    """Columns that the table still has, which who uses its old name reaches only through `view`."""

    def now(self, name: str) -> Column | None:
        """The column that was called `name`: by number through renames, else (made anew) by its name."""
        return _follow(self.old, self.new, name) if self.new is not None else None

    @property
    def key_now(self) -> tuple[str, ...]:
        """The names of the key's columns in the table as it is now; empty where the table is gone."""
        return tuple(now.name for name in self.key if (now := self.now(name)) is not None)

    @property
    def lost(self) -> tuple[Column, ...]:
        """Columns that another relation has to show."""
        return self.dropped + self.covered

    @property
    def old_columns(self) -> tuple[Column, ...]:
        """The old side of every column that is to be compared."""
        return self.lost + tuple(old for old, _ in self.rewritten)


def changed_tables(before: Catalogue, after: Catalogue) -> tuple[ChangedTable, ...]:
    """Tables with columns to be compared, by name; partitions, and what a table inherits, count with their parent."""
    found = {
        table.oid: _changed(table, before, after)
        for table in before.relations.values()
        if table.is_table and not table.partition
    }
    own = (_without_inherited(table, found) for table in found.values())
    return tuple(table for table in own if table.old_columns)


def _without_inherited(table: ChangedTable, found: Mapping[int, ChangedTable]) -> ChangedTable:
    """The table without what is compared with its parents, among whose rows its own are."""
    shared = {column.name for parent in table.old.parents if parent in found for column in found[parent].old_columns}
    if not shared or table.new is None:
        return table
    return replace(
        table,
        dropped=tuple(column for column in table.dropped if column.name not in shared),
        rewritten=tuple(pair for pair in table.rewritten if pair[0].name not in shared),
    )


def _changed(old: Relation, before: Catalogue, after: Catalogue) -> ChangedTable:
    new = same_table(old, after)
    keys = before.row_keys(old.oid)
    if new is None:
        return ChangedTable(old, None, next(iter(keys), ()), old.columns, ())
    key = next((key for key in keys if all(_follow(old, new, name) for name in key)), ())
    named = after.named(old.schema, old.name)
    if named is not None and not named.is_table:
        kept = tuple(column for column in old.columns if survivor(column, old, new) is not None)
        gone = tuple(column for column in old.columns if column not in kept)
        return ChangedTable(old, new, key, gone, (), named, kept)
    pairs = [(column, _in_its_place(column, old, new)) for column in old.columns]
    return ChangedTable(
        old,
        new,
        key,
        dropped=tuple(column for column, now in pairs if now is None),
        rewritten=tuple((column, now) for column, now in pairs if now and _is_rewritten(column, now, old, new)),
    )


def same_table(old: Relation, after: Catalogue) -> Relation | None:
    """The table after the migration: what the name leads to (kept, or made anew), else, renamed, by OID."""
    found = (after.named(old.schema, old.name), after.relations.get(old.oid))
    return next((relation for relation in found if relation is not None and relation.is_table), None)


def is_dropped(name: str, old: Relation, after: Catalogue) -> bool:
    """Whether the table lost the column of that name, or is gone with it."""
    column, new = old.column(name), same_table(old, after)
    return column is not None and (new is None or _in_its_place(column, old, new) is None)


def survivor(column: Column, old: Relation, new: Relation) -> Column | None:
    """The column after the migration: by its number, which outlives a new name; in a table made anew by its name."""
    if old.oid == new.oid:
        return next((now for now in new.columns if now.number == column.number), None)
    return new.column(column.name)


def _follow(old: Relation, new: Relation, name: str) -> Column | None:
    column = old.column(name)
    return (survivor(column, old, new) or new.column(name)) if column is not None else None


def _in_its_place(column: Column, old: Relation, new: Relation) -> Column | None:
    """What the column's name gives in the table now, else, renamed, the column itself."""
    return new.column(column.name) or survivor(column, old, new)


def _is_rewritten(column: Column, now: Column, old: Relation, new: Relation) -> bool:
    """Whether the values need not be those of before: they were cast, or lie in another column or table."""
    same_place = (old.oid, column.number) == (new.oid, now.number)
    return not same_place or (column.type_sql, column.collation) != (now.type_sql, now.collation)
