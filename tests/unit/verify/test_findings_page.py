"""The page of findings holds every kind and cause, as the check itself words them, and no other."""

import re
from pathlib import Path

import pytest

from harness.verify.kinds import CAUSES, KINDS

PAGE = (Path(__file__).parents[3] / "docs" / "findings.md").read_text(encoding="utf-8")
ROWS = {cells[1].strip("`"): cells[2:-1] for line in PAGE.splitlines() if (cells := re.split(r" ?\| ?", line))[1:2]}


def test_the_page_lists_every_kind_and_cause_and_nothing_else() -> None:
    listed = {name for name in ROWS if re.fullmatch(r"[a-z_]+", name)} - {"kind", "cause"}
    assert listed == KINDS.keys() | CAUSES.keys() | {"type_drift"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in CAUSES])
def test_a_kind_is_told_as_the_check_words_it(kind: str) -> None:
    assert ROWS[kind] == [KINDS[kind].severity, KINDS[kind].meaning, KINDS[kind].next_step]


@pytest.mark.parametrize("cause", list(CAUSES))
def test_a_cause_is_told_as_the_check_words_it(cause: str) -> None:
    assert ROWS[cause] == [CAUSES[cause]]
