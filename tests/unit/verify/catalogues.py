"""Catalogues made by hand, for what needs no server."""

from __future__ import annotations

from harness.catalogue import Catalogue, Column, Function, Index, Relation


def column(number: int, name: str, type_sql: str = "text", *, base: str = "text", category: str = "S") -> Column:
    """A column that is text unless told otherwise."""
    collation = "default" if category == "S" else None
    return Column(
        number, name, type_sql, number, -1, base, category, collation, True, number == 1, None, False, True, True
    )


def relation(oid: int, name: str, *columns: str, definition: str | None = None) -> Relation:
    """A table, or with a definition a view, with text columns."""
    made = tuple(column(number, item) for number, item in enumerate(columns, start=1))
    kind = "r" if definition is None else "v"
    return Relation(oid, "public", name, kind, False, False, False, (), "owner", definition, made)


def catalogue(*relations: Relation, reads: dict[int, frozenset[int]] | None = None) -> Catalogue:
    """A catalogue whose tables have their first column as primary key."""
    keys = tuple(
        Index(item.oid, f"{item.name}_pkey", "btree", True, True, True, True, False, (item.columns[0].name,), True, "")
        for item in relations
        if item.is_table
    )
    return Catalogue({item.oid: item for item in relations}, (), keys, (), (), reads or {})


def function(body: str, *trigger_tables: int) -> Function:
    """A PL/pgSQL function with that body."""
    return Function(1, "public.f()", "public.f", "plpgsql", True, body, "", trigger_tables)
