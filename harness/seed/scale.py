"""How many rows a scale means, in all and for each table."""

from __future__ import annotations

import re

from harness.errors import UsageError
from harness.seed.spec import SeedSpec, Table

BLOCK_ROWS = 8192
"""A logical block: the unit in which rows are made and a killed seeding resumes."""

MAX_SCALE = 100_000_000
_SCALE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([km]?)", re.IGNORECASE)
_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000}


def parse_scale(text: str) -> int:
    """Rows that `--scale` asks for: `10k`, `2.5k`, `1m` or a plain whole number. Raises UsageError."""
    match = _SCALE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"--scale {text!r} is no number of rows", "write it like 10k, 100k, 1m or 5000")
    exact = float(match[1]) * _FACTORS[match[2].lower()]
    rows = round(exact)
    if abs(exact - rows) > 1e-6 or rows < 1:
        raise UsageError(f"--scale {text!r} is {exact:g} rows", "give a whole number of rows, 1 at least")
    if rows > MAX_SCALE:
        raise UsageError(f"--scale {text!r} is more than {MAX_SCALE:,} rows", "use a smaller scale")
    return rows


def rows_of(table: Table, scale: int) -> int:
    """Rows of a table at this scale."""
    rows = max(round(table.share * scale), table.min_rows)
    return rows if table.max_rows is None else min(rows, table.max_rows)


def row_counts(spec: SeedSpec, scale: int) -> dict[str, int]:
    """Rows of every table, also of those that are not stored."""
    return {name: rows_of(table, scale) for name, table in spec.tables.items()}
