"""SQL files and strings as PostgreSQL's own parser reads them: split, bind, classify; the only user of postgast."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import postgast
from postgast import pg_query_pb2 as pb

from harness.errors import MigrationError

NODES: Any = pb
"""The classes and constants of the parser's trees."""

_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
_COLON = ord(":")
_ALONE = frozenset(
    {
        "alter_system_stmt",
        "create_subscription_stmt",
        "create_table_space_stmt",
        "createdb_stmt",
        "discard_stmt",
        "drop_subscription_stmt",
        "drop_table_space_stmt",
        "dropdb_stmt",
    }
)


@dataclass(frozen=True)
class Statement:
    """One statement of a file, without its semicolon; `line` (from 1) is where its first word stands."""

    text: str
    line: int


def quote_ident(name: str) -> str:
    """The name as an SQL identifier; quoted always, so that keywords and capitals need no thought."""
    return '"' + name.replace('"', '""') + '"'


def quote_qualified(schema: str, name: str) -> str:
    """`schema.name`, both quoted."""
    return f"{quote_ident(schema)}.{quote_ident(name)}"


def quote_literal(value: str) -> str:
    """The text as an SQL string literal, for the queries that a reader pastes; the tool itself passes parameters."""
    escaped = value.replace("'", "''")
    return "E'" + escaped.replace("\\", "\\\\") + "'" if "\\" in value else f"'{escaped}'"


def parse(text: str) -> Any:
    """The parse tree (a protobuf message) of all statements in the text; raises postgast.PgQueryError."""
    return postgast.parse(text)


def deparse(tree: Any) -> str:
    """SQL text of a parse tree."""
    return str(postgast.deparse(tree))


def walk(tree: Any) -> Iterator[Any]:
    """Every message of the tree, parents before children."""
    for _, node in postgast.walk(tree):
        yield node


def split(text: str, source: str) -> tuple[Statement, ...]:
    """The statements of a file; comments between them are left out, those within them stay.

    Raises MigrationError, naming `source` and the line, where the text is no SQL.
    """
    raw = text.encode()
    try:
        scanned = [token for token in postgast.scan(text).tokens if token.token not in (pb.SQL_COMMENT, pb.C_COMMENT)]
        statements = postgast.parse(text).stmts
    except postgast.PgQueryError as error:
        raise _syntax_error(error, text, source) from None
    found = []
    starts = [token.start for token in scanned]
    for statement in statements:
        begin = statement.stmt_location
        end = begin + statement.stmt_len if statement.stmt_len else len(raw)
        first = next(start for start in starts if start >= begin)
        body = raw[first:end].decode().rstrip().removesuffix(";").rstrip()
        found.append(Statement(text=body, line=raw.count(b"\n", 0, first) + 1))
    return tuple(found)


def _syntax_error(error: postgast.PgQueryError, text: str, source: str) -> MigrationError:
    # The position counts characters here, although postgast's documentation says bytes; statements count bytes.
    line = text.count("\n", 0, max(error.cursorpos - 1, 0)) + 1
    words = text.splitlines()[line - 1].strip() if text.strip() else ""
    if words.startswith("\\"):
        hint = "psql's backslash commands are not SQL; write the statement itself"
        return MigrationError(f"{source}, line {line}: {words[:80]!r} is a command of psql", hint)
    return MigrationError(f"{source}, line {line}: {error.message} (in {words[:80]!r})", "mend the SQL there")


def condition_problem(text: str) -> str:
    """What is wrong with the text as one SQL condition; empty where nothing is."""
    try:
        statements = postgast.parse(f"SELECT WHERE ({text}\n)").stmts
    except postgast.PgQueryError as error:
        return str(error.message)
    plain = len(statements) == 1 and not statements[0].stmt.select_stmt.sort_clause
    return "" if plain else "it is more than one condition"


def sorts(query: str) -> bool:
    """Whether the rows of a query come in an order: it ends with an ORDER BY of its own."""
    statements = list(parse(query).stmts) if query else []
    return len(statements) == 1 and bool(statements[0].stmt.select_stmt.sort_clause)


def with_all_rows(query: str) -> str:
    """The query without the choices, in itself or within it, that no ORDER BY decides: LIMIT, and DISTINCT ON.

    Empty where it makes none.
    """
    tree = parse(query)
    chosen = [
        item
        for item in walk(tree)
        if isinstance(item, pb.SelectStmt)
        and not item.sort_clause
        and (item.HasField("limit_count") or any(node.WhichOneof("node") for node in item.distinct_clause))
    ]
    for item in chosen:
        item.ClearField("limit_count")
        item.ClearField("limit_offset")
        item.ClearField("limit_option")
        if any(node.WhichOneof("node") for node in item.distinct_clause):
            item.ClearField("distinct_clause")
    return str(postgast.deparse(tree)) if chosen else ""


def bind_named(sql: str) -> tuple[str, tuple[str, ...]]:
    """Named parameters (`:name`) made into `$1`, `$2`, ...; returns the new text and the names in order.

    A name used twice is one parameter. Strings, comments and casts (`::`) are left alone, as the scanner tells them
    apart; in an array slice, a space after the colon keeps it one. Raises postgast.PgQueryError for unscannable text.
    """
    raw = sql.encode()
    names: list[str] = []
    parts: list[bytes] = []
    position = 0
    tokens = postgast.scan(sql).tokens
    for colon, word in itertools.pairwise(tokens):
        text = raw[word.start : word.end]
        if colon.token != _COLON or colon.end != word.start or not _NAME.fullmatch(text):
            continue
        name = text.decode()
        if name not in names:
            names.append(name)
        parts += [raw[position : colon.start], b"$%d" % (names.index(name) + 1)]
        position = word.end
    parts.append(raw[position:])
    return b"".join(parts).decode(), tuple(names)


def renumber(sql: str) -> tuple[str, tuple[int, ...]]:
    """Parameters `$n` numbered anew from 1 in order of appearance; returns the text and the old numbers."""
    raw = sql.encode()
    old: list[int] = []
    parts: list[bytes] = []
    position = 0
    for token in postgast.scan(sql).tokens:
        if token.token != pb.PARAM:
            continue
        number = int(raw[token.start + 1 : token.end])
        if number not in old:
            old.append(number)
        parts += [raw[position : token.start], b"$%d" % (old.index(number) + 1)]
        position = token.end
    parts.append(raw[position:])
    return b"".join(parts).decode(), tuple(old)


def node_of(statement: str) -> tuple[str, Any]:
    """The kind of a single statement (`index_stmt`, ...) and its node."""
    node = postgast.parse(statement).stmts[0].stmt
    kind = node.WhichOneof("node")
    return kind, getattr(node, kind)


def must_run_alone(statement: str) -> bool:
    """Whether PostgreSQL refuses the statement inside a transaction block."""
    kind, node = node_of(statement)
    if kind in _ALONE:
        return True
    if kind == "vacuum_stmt":
        return bool(node.is_vacuumcmd)
    if kind in ("index_stmt", "drop_stmt"):
        return bool(node.concurrent)
    if kind == "cluster_stmt":
        return not node.HasField("relation")
    if kind == "reindex_stmt":
        by_name = node.kind in (pb.REINDEX_OBJECT_SCHEMA, pb.REINDEX_OBJECT_SYSTEM, pb.REINDEX_OBJECT_DATABASE)
        return by_name or any(item.def_elem.defname == "concurrently" for item in node.params)
    if kind == "alter_table_stmt":
        return any(
            getattr(getattr(item.alter_table_cmd, "def").partition_cmd, "concurrent", False) for item in node.cmds
        )
    return False


def is_transaction_control(statement: str) -> bool:
    """BEGIN, COMMIT, ROLLBACK, SAVEPOINT and their like."""
    return node_of(statement)[0] == "transaction_stmt"


def is_copy_from_client(statement: str) -> bool:
    """COPY ... FROM STDIN, whose data lines a migration file would have to carry."""
    kind, node = node_of(statement)
    return kind == "copy_stmt" and bool(node.is_from) and not node.filename and not node.is_program


def roles_named(text: str) -> frozenset[str]:
    """Roles that the statements name and do not create themselves (GRANT, POLICY ... TO, OWNER TO, SET ROLE)."""
    named: set[str] = set()
    created: set[str] = set()
    for node in walk(postgast.parse(text)):
        if isinstance(node, pb.RoleSpec) and node.roletype == pb.ROLESPEC_CSTRING:
            named.add(node.rolename)
        elif isinstance(node, pb.CreateRoleStmt):
            created.add(node.role)
        elif isinstance(node, pb.VariableSetStmt) and node.name == "role" and node.args:
            named.add(node.args[0].a_const.sval.sval)
    return frozenset(named - created - {""})


def relations_named(text: str) -> frozenset[str]:
    """Names, without schema, of the tables and views that the statements name; those of WITH queries among them."""
    return frozenset(node.relname for node in walk(parse(text)) if isinstance(node, pb.RangeVar))


def views_created(text: str) -> tuple[str, ...]:
    """Names of the views that the statements create, in order."""
    return tuple(node.view.relname for node in walk(parse(text)) if isinstance(node, pb.ViewStmt))


def columns_dropped(text: str) -> tuple[str, ...]:
    """Columns that ALTER TABLE drops in the statements, as `table.column`, in order."""
    return tuple(
        f"{node.relation.relname}.{item.alter_table_cmd.name}"
        for node in walk(parse(text))
        if isinstance(node, pb.AlterTableStmt)
        for item in node.cmds
        if item.alter_table_cmd.subtype == pb.AT_DropColumn
    )


def wording(text: str) -> tuple[str, ...]:
    """The tokens of SQL with named parameters as they are written, without layout and comments; hints (`/*+`) stay.

    What cannot be scanned is one token.
    """
    try:
        bound, names = bind_named(text)
        tokens = postgast.scan(bound).tokens
    except postgast.PgQueryError:
        return (text,)
    raw = bound.encode()
    found = [(token.token, raw[token.start : token.end].decode()) for token in tokens]
    comments = (pb.SQL_COMMENT, pb.C_COMMENT)
    return (*names, *(word for kind, word in found if kind not in comments or word.startswith("/*+")))


def words(text: str) -> tuple[str, ...]:
    """The tokens of SQL or PL/pgSQL text without its comments; names as PostgreSQL folds them, strings with quotes."""
    raw = text.encode()
    found = []
    for token in postgast.scan(text).tokens:
        word = raw[token.start : token.end].decode()
        if token.token in (pb.SQL_COMMENT, pb.C_COMMENT):
            continue
        if word.startswith('"'):
            found.append(word[1:-1].replace('""', '"'))
        else:
            found.append(word if word.startswith(("'", "$")) else word.lower())
    return tuple(found)
