"""The tool's own queries of this phase: every file is used, every used name exists, the first line says what it is."""

from __future__ import annotations

import re
from pathlib import Path

import harness.measure
from harness.scenario.paths import catalogue_sql, data_root

FOLDER = Path(harness.measure.__file__).parent


def test_every_query_is_used_and_every_used_query_exists() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py"))
    used = set(re.findall(r'catalogue_sql\("measure", "(\w+)"\)', code))
    there = {path.stem for path in (data_root() / "sql" / "measure").glob("*.sql")}
    assert used == there
    assert all(catalogue_sql("measure", name).startswith("-- ") for name in there)
