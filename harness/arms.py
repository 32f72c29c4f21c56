"""Which databases a run compares, and which part of the migration each of them gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness import sqlchanges, sqltext
from harness.scenario import Scenario, SqlFile

TEMPLATE = "template"
VERIFICATION = "verification"

USUAL = ("before", "after", "control")
CORNERS = ("before_indexes", "after_noindexes")
"""The other two corners of the 2x2 that tells what the indexes did from what the normalisation did."""


def arms_to_run(asked_for: tuple[str, ...], scenario: Scenario) -> tuple[str, ...]:
    """The arms that were asked for; where none were, the usual ones, and the corners where there is what they separate.

    Without index statements that can be told from the rest, the corners are `before` and `after` again: they are left
    out even where they were asked for.
    """
    arms = asked_for or (*USUAL, *CORNERS)
    return arms if adds_indexes(scenario) else tuple(arm for arm in arms if arm not in CORNERS)


def adds_indexes(scenario: Scenario) -> bool:
    """Whether the migration holds index statements that can be applied, or left out, by themselves."""
    parts = [sqltext.split(file.text, str(file.path)) for file in migrations_of("before_indexes", scenario)]
    return any(sqlchanges.kind_of_change(item.text) for part in parts for item in part)


def migrations_of(arm: str, scenario: Scenario) -> tuple[SqlFile, ...]:
    """The migration that an arm gets, in its order.

    `before` and `control` get none, `after` all; `before_indexes` only the statements that add indexes,
    `after_noindexes` all but those. Which these are the scenario may mark, file by file; unmarked, the statements tell:
    those on tables and columns that the migration does not make itself.
    """
    match arm:
        case "after":
            return scenario.migrations
        case "before_indexes":
            return _parts(scenario, lambda is_index: is_index)
        case "after_noindexes":
            return _parts(scenario, lambda is_index: not is_index)
    return ()


def _parts(scenario: Scenario, wanted: Callable[[bool], bool]) -> tuple[SqlFile, ...]:
    """The files with the wanted statements only, each on its line; files of which nothing is left are left out.

    Both parts keep what the statements run under: the file's settings, and its transactions.
    """
    files = scenario.migrations
    if scenario.index_migrations:
        return tuple(file for file in files if wanted(file.name in scenario.index_migrations))
    statements = [sqltext.split(file.text, str(file.path)) for file in files]
    flags = iter(sqlchanges.separable_indexes([item.text for found in statements for item in found]))
    parts = []
    for file, found in zip(files, statements, strict=True):
        around = [sqltext.is_transaction_control(item.text) or sqlchanges.is_setting(item.text) for item in found]
        chosen = [wanted(next(flags)) for _ in found]
        if any(own and not frame for own, frame in zip(chosen, around, strict=True)):
            keep = [own or frame for own, frame in zip(chosen, around, strict=True)]
            parts.append(replace(file, text=sqlchanges.blank(file.text, keep)))
    return tuple(parts)
