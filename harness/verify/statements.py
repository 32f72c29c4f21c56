"""The migration's own words against what the catalogue shows: columns said to be dropped, columns really dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness import sqltext
from harness.scenario import SqlFile
from harness.snapshot import Snapshot
from harness.sqltext import NODES as pb  # noqa: N811 - as the parser's own documentation calls it


def cross_check(files: Sequence[SqlFile], snapshot: Snapshot) -> tuple[str, ...]:
    """Notes on columns that only one of the two names.

    A statement may drop what is not there (IF EXISTS); a column may go without being named (DROP TABLE, CASCADE,
    dynamic SQL).
    """
    said = _said(files)
    there = {
        f"{table.display}.{column.name}" for table in snapshot.before.relations.values() for column in table.columns
    }
    gone = {
        f"{table.change.old.display}.{column.name}": table.change.new is None
        for table in snapshot.tables
        for column in table.change.dropped
    }
    notes = [f"{said[name]} drops {name}, which did not exist before" for name in sorted(said.keys() - there)]
    unsaid = sorted(name for name in gone.keys() - said.keys() if not gone[name])
    notes += [f"{name} is gone, though no statement of the migration names it" for name in unsaid]
    tables = sorted(table.change.old.display for table in snapshot.tables if table.change.new is None)
    return (*notes, *(f"the table {name} is gone as a whole" for name in tables))


def _said(files: Sequence[SqlFile]) -> dict[str, str]:
    """The columns, as they were called before the migration, that its statements drop, each with the last such file."""
    names = _Names()
    return {name: file.name for file in files for name in names.dropped_in(file)}


class _Names:
    """What tables and columns are called on the way, statement by statement, and were called before."""

    def __init__(self) -> None:
        self._tables: dict[str, str] = {}
        self._columns: dict[tuple[str, str], str] = {}
        self._made: set[tuple[str, str]] = set()

    def dropped_in(self, file: SqlFile) -> Iterator[str]:
        """Columns that the file's statements drop, but those that the migration made itself."""
        for node in sqltext.walk(sqltext.parse(file.text)):
            if isinstance(node, pb.RenameStmt):
                self._rename(node)
            elif isinstance(node, pb.AlterObjectSchemaStmt) and node.object_type == pb.OBJECT_TABLE:
                self._call(_display(node.relation), _display(node.relation, schema=node.newschema))
            elif isinstance(node, pb.CreateStmt):
                self._make(_display(node.relation))
            elif isinstance(node, pb.CreateTableAsStmt):
                self._make(_display(node.into.rel))
            elif isinstance(node, pb.AlterTableStmt):
                yield from self._altered(node)

    def _make(self, table: str) -> None:
        self._made.add((table, ""))
        self._tables.pop(table, None)

    def _altered(self, node: pb.AlterTableStmt) -> Iterator[str]:
        table = _display(node.relation)
        for item in node.cmds:
            command = item.alter_table_cmd
            if command.subtype == pb.AT_AddColumn:
                self._made.add((table, getattr(command, "def").column_def.colname))
            elif command.subtype == pb.AT_DropColumn:
                place = table, command.name
                if place not in self._made and (table, "") not in self._made:
                    yield f"{self._tables.get(table, table)}.{self._columns.get(place, command.name)}"
                self._made.discard(place)

    def _rename(self, node: pb.RenameStmt) -> None:
        table = _display(node.relation)
        if node.rename_type == pb.OBJECT_COLUMN:
            self._move((table, node.subname), (table, node.newname))
        elif node.rename_type == pb.OBJECT_TABLE:
            self._call(table, _display(node.relation, node.newname))

    def _call(self, table: str, now: str) -> None:
        """The table has another name now, and takes what is known of it along."""
        self._tables[now] = self._tables.pop(table, table)
        for place in [place for place in (*self._columns, *self._made) if place[0] == table]:
            self._move(place, (now, place[1]))

    def _move(self, place: tuple[str, str], to: tuple[str, str]) -> None:
        """What was there is here now, and is still known as what it was."""
        self._made.discard(to)
        if place in self._made:
            self._made.discard(place)
            self._made.add(to)
        else:
            self._columns[to] = self._columns.pop(place, place[1])


def _display(relation: pb.RangeVar, name: str = "", schema: str = "") -> str:
    schema = schema or relation.schemaname
    return f"{'' if schema in ('', 'public') else f'{schema}.'}{name or relation.relname}"
