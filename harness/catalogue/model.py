"""The catalogue of one database as frozen records; a clone keeps its template's OIDs, so they identify across arms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.sqltext import quote_qualified

_INVOKER = re.compile("security_invoker=(t|tr|tru|true|y|ye|yes|on|1)", re.IGNORECASE)
"""All that PostgreSQL takes for true; it keeps an option as it was written."""


@dataclass(frozen=True)
class Column:
    """One column of a table or view; table OID and `number` identify it through renames.

    `type_sql` is the type as a cast needs it, schema and modifier included. `has_equality`: `=` means the same value
    (json has none, a box's compares areas). `one_rendering`: equal values are always written the same (1.0 and 1.00
    are not). `category` and `base_type` are those of the type under a domain.
    """

    number: int
    name: str
    type_sql: str
    type_oid: int
    modifier: int
    base_type: str
    category: str
    collation: str | None
    deterministic: bool
    not_null: bool
    default_sql: str | None
    generated: bool
    has_equality: bool
    one_rendering: bool
    labels: tuple[str, ...] = ()
    """The labels of the enums among what its type is made of, in their order."""
    stored: bool = True
    """Whether it takes room in a row: a virtual generated column is made when it is read."""

    @property
    def type(self) -> str:
        """The type as a reader writes it: without the schema `public`."""
        return self.type_sql.removeprefix("public.")

    @property
    def plain_type(self) -> str:
        """The type without its modifier: what varchar(20) and varchar(255) have in common."""
        return self.type_sql.split("(")[0] + self.type_sql.partition(")")[2]


@dataclass(frozen=True)
class Relation:
    """A table (`kind` r, p, f), view (v) or materialised view (m); `definition` is a view's query."""

    oid: int
    schema: str
    name: str
    kind: str
    partition: bool
    row_security: bool
    forced_row_security: bool
    options: tuple[str, ...]
    owner: str
    definition: str | None
    columns: tuple[Column, ...] = ()
    parents: tuple[int, ...] = ()
    """OIDs of the tables that it inherits from, and whose rows its own are, too; a partition has none here."""
    root: int | None = None
    """OID of the partitioned table that a partition belongs to in the end."""
    populated: bool = True
    """Whether a materialised view can be read."""
    writes: int = 0
    """Which writes it takes, triggers counted, as in pg_relation_is_updatable: 4 UPDATE, 8 INSERT, 16 DELETE."""

    @property
    def display(self) -> str:
        """The name as a reader writes it: without the schema `public`."""
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        """The quoted, qualified name."""
        return quote_qualified(self.schema, self.name)

    @property
    def is_table(self) -> bool:
        """Whether it holds rows of its own."""
        return self.kind in ("r", "p", "f")

    @property
    def invoker_rights(self) -> bool:
        """Whether a view is read with the rights of who asks, so that row security applies to the asker."""
        return any(_INVOKER.fullmatch(option) for option in self.options)

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Constraint:
    """A constraint; `kind` as in pg_constraint (p, u, f, c, x); `referenced` is the other table's OID."""

    relation: int
    name: str
    kind: str
    validated: bool
    columns: tuple[str, ...]
    referenced: int | None
    referenced_columns: tuple[str, ...]
    definition: str


@dataclass(frozen=True)
class Index:
    """An index; an expression among its key columns has an empty name."""

    relation: int
    name: str
    method: str
    is_unique: bool
    is_primary: bool
    valid: bool
    immediate: bool
    partial: bool
    columns: tuple[str, ...]
    constrains: bool
    definition: str
    uses: tuple[str, ...] = ()
    """Every column that it cannot do without: those of its expressions, its condition and INCLUDE, too."""
    oid: int = 0
    relied_on: bool = False
    """Whether a foreign key references it, or it is the table's replica identity."""
    attached: bool = False
    """Whether it is a partition's share of a partitioned index, with which alone it can be dropped."""

    @property
    def stands_alone(self) -> bool:
        """Whether it can be dropped by itself, and nothing but queries misses it."""
        return not (self.constrains or self.relied_on or self.attached)


@dataclass(frozen=True)
class Object:
    """Anything else that can be lost: trigger, policy, function, comment, grant, type, rule, publication, ..."""

    kind: str
    relation: int
    identity: str
    definition: str


@dataclass(frozen=True)
class Function:
    """A function or procedure in SQL or PL/pgSQL; `callable`: it can be called without arguments."""

    oid: int
    identity: str
    name_sql: str
    language: str
    callable: bool
    body: str
    definition: str
    trigger_tables: tuple[int, ...]


@dataclass(frozen=True)
class Sequence:
    """A sequence and the column that it numbers (table OID and column number; 0 and 0: none)."""

    oid: int
    identity: str
    relation: int
    number: int
    next_value: int
    increment: int
    definition: str


@dataclass(frozen=True)
class Catalogue:
    """All that one database consists of; `reads` maps a view's OID to the relations it reads directly."""

    relations: Mapping[int, Relation]
    constraints: tuple[Constraint, ...]
    indexes: tuple[Index, ...]
    objects: tuple[Object, ...]
    functions: tuple[Function, ...]
    reads: Mapping[int, frozenset[int]] = field(default_factory=dict)
    sequences: tuple[Sequence, ...] = ()

    def named(self, schema: str, name: str) -> Relation | None:
        """The relation of that name, or None."""
        return next((found for found in self.relations.values() if (found.schema, found.name) == (schema, name)), None)

    def views(self) -> Iterator[Relation]:
        """Views and materialised views, by name."""
        return (relation for relation in self.relations.values() if not relation.is_table)

    def reads_transitively(self, view: int) -> frozenset[int]:
        """Every relation that a view reads, through other views too."""
        found: set[int] = set()
        waiting = [view]
        while waiting:
            for oid in self.reads.get(waiting.pop(), frozenset()) - found:
                found.add(oid)
                waiting.append(oid)
        return frozenset(found)

    def unique_keys(self, relation: int, *, declared: bool = False) -> tuple[tuple[str, ...], ...]:
        """Column sets that no two rows of a table share, the primary key first; NULLs may still be allowed in them.

        A table that others inherit from has none: its indexes do not hold their rows. `declared`: even so, what it
        declares.
        """
        if not declared and any(relation in item.parents for item in self.relations.values()):
            return ()
        usable = [
            index
            for index in self.indexes
            if index.relation == relation
            and index.is_unique
            and index.valid
            and index.immediate
            and not index.partial
            and "" not in index.columns
        ]
        ordered = sorted(usable, key=lambda index: (not index.is_primary, len(index.columns), index.name))
        return tuple(index.columns for index in ordered)

    def row_key(self, relation: int, *, declared: bool = False) -> tuple[str, ...]:
        """The primary key's columns, else those of the smallest unique key without NULLs, else none."""
        return next(iter(self.row_keys(relation, declared=declared)), ())

    def row_keys(self, relation: int, *, declared: bool = False) -> tuple[tuple[str, ...], ...]:
        """Every key that identifies each row of a table, the primary key first, then the smallest."""
        columns = {column.name: column for column in self.relations[relation].columns}
        keys = self.unique_keys(relation, declared=declared)
        return tuple(key for key in keys if all(columns[name].not_null for name in key))

    def foreign_keys(self, relation: int) -> tuple[Constraint, ...]:
        """The foreign keys that a table declares."""
        return tuple(item for item in self.constraints if item.relation == relation and item.kind == "f")
