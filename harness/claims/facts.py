"""Runs the claims' own queries on the migrated database, read only; a query that fails is a fact, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from harness.claims.model import Claim

_TIMEOUT = "SET LOCAL statement_timeout = '60s'"


@dataclass(frozen=True)
class FactError:
    """Why a claim's query gave no value."""

    message: str


async def collect_facts(connection: Any, claims: Sequence[Claim]) -> Mapping[str, object]:
    """The one value that each claim's `sql` gives, by claim id; FactError where it gives none.

    Each runs in a read-only transaction of its own, so that one that fails or writes spoils nothing. Raises only what
    means that the connection itself is lost.
    """
    return {claim.id: await _fact(connection, claim.sql) for claim in claims if claim.sql}


async def _fact(connection: Any, sql: str) -> object:
    try:
        async with connection.transaction(readonly=True):
            await connection.execute(_TIMEOUT)
            rows = await connection.fetch(sql)
    except asyncpg.PostgresConnectionError:
        raise
    except asyncpg.PostgresError as error:
        return FactError(f"its query failed: {error.sqlstate} {error}")
    if len(rows) != 1 or len(rows[0]) != 1:
        return FactError(f"its query gave {len(rows)} rows, one with one column was expected")
    value: object = rows[0][0]
    return FactError("its query gave NULL") if value is None else value
