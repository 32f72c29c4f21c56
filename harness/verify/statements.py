"""The migration's own words against what the catalogue shows: columns said to be dropped, columns really dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness import sqltext
from harness.scenario import SqlFile
from harness.snapshot import Snapshot


def cross_check(files: Sequence[SqlFile], snapshot: Snapshot) -> tuple[str, ...]:
    """Notes on columns that only one of the two names.

    A statement may drop what is not there (IF EXISTS); a column may go without being named (DROP TABLE, CASCADE,
    dynamic SQL).
    """
    said = {name: file.name for file in files for name in _dropped_in(file)}
    gone = {
        f"{table.change.old.display}.{column.name}": table.change.new is None
        for table in snapshot.tables
        for column in table.change.dropped
    }
    notes = [f"{said[name]} drops {name}, which did not exist before" for name in sorted(said.keys() - gone.keys())]
    unsaid = sorted(name for name in gone.keys() - said.keys() if not gone[name])
    notes += [f"{name} is gone, though no statement of the migration names it" for name in unsaid]
    tables = sorted(table.change.old.display for table in snapshot.tables if table.change.new is None)
    return (*notes, *(f"the table {name} is gone as a whole" for name in tables))


def _dropped_in(file: SqlFile) -> Iterator[str]:
    for node in sqltext.walk(sqltext.parse(file.text)):
        if type(node).__name__ != "AlterTableStmt":
            continue
        schema = "" if node.relation.schemaname in ("", "public") else f"{node.relation.schemaname}."
        for command in node.cmds:
            if _is_drop_column(command.alter_table_cmd):
                yield f"{schema}{node.relation.relname}.{command.alter_table_cmd.name}"


def _is_drop_column(command: Any) -> bool:
    kinds = command.DESCRIPTOR.fields_by_name["subtype"].enum_type.values_by_number
    return bool(kinds[command.subtype].name == "AT_DropColumn")
