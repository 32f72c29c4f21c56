"""The stages of a migration, told from its own statements: when its last view, dropped column or index is done."""

from __future__ import annotations

from collections.abc import Sequence

from harness import sqlchanges
from harness.scenario import SqlFile
from harness.server.apply import read_scripts

STAGES = {
    "tables": "tables_changed",
    "views": "views_created",
    "columns": "columns_dropped",
    "indexes": "indexes_added",
}


def stages_of(files: Sequence[SqlFile]) -> dict[int, str]:
    """How many statements have run -> the stage that is reached then, in order; a stage that does not occur is missing.

    A stage is reached with the last statement of its kind, wherever others stand between.
    """
    statements = [statement for script in read_scripts(files) for statement in script.statements]
    last: dict[str, int] = {}
    for number, statement in enumerate(statements, start=1):
        kind = sqlchanges.kind_of_change(statement.text)
        if kind is not None:
            last[kind] = number
    return {number: STAGES[kind] for kind, number in sorted(last.items(), key=lambda item: item[1])}
