"""Every query of the server's and the migration's folders is used, and every name used exists."""

from __future__ import annotations

import re

import pytest

from harness.scenario.paths import catalogue_sql, data_root

PACKAGE = data_root() / "harness"


@pytest.mark.parametrize("phase", ["server", "migrate"])
def test_queries_and_their_names_agree(phase: str) -> None:
    code = "".join(path.read_text() for path in (PACKAGE / phase).glob("*.py"))
    used = set(re.findall(rf'catalogue_sql\("{phase}", "(\w+)"\)', code))
    there = {path.stem for path in (data_root() / "sql" / phase).glob("*.sql")}
    assert used == there
    assert all(catalogue_sql(phase, name).startswith("-- ") for name in there)
