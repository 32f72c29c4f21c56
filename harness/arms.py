"""Which databases a run compares, and which part of the migration each of them gets."""

from __future__ import annotations

from harness import sqltext
from harness.scenario import Scenario, SqlFile

TEMPLATE = "template"
VERIFICATION = "verification"


def migrations_of(arm: str, scenario: Scenario) -> tuple[SqlFile, ...]:
    """The migration files that an arm gets, in their order.

    `before` and `control` get none, `after` all; `before_indexes` only those that add indexes, `after_noindexes` all
    but those: the corners of the 2x2 that tells what the indexes did from what the normalisation did.
    """
    match arm:
        case "after":
            return scenario.migrations
        case "before_indexes":
            return tuple(file for file in scenario.migrations if is_index_migration(file, scenario))
        case "after_noindexes":
            return tuple(file for file in scenario.migrations if not is_index_migration(file, scenario))
    return ()


def is_index_migration(file: SqlFile, scenario: Scenario) -> bool:
    """As the scenario marks it; without any mark, a file all of whose statements create indexes."""
    if scenario.index_migrations:
        return file.name in scenario.index_migrations
    return sqltext.creates_only_indexes(file.text)
