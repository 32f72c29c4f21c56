"""What a migration did to tables, told from two catalogues: columns dropped, columns retyped."""

from __future__ import annotations

from dataclasses import dataclass

from harness.catalogue.model import Catalogue, Column, Relation


@dataclass(frozen=True)
class ChangedTable:
    """A table that lost columns or changed their types.

    `new` is the same table after the migration: by OID, else (dropped and made anew) by name, else None. `key` names
    the columns that identify a row, in the old table; empty where it has none.
    """

    old: Relation
    new: Relation | None
    key: tuple[str, ...]
    dropped: tuple[Column, ...]
    retyped: tuple[tuple[Column, Column], ...]

    def now(self, name: str) -> Column | None:
        """The surviving column that was called `name`: by number through renames, by name in a table made anew."""
        old = self.old.column(name)
        return survivor(old, self.old, self.new) if old is not None and self.new is not None else None

    @property
    def old_columns(self) -> tuple[Column, ...]:
        """The old side of every column that is to be compared."""
        return self.dropped + tuple(old for old, _ in self.retyped)


def changed_tables(before: Catalogue, after: Catalogue) -> tuple[ChangedTable, ...]:
    """Tables with dropped or retyped columns, by name; partitions count with their parent."""
    found = (
        _changed(table, before, after) for table in before.relations.values() if table.is_table and not table.partition
    )
    return tuple(table for table in found if table.old_columns)


def _changed(old: Relation, before: Catalogue, after: Catalogue) -> ChangedTable:
    new = same_table(old, after)
    key = before.row_key(old.oid)
    if new is None:
        return ChangedTable(old, None, key, old.columns, ())
    pairs = [(column, survivor(column, old, new)) for column in old.columns]
    return ChangedTable(
        old,
        new,
        key,
        dropped=tuple(column for column, survivor in pairs if survivor is None),
        retyped=tuple((column, now) for column, now in pairs if now is not None and _retyped(column, now)),
    )


def same_table(old: Relation, after: Catalogue) -> Relation | None:
    """The table after the migration: by OID, which outlives a new name, else (dropped and made anew) by its name."""
    found = after.relations.get(old.oid) or after.named(old.schema, old.name)
    return found if found is not None and found.is_table else None


def survivor(column: Column, old: Relation, new: Relation) -> Column | None:
    """The column after the migration: by its number, which outlives a new name; in a table made anew by its name."""
    if old.oid == new.oid:
        return next((now for now in new.columns if now.number == column.number), None)
    return new.column(column.name)


def _retyped(old: Column, new: Column) -> bool:
    return (old.type_sql, old.collation) != (new.type_sql, new.collation)
