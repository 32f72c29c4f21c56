"""Objects put beside a changed table before anything is checked, so that there is something to lose: in both states."""

from __future__ import annotations

from dataclasses import dataclass

from harness.catalogue import Column, Relation, changed_tables
from harness.catalogue.model import Catalogue
from harness.prove.neighbours import SCHEMA
from harness.sqltext import quote_ident


@dataclass(frozen=True)
class Bystanders:
    """A table that lost columns and is still there, and a column of it that both states have under one name."""

    table: Relation
    key: tuple[str, ...]
    column: Column
    lost: Column
    indexes: frozenset[str] = frozenset()
    """Names of the table's own indexes on that column, which one of ours may make redundant."""

    @property
    def script(self) -> str:
        """Makes a trigger, functions, comments, constraints, an index, a table that refers, a view, a grant."""
        table, keys = self.table.sql, ", ".join(map(quote_ident, self.key))
        types = {column.name: column.type_sql for column in self.table.columns}
        own = ", ".join(f"{quote_ident(name)} {types[name]}" for name in self.key)
        column = quote_ident(self.column.name)
        return f"""
            CREATE FUNCTION {SCHEMA}.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER bench_prove_touch BEFORE UPDATE ON {table}
                FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.touch();
            CREATE FUNCTION {SCHEMA}.counted() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM {table}';
            COMMENT ON TABLE {table} IS 'bench prove';
            COMMENT ON COLUMN {table}.{column} IS 'bench prove';
            ALTER TABLE {table} ADD CONSTRAINT bench_prove_check CHECK (({keys}) IS NOT NULL);
            ALTER TABLE {table} ADD CONSTRAINT bench_prove_unique UNIQUE ({keys});
            CREATE INDEX bench_prove_index ON {table} ({column}, {keys});
            CREATE TABLE {SCHEMA}.notes ({own}, note text NOT NULL DEFAULT 'none');
            ALTER TABLE {SCHEMA}.notes ADD CONSTRAINT notes_key PRIMARY KEY ({keys});
            ALTER TABLE {SCHEMA}.notes ADD CONSTRAINT notes_owner FOREIGN KEY ({keys}) REFERENCES {table} ({keys});
            CREATE VIEW {SCHEMA}.shown AS SELECT {keys}, {column} FROM {table};
            GRANT SELECT ON {SCHEMA}.notes TO PUBLIC;
        """


def find_bystanders(before: Catalogue, after: Catalogue) -> Bystanders | None:
    """Where bystanders can be put; None where no changed table with a key is still there under its name."""
    for change in changed_tables(before, after):
        new = change.new
        if new is None or not change.key or not change.dropped or new.kind != "r" or new.name != change.old.name:
            continue
        if (new.schema, new.name) != (change.old.schema, change.old.name) or not _kept(change.key, change.old, new):
            continue
        for column in new.columns:
            if column.name not in change.key and column.has_equality and _kept((column.name,), change.old, new):
                alike = {
                    item.name for item in after.indexes if item.relation == new.oid and column.name in item.columns
                }
                return Bystanders(new, change.key, column, change.dropped[0], frozenset(alike))
    return None


def _kept(names: tuple[str, ...], old: Relation, new: Relation) -> bool:
    """Whether both states have these columns under these names."""
    return all(old.column(name) is not None and new.column(name) is not None for name in names)
