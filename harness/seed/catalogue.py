"""What the database's columns are: read from a server, or beforehand from the schema's own statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness import sqltext
from harness.scenario import SqlFile
from harness.scenario.paths import catalogue_sql
from harness.seed.column_type import Catalogue, ColumnType
from harness.sqltext import NODES as pb  # noqa: N811 - as the parser's own documentation calls it

_LIMITED = frozenset({"varchar", "bpchar", "_varchar", "_bpchar"})
"""Types with a length; that of an array is its elements'."""


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
    """What PostgreSQL packs into atttypmod (-1: nothing given).

    Lengths and numeric parts have 4 added; a numeric's scale has a sign, in its 11 bits.
    """
    if modifier < 0:
        return {}
    if name in _LIMITED:
        return {"length": modifier - 4}
    if name == "numeric":
        return {"precision": (modifier - 4) >> 16, "scale": ((modifier - 4 & 0x7FF) ^ 0x400) - 0x400}
    return {}


def declared_catalogue(files: Sequence[SqlFile]) -> Catalogue:
    """The tables of schema public that the files' CREATE TABLE statements declare, as far as they can be read without
    a server.

    Types that the files do not declare and PostgreSQL does not have stand under their own name, so that they are not
    judged; inherited and altered columns are left to `read_catalogue`.
    """
    trees = [sqltext.parse(file.text) for file in files]
    labels = {
        node.type_name[-1].string.sval: tuple(item.string.sval for item in node.vals)
        for tree in trees
        for node in _statements(tree, "create_enum_stmt")
    }
    domains = {
        node.domainname[-1].string.sval: node for tree in trees for node in _statements(tree, "create_domain_stmt")
    }
    return {
        node.relation.relname: dict(_declared_columns(node, labels, domains))
        for tree in trees
        for node in _statements(tree, "create_stmt")
        if _is_public(node.relation)
    }


def tables_left_open(files: Sequence[SqlFile]) -> frozenset[str] | None:
    """Tables whose columns CREATE TABLE alone does not tell: LIKE, INHERITS, CREATE TABLE AS, changed by ALTER TABLE.

    None where a statement may make any table (DO, a function's call, an extension).
    """
    found: set[str] = set()
    for tree in (sqltext.parse(file.text) for file in files):
        kinds = {item.stmt.WhichOneof("node") for item in tree.stmts}
        if kinds & {"do_stmt", "select_stmt", "call_stmt", "create_extension_stmt"}:
            return None
        found |= {node.relation.relname for node in _statements(tree, "create_stmt") if _takes_columns(node)}
        found |= {node.into.rel.relname for node in _statements(tree, "create_table_as_stmt")}
        found |= {node.newname for node in _statements(tree, "rename_stmt")}
        found |= {node.relation.relname for node in _statements(tree, "rename_stmt")}
        found |= {
            node.relation.relname
            for node in _statements(tree, "alter_table_stmt")
            if any(item.alter_table_cmd.subtype in _CHANGES_COLUMNS for item in node.cmds)
        }
    return frozenset(found)


_CHANGES_COLUMNS = frozenset(
    {
        pb.AT_AddColumn, pb.AT_DropColumn, pb.AT_ColumnDefault, pb.AT_SetNotNull, pb.AT_DropNotNull,
        pb.AT_AddIdentity, pb.AT_DropIdentity, pb.AT_AlterColumnType, pb.AT_DropExpression,
    }
)  # fmt: skip


def _is_public(relation: Any) -> bool:
    return relation.schemaname in ("", "public")


def _takes_columns(node: Any) -> bool:
    """Whether a table has columns of another one."""
    likes = any(element.WhichOneof("node") == "table_like_clause" for element in node.table_elts)
    return likes or bool(node.inh_relations) or node.HasField("of_typename")


def _statements(tree: Any, kind: str) -> Iterator[Any]:
    return (getattr(item.stmt, kind) for item in tree.stmts if item.stmt.WhichOneof("node") == kind)


def _declared_columns(
    node: Any, labels: dict[str, tuple[str, ...]], domains: dict[str, Any]
) -> Iterator[tuple[str, ColumnType]]:
    for element in node.table_elts:
        if element.WhichOneof("node") == "column_def":
            yield element.column_def.colname, _declared_type(element.column_def, labels, domains)


def _declared_type(column: Any, labels: dict[str, tuple[str, ...]], domains: dict[str, Any]) -> ColumnType:
    type_name = column.type_name
    kinds = {_constraint(item.constraint) for item in column.constraints}
    while not type_name.array_bounds and (domain := domains.get(type_name.names[-1].string.sval)):
        type_name = domain.type_name
        kinds |= {_constraint(item.constraint) for item in domain.constraints} & {"CONSTR_NOTNULL"}
    name = type_name.names[-1].string.sval
    is_array = bool(type_name.array_bounds)  # which has its elements' length, but not their digits and labels
    given = [item.a_const.ival.ival for item in type_name.typmods]
    numeric = name == "numeric" and bool(given) and not is_array
    full_name = ("_" if is_array else "") + _SERIALS.get(name, name)
    return ColumnType(
        name=full_name,
        not_null=bool(kinds & {"CONSTR_NOTNULL", "CONSTR_PRIMARY"}) or name in _SERIALS,
        filled=bool(kinds & {"CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"}) or name in _SERIALS,
        generated="CONSTR_GENERATED" in kinds,
        length=given[0] if given and full_name in _LIMITED else None,
        precision=given[0] if numeric else None,
        scale=(given[1] if len(given) > 1 else 0) if numeric else None,
        labels=() if is_array else labels.get(name, ()),
    )


_SERIALS = {"serial": "int4", "bigserial": "int8", "smallserial": "int2"}


def _constraint(node: Any) -> str:
    """The constraint's kind as PostgreSQL's parser names it."""
    return str(node.DESCRIPTOR.fields_by_name["contype"].enum_type.values_by_number[node.contype].name)
