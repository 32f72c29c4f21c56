"""Accept rules with a condition in SQL: a finding is parted into the rows that fulfil it, and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import asyncpg

from harness.result import Example, Finding
from harness.scenario import AcceptRule
from harness.verify.accept import matches
from harness.verify.rows import EXAMPLES
from harness.verify.sessions import is_about_data


async def part_by_conditions(
    connection: Any, findings: Sequence[Finding], rules: Sequence[AcceptRule]
) -> list[Finding]:
    """The findings, those rows accepted that fulfil a rule's condition; rules are tried in order.

    A condition speaks of the columns that the finding's query returns; a finding whose query has other columns does not
    fulfil it.
    """
    if not any(rule.condition for rule in rules):
        return list(findings)
    parted: list[Finding] = []
    for finding in findings:
        parted += await _part(connection, finding, rules)
    return parted


async def _part(connection: Any, finding: Finding, rules: Sequence[AcceptRule]) -> list[Finding]:
    parts: list[Finding] = []
    rest = finding
    for rule in rules:
        if not matches(replace(rule, max_share=1.0), rest):
            continue
        if not rule.condition:
            break  # it accepts the rest, or is meant to fail by its share
        meets = f"coalesce(({rule.condition}), false)"
        met = await _rows(connection, rest, meets)
        if met is None or not met.count or not matches(rule, met):
            continue
        parts.append(replace(met, accepted=rule.reason))
        left = await _rows(connection, rest, f"NOT {meets}")
        if left is None or not left.count:
            return parts
        rest = left
    return [*parts, rest]


async def _rows(connection: Any, finding: Finding, condition: str) -> Finding | None:
    """The part of a finding whose rows meet the condition; None where its query cannot be asked that."""
    inner = finding.query.rstrip().removesuffix(";")
    query = f"SELECT * FROM (\n{inner}\n) AS found\nWHERE {condition}"
    try:
        async with connection.transaction(readonly=True):
            count = await connection.fetchval(f"SELECT count(*) FROM ({query}) AS counted")
            rows = await connection.fetch(f"{query} LIMIT {EXAMPLES}")
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
        return None
    return replace(finding, count=count, query=query + ";", examples=tuple(map(_example, rows)))


def _example(row: asyncpg.Record) -> Example:
    key = ", ".join(str(value) for name, value in row.items() if name not in ("old", "new"))
    return Example(key, row.get("old"), row.get("new"))
