"""The words that the report has for verdicts, exit codes and kinds of findings, and what makes each good or bad."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import get_args

from harness import text
from harness.errors import (
    EXIT_COULD_NOT_RUN,
    EXIT_INCONCLUSIVE,
    EXIT_INTEGRITY,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_REGRESSION,
    EXIT_USAGE,
)
from harness.report.evidence import Tone
from harness.result import ColumnCheck
from harness.result.integrity import Fate

AFTER = "after"
CONTROL = "control"
BEFORE = "before"

MEDIAN = "median"
SERVER_MEAN = "server's mean"

DOUBTFUL = "in doubt"

EXIT_MEANINGS = {
    EXIT_OK: "all good",
    EXIT_REGRESSION: "performance regression",
    EXIT_USAGE: "wrong usage",
    EXIT_INTEGRITY: "integrity failure",
    EXIT_INCONCLUSIVE: "inconclusive",
    EXIT_COULD_NOT_RUN: "could not run to its end",
    EXIT_INTERRUPTED: "interrupted",
}
EXIT_TONES: dict[int, Tone] = {EXIT_OK: "good", EXIT_INCONCLUSIVE: "open"}
"""Every other exit code is bad."""

LATENCY_TONES: dict[str, Tone] = {"slower": "bad", "faster": "good", "equivalent": "plain", "inconclusive": "open"}
LATENCY_MARKS = {"slower": "▲", "faster": "▼", "equivalent": "=", "inconclusive": "?"}
CLAIM_TONES: dict[str, Tone] = {"supported": "good", "refuted": "bad", "undecided": "open"}
SEVERITY_TONES: dict[str, Tone] = {"error": "bad", "warning": "open", "info": "plain"}
COLUMN_TONES: dict[str, Tone] = {
    "identical": "good",
    "renders_differently": "open",
    "different": "bad",
    "no_counterpart": "bad",
    "not_compared": "open",
}
COLUMN_MARKS = {
    "identical": "✓",
    "renders_differently": "≈",
    "different": "≠",
    "no_counterpart": "∅",
    "not_compared": "?",
}

# The gravest first.
_PROBLEMS = {
    "no_counterpart": ("column", "has no counterpart", "have no counterpart"),
    "value_differs": ("column", "shows other values than before", "show other values than before"),
    "null_to_value": ("column", "shows values where there were none", "show values where there were none"),
    "value_to_null": ("column", "loses values", "lose values"),
    "renders_differently": ("column", "renders its values differently", "render their values differently"),
    "row_missing": ("view", "misses rows", "miss rows"),
    "row_extra": ("view", "holds rows that no table has", "hold rows that no table has"),
    "row_duplicated": ("view", "repeats rows", "repeat rows"),
    "type_drift": ("column", "changes its type", "change their type"),
    "key_not_unique": ("key", "does not identify rows", "do not identify rows"),
    "key_null": ("key", "is NULL in rows", "are NULL in rows"),
    "view_error": ("view", "cannot be read", "cannot be read"),
    "not_compared": ("column", "could not be compared", "could not be compared"),
    "nothing_compared": ("comparison", "saw no row at all", "saw no row at all"),
    "answer_differs": ("query", "gives another answer than before", "give another answer than before"),
    "answer_empty": ("query", "meets no row", "meet no row"),
    "rls_bypassed": ("object", "reads past row level security", "read past row level security"),
    "answer_unfinished": ("query", "does not end in time", "do not end in time"),
    "access_wider": ("view", "shows a role more than its tables do", "show a role more than their tables do"),
    "access_narrower": ("view", "shows a role less than its tables do", "show a role less than their tables do"),
    "function_broken": ("function", "no longer runs", "no longer run"),
    "write_lost": ("relation", "can no longer be written", "can no longer be written"),
    "view_stored": ("view", "is stored and grows old", "are stored and grow old"),
    "row_arbitrary": ("view", "takes any of several rows", "take any of several rows"),
    "sequence_behind": ("sequence", "gives out numbers again", "give out numbers again"),
    "policy_added": ("policy", "is new and shows more rows", "are new and show more rows"),
    "sequence_changed": ("sequence", "counts otherwise", "count otherwise"),
    "generated_stale": ("generated column", "holds outdated values", "hold outdated values"),
    "type_changed": ("type", "takes or orders values otherwise", "take or order values otherwise"),
    "function_changed": ("function", "is defined otherwise", "are defined otherwise"),
    "columns_reordered": ("relation", "lists its columns in another order", "list their columns in another order"),
    "statistics_lost": ("statistics object", "is lost", "are lost"),
    "behaviour_added": ("trigger, rule or constraint", "is new", "are new"),
    "policy_missing": ("table", "has row security but no policy", "have row security but no policy"),
    "index_redundant": ("index", "is covered by another", "are covered by others"),
    "grant_added": ("privilege", "is new on what was there before", "are new on what was there before"),
    "owner_changed": ("object", "belongs to another role", "belong to another role"),
    "accept_rule_unused": ("accept rule", "accepts nothing", "accept nothing"),
}


def gravity(kind: str) -> int:
    """Order of kinds within a severity: lost values first, kinds without words of their own last."""
    return list(_PROBLEMS).index(kind) if kind in _PROBLEMS else len(_PROBLEMS)


def fates(columns: Collection[ColumnCheck]) -> str:
    """What the migration did to these columns, as it stands before the noun: `dropped`, `dropped and rewritten`."""
    met = {item.fate for item in columns}
    return text.several([fate for fate in get_args(Fate) if fate in met])


def problem(kind: str, number: int, total: int | None = None, which: str = "") -> str:
    """`4 of 36 dropped columns have no counterpart`; a kind without words of its own speaks for itself.

    `which` stands before the noun.
    """
    noun, singular, plural = _PROBLEMS.get(kind) or _lost(kind)
    several = total if total is not None else number
    nouns = noun if several == 1 else re.sub(r"(?<=[^aeiou])y$", "ie", noun) + ("es" if noun.endswith("x") else "s")
    of = "" if total is None else f" of {total:,}"
    which = f"{which} " if which else ""
    return f"{number:,}{of} {which}{nouns} {singular if number == 1 else plural}"


def _lost(kind: str) -> tuple[str, str, str]:
    noun, found, _ = kind.partition("_lost")
    return (
        (title(noun), "is lost", "are lost") if found else ("object", f"shows “{title(kind)}”", f"show “{title(kind)}”")
    )


def title(name: str) -> str:
    """A machine's name as words: `null_to_value` is `null to value`."""
    return name.replace("_", " ")
