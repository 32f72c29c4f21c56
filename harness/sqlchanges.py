"""What the statements of a migration change: views, columns, indexes, tables; and its indexes told from the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.sqltext import NODES as pb  # noqa: N811 - as the parser's own documentation calls it
from harness.sqltext import node_of, parse, walk

_NEWLINE, _BLANK = b"\n "
_STORES_NOTHING = frozenset({"comment_stmt", "grant_stmt", "grant_role_stmt", "transaction_stmt", "vacuum_stmt"})


def kind_of_change(statement: str) -> str | None:
    """What a statement of a migration changes: `views`, `columns` (drops some), `indexes`, or else `tables`.

    None for what changes nothing that is stored: comments, grants, settings, ANALYZE, transaction control.
    """
    kind, node = node_of(statement)
    if kind == "view_stmt" or (kind == "create_table_as_stmt" and node.objtype == pb.OBJECT_MATVIEW):
        return "views"
    if kind == "index_stmt" or (kind == "drop_stmt" and node.remove_type == pb.OBJECT_INDEX):
        return "indexes"
    if kind == "alter_table_stmt" and any(item.alter_table_cmd.subtype == pb.AT_DropColumn for item in node.cmds):
        return "columns"
    return None if kind in _STORES_NOTHING or is_setting(statement) else "tables"


def is_setting(statement: str) -> bool:
    """SET and RESET, of a role, too; and a SELECT of nothing but set_config, as pg_dump writes it."""
    kind, node = node_of(statement)
    if kind != "select_stmt":
        return bool(kind == "variable_set_stmt")
    called = [item.funcname[-1].string.sval for item in walk(node) if isinstance(item, pb.FuncCall)]
    fields = {field.name for field, _ in node.ListFields()} - {"target_list", "limit_option", "op"}
    sub_selects = any(isinstance(item, pb.SubLink) for item in walk(node))
    all_set = all(item.res_target.val.HasField("func_call") for item in node.target_list)
    only_set = called.count("set_config") == len(node.target_list) and set(called) <= {"set_config", "current_setting"}
    return bool(called) and not fields and not sub_selects and all_set and only_set


def indexes_named(text: str) -> frozenset[str]:
    """Names of the indexes that the statements create, where they give them one."""
    return frozenset(node.idxname for node in walk(parse(text)) if isinstance(node, pb.IndexStmt) and node.idxname)


def blank(text: str, keep: Sequence[bool]) -> str:
    """The file without the statements that are not kept; the others stay on their lines."""
    raw = bytearray(text.encode())
    for statement, kept in zip(parse(text).stmts, keep, strict=True):
        begin = statement.stmt_location
        end = begin + statement.stmt_len + 1 if statement.stmt_len else len(raw)  # its semicolon goes, too
        if not kept:
            raw[begin:end] = bytes(byte if byte == _NEWLINE else _BLANK for byte in raw[begin:end])
    return raw.decode()


def separable_indexes(statements: Sequence[str]) -> tuple[bool, ...]:
    """For each statement of a migration, whether it only adds, drops or describes an index that stands by itself.

    Not by itself stands an index on a table or column that another statement of the migration makes or renames.
    """
    nodes = [node_of(statement) for statement in statements]
    made = {name for kind, node in nodes for name in _made_names(kind, node)}
    own = {node.idxname for kind, node in nodes if kind == "index_stmt" and _touches(node, made)}
    return tuple(_is_separable(kind, node, made, own) for kind, node in nodes)


def _is_separable(kind: str, node: Any, made: set[str], own: set[str]) -> bool:
    if kind == "index_stmt":
        return not _touches(node, made)
    about_index = (kind == "drop_stmt" and node.remove_type == pb.OBJECT_INDEX) or (
        kind == "comment_stmt" and node.objtype == pb.OBJECT_INDEX
    )
    named = {item.sval for item in walk(node) if isinstance(item, pb.String)}
    return about_index and not named & own


def _made_names(kind: str, node: Any) -> Iterator[str]:
    """Tables that a statement makes, and columns, as `table.column`, that it adds to one; renamed ones, too."""
    if kind == "create_stmt":
        yield node.relation.relname
    elif kind == "create_table_as_stmt":
        yield node.into.rel.relname
    elif kind == "rename_stmt" and node.rename_type in (pb.OBJECT_TABLE, pb.OBJECT_COLUMN):
        column = f"{node.relation.relname}.{node.newname}"
        yield column if node.rename_type == pb.OBJECT_COLUMN else node.newname
    elif kind == "alter_table_stmt":
        for item in node.cmds:
            if item.alter_table_cmd.subtype == pb.AT_AddColumn:
                yield f"{node.relation.relname}.{getattr(item.alter_table_cmd, 'def').column_def.colname}"


def _touches(index: Any, made: set[str]) -> bool:
    """Whether the index lies on one of these tables, or names one of these columns anywhere."""
    table = index.relation.relname
    names = {item.name for item in walk(index) if isinstance(item, pb.IndexElem)}
    names |= {item.sval for item in walk(index) if isinstance(item, pb.String)}
    return table in made or any(f"{table}.{name}" in made for name in names)
