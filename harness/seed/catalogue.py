"""What the database's columns are: read from a server, or beforehand from the schema's own statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness import sqltext
from harness.scenario import SqlFile
from harness.scenario.paths import catalogue_sql
from harness.seed.column_type import Catalogue, ColumnType


async def read_catalogue(connection: Any, schema: str = "public") -> Catalogue:
    """The tables that a schema of the connected database holds."""
    found: Catalogue = {}
    for row in await connection.fetch(catalogue_sql("seed", "columns"), schema):
        modifier = row["modifier"]
        found.setdefault(row["table"], {})[row["column"]] = ColumnType(
            name=row["type"],
            not_null=row["not_null"],
            filled=row["filled"],
            generated=row["generated"],
            labels=tuple(row["labels"]),
            **_modifiers(row["type"], modifier),
        )
    return found


def _modifiers(name: str, modifier: int) -> dict[str, Any]:
    """What PostgreSQL packs into atttypmod (-1: nothing given; lengths and numeric parts have 4 added)."""
    if modifier < 0:
        return {}
    if name in ("varchar", "bpchar"):
        return {"length": modifier - 4}
    if name == "numeric":
        return {"precision": (modifier - 4) >> 16, "scale": (modifier - 4) & 0x7FF}
    return {}


def declared_catalogue(files: Sequence[SqlFile]) -> Catalogue:
    """The tables that the files' CREATE TABLE statements declare, as far as they can be read without a server.

    Types that the files do not declare and PostgreSQL does not have stand under their own name, so that they are not
    judged; inherited and altered columns are left to `read_catalogue`.
    """
    trees = [sqltext.parse(file.text) for file in files]
    labels = {
        node.type_name[-1].string.sval: tuple(item.string.sval for item in node.vals)
        for tree in trees
        for node in _statements(tree, "create_enum_stmt")
    }
    return {
        node.relation.relname: dict(_declared_columns(node, labels))
        for tree in trees
        for node in _statements(tree, "create_stmt")
    }


def _statements(tree: Any, kind: str) -> Iterator[Any]:
    return (getattr(item.stmt, kind) for item in tree.stmts if item.stmt.WhichOneof("node") == kind)


def _declared_columns(node: Any, labels: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, ColumnType]]:
    for element in node.table_elts:
        if element.WhichOneof("node") == "column_def":
            yield element.column_def.colname, _declared_type(element.column_def, labels)


def _declared_type(column: Any, labels: dict[str, tuple[str, ...]]) -> ColumnType:
    name = column.type_name.names[-1].string.sval
    given = [item.a_const.ival.ival for item in column.type_name.typmods]
    kinds = {_constraint(item.constraint) for item in column.constraints}
    numeric = name == "numeric" and bool(given)
    return ColumnType(
        name=("_" if column.type_name.array_bounds else "") + _SERIALS.get(name, name),
        not_null=bool(kinds & {"CONSTR_NOTNULL", "CONSTR_PRIMARY"}) or name in _SERIALS,
        filled=bool(kinds & {"CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"}) or name in _SERIALS,
        generated="CONSTR_GENERATED" in kinds,
        length=given[0] if given and name in ("varchar", "bpchar") else None,
        precision=given[0] if numeric else None,
        scale=(given[1] if len(given) > 1 else 0) if numeric else None,
        labels=labels.get(name, ()),
    )


_SERIALS = {"serial": "int4", "bigserial": "int8", "smallserial": "int2"}


def _constraint(node: Any) -> str:
    """The constraint's kind as PostgreSQL's parser names it."""
    return str(node.DESCRIPTOR.fields_by_name["contype"].enum_type.values_by_number[node.contype].name)
