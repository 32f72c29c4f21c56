"""Whether a key identifies rows: each has one, and no two have the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import asyncpg

from harness.catalogue import Catalogue, Relation
from harness.result import Example, Finding
from harness.scenario.paths import catalogue_sql
from harness.server.faults import describe
from harness.together import together
from harness.verify.compare import field, joins_alike
from harness.verify.kinds import make_finding
from harness.verify.rows import EXAMPLES
from harness.verify.sessions import Sessions, is_about_data
from harness.verify.unique import expected_rows, is_unique


@dataclass(frozen=True)
class KeyCheck:
    """Whether the key identifies rows, what was found where it does not, and how many rows there are.

    `counted` is False where the planner only expects so many. `error` is PostgreSQL's message where the relation cannot
    be read.
    """

    usable: bool
    rows: int
    findings: tuple[Finding, ...] = ()
    error: str = ""
    counted: bool = True


@dataclass(frozen=True)
class Keyed:
    """A relation, and the columns of it that are to identify rows."""

    relation: Relation
    key: tuple[str, ...]


async def check_key(sessions: Sessions, catalogue: Catalogue, old: Keyed, new: Keyed, database: str) -> KeyCheck:
    """Counts the old relation's rows and looks at its key; what unique indexes already prove is not counted.

    Where both keys are proven unique, each old row is in the join of the two once, and so can be counted there.
    """
    relation, key = old.relation, old.key
    try:
        async with sessions.one() as connection:
            if await _meet_once(connection, catalogue, old, new):
                return KeyCheck(usable=True, rows=await expected_rows(connection, relation), counted=False)
        rows = await _count(sessions, relation)
        async with sessions.one() as connection:
            return await _check(connection, catalogue, relation, key, rows, database)
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
        return KeyCheck(usable=False, rows=0, error=describe(error))


async def _meet_once(connection: Any, catalogue: Catalogue, old: Keyed, new: Keyed) -> bool:
    """Whether a row of a table meets one of the new relation at most, and the other way about, and has a whole key."""
    pairs = [(old.relation.column(a), new.relation.column(b)) for a, b in zip(old.key, new.key, strict=True)]
    if not pairs or not old.relation.is_table:
        return False
    if not all(a and b and a.not_null and joins_alike(a, b) for a, b in pairs):
        return False
    sides = (old, new)
    return all([await is_unique(connection, catalogue, side.relation, side.key) for side in sides])


async def _count(sessions: Sessions, relation: Relation) -> int:
    """How many rows there are; all sessions, which see one state, count a part of a table's pages each."""

    async def part(condition: str) -> int:
        async with sessions.one() as connection:
            return int(await connection.fetchval(f"SELECT count(*) FROM {relation.sql}{condition}"))

    async with sessions.one() as connection:
        pages = await connection.fetchval(catalogue_sql("verify", "count_pages"), relation.oid)
    bounds = [pages * number // sessions.number for number in range(1, sessions.number)] if pages else []
    limits = [f"'({bound},0)'::tid" for bound in bounds]
    lows = ["", *(f"ctid >= {limit}" for limit in limits)]
    highs = [*(f"ctid < {limit}" for limit in limits), ""]
    tests = [" AND ".join(filter(None, ends)) for ends in zip(lows, highs, strict=True)]
    return sum(await together(*(part(f" WHERE {test}" if test else "") for test in tests)))


async def _check(
    connection: Any, catalogue: Catalogue, relation: Relation, key: tuple[str, ...], rows: int, database: str
) -> KeyCheck:
    if not key:
        return KeyCheck(usable=False, rows=rows)
    nulls = await _nulls(connection, relation, key, rows, database)
    if nulls is not None:
        return KeyCheck(usable=False, rows=rows, findings=(nulls,))
    if await is_unique(connection, catalogue, relation, key):
        return KeyCheck(usable=True, rows=rows)
    repeated = await _repeated(connection, relation, key, rows, database)
    return KeyCheck(usable=repeated is None, rows=rows, findings=(repeated,) if repeated else ())


async def _nulls(connection: Any, relation: Relation, key: tuple[str, ...], rows: int, database: str) -> Finding | None:
    columns = [column for column in relation.columns if column.name in key and not column.not_null]
    if not columns:
        return None
    unset = " OR ".join(f"{field('o', column.name)} IS NULL" for column in columns)
    count = await connection.fetchval(f"SELECT count(*) FROM {relation.sql} AS o WHERE {unset}")
    if not count:
        return None
    return make_finding(
        "key_null",
        _name(relation, key),
        f"{count} of {rows} rows of {relation.display} have no value in the key ({', '.join(key)})",
        count=count,
        rows=rows,
        query=f"SELECT * FROM {relation.sql} AS o WHERE {unset};",
        database=database,
    )


async def _repeated(
    connection: Any, relation: Relation, key: tuple[str, ...], rows: int, database: str
) -> Finding | None:
    """Keys that several rows share, with examples; the number is that of all rows that share theirs."""
    names = ", ".join(field("o", name) for name in key)
    query = (
        f"SELECT {names}, count(*) AS copies\nFROM {relation.sql} AS o\nGROUP BY {names} HAVING count(*) > 1"
        " ORDER BY count(*) DESC"
    )
    found = await connection.fetch(
        f"SELECT *, (sum(copies) OVER ())::bigint AS shared FROM ({query}) AS found LIMIT {EXAMPLES}"
    )
    if not found:
        return None
    count = found[0]["shared"]
    examples = [
        Example(", ".join(str(value) for value in list(row)[: len(key)]), "1 row", f"{row['copies']} rows")
        for row in found
    ]
    return make_finding(
        "key_not_unique",
        _name(relation, key),
        f"{count} of {rows} rows of {relation.display} share their key ({', '.join(key)}) with others",
        count=count,
        rows=rows,
        examples=examples,
        query=query + ";",
        database=database,
    )


def _name(relation: Relation, key: tuple[str, ...]) -> str:
    return f"{relation.display}.{'+'.join(key)}"
