"""The queries of this package: every file is used, every used name exists, the first line says what it is."""

from __future__ import annotations

import re
from pathlib import Path

import harness.plans
from harness.scenario.paths import catalogue_sql, data_root

FOLDER = Path(harness.plans.__file__).parent


def test_every_query_is_used_and_every_used_query_exists() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py"))
    used = set(re.findall(r'catalogue_sql\("plans", "(\w+)"\)', code))
    there = {path.stem for path in (data_root() / "sql" / "plans").glob("*.sql")}
    assert used == there
    assert all(catalogue_sql("plans", name).startswith("-- ") for name in there)
