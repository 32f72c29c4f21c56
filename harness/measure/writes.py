"""Writing queries: which tables they touch, vacuum between blocks, and the proof that every arm did the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from harness.measure.orders import ArmWork
from harness.scenario.paths import catalogue_sql
from harness.sqltext import quote_ident, quote_qualified

Table = tuple[str, str]
"""Schema and name."""


@dataclass(frozen=True)
class Equality:
    """Whether an arm's table holds the same as the first arm's, over the columns that both have.

    `differing` are the columns whose values differ, `volatile` those of them that differ between two runs of the same
    statements, too (clocks, random keys): these prove nothing. `rows` are the two counts.
    """

    table: str
    arm: str
    rows: tuple[int, int]
    columns: int
    differing: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """The arms did the same."""
        return self.rows[0] == self.rows[1] and set(self.differing) <= set(self.volatile)

    @property
    def difference(self) -> str:
        """In words, where they did not."""
        columns = ", ".join(sorted(set(self.differing) - set(self.volatile)))
        rows = f"{self.rows[1]} rows instead of {self.rows[0]}" if self.rows[0] != self.rows[1] else ""
        values = f"other values in {columns}" if columns else ""
        return f"{self.table} has {' and '.join(filter(None, (rows, values)))}"


async def tables_written(connection: Any, work: ArmWork) -> tuple[Table, ...]:
    """The tables that the arm's writing queries touch, told by the locks they take, cascades and triggers included.

    Each query is run once, as whoever asks it, and rolled back. One that fails is left to the pilot, which reports it.
    """
    found: set[Table] = set()
    for item in work.works:
        if item.reads:
            continue
        transaction = connection.transaction()
        await transaction.start()
        try:
            for name, value in (*item.session, *(item.claims[0] if item.claims else ())):
                await connection.execute("SELECT set_config($1, $2, true)", name, value)
            for sql, names in item.statements:
                await connection.fetch(sql, *(0 if name == "op" else item.sets[0][name] for name in names))
            rows = await connection.fetch(catalogue_sql("measure", "list_written_tables"))
            found |= {(row["schema_name"], row["table_name"]) for row in rows}
        except (asyncpg.PostgresError, asyncpg.DataError):
            pass
        finally:
            await transaction.rollback()
    return tuple(sorted(found))


async def vacuum(connection: Any, tables: Sequence[Table]) -> None:
    """Vacuums the tables, so that every block starts without the dead rows of the one before."""
    for table in tables:
        await connection.execute(f"VACUUM {quote_qualified(*table)}")


async def prove_equal(
    connections: Mapping[str, Any], tables: Sequence[Table], groups: Sequence[Sequence[str]]
) -> tuple[Equality, ...]:
    """Compares the tables of the arms of each group (those that ran the same operations) with its first arm's.

    Row counts, and a digest over the text of the rows (the sum of 64-bit hashes, key included, so that order does not
    matter). Where the digests differ, the columns that differ are named; those that differ between the first arm and
    `control`, which run the very same statements, are volatile.
    """
    proofs: list[Equality] = []
    for group in groups:
        for table in tables:
            volatile: tuple[str, ...] = ()
            for arm in sorted(group[1:], key=lambda name: name != "control"):
                proof = await _compare(connections[group[0]], connections[arm], table, arm, volatile)
                if proof is None:
                    continue
                if arm == "control":
                    volatile = proof.differing
                    proof = await _compare(connections[group[0]], connections[arm], table, arm, volatile)
                proofs += [proof] if proof else []
    return tuple(proofs)


async def _compare(first: Any, second: Any, table: Table, arm: str, volatile: tuple[str, ...]) -> Equality | None:
    columns = [name for name in await _columns(first, table) if name in set(await _columns(second, table))]
    if not columns:
        return None
    one, two = await _digest(first, table, [columns]), await _digest(second, table, [columns])
    differing: tuple[str, ...] = ()
    if one[1] != two[1]:
        key = await _key(first, table)
        parts = [[*key, name] for name in columns]
        ones, twos = await _digest(first, table, parts), await _digest(second, table, parts)
        differing = tuple(name for name, a, b in zip(columns, ones[1:], twos[1:], strict=True) if a != b)
    return Equality(".".join(table), arm, (one[0], two[0]), len(columns), differing, volatile)


async def _columns(connection: Any, table: Table) -> list[str]:
    return [row["name"] for row in await connection.fetch(catalogue_sql("measure", "list_columns"), *table)]


async def _key(connection: Any, table: Table) -> list[str]:
    rows = await connection.fetch(catalogue_sql("measure", "list_columns"), *table)
    return [row["name"] for row in rows if row["in_key"]]


async def _digest(connection: Any, table: Table, parts: Sequence[Sequence[str]]) -> tuple[Any, ...]:
    """The row count and, for each list of columns, the digest of the rows cut down to them."""
    rows = [f"ROW({', '.join(map(quote_ident, names))})::text" for names in parts]
    sums = ", ".join(f"coalesce(sum(hashtextextended({row}, 0)::numeric), 0)" for row in rows)
    query = f"SELECT count(*), {sums} FROM {quote_qualified(*table)}"  # noqa: S608 - every name is quoted
    return tuple(await connection.fetchrow(query))


async def vacuum_arms(
    connections: Mapping[str, Any], tables: Mapping[str, Sequence[Table]], arms: Sequence[str]
) -> None:
    """Vacuums what the writes have touched, arm by arm."""
    for arm in arms:
        await vacuum(connections[arm], tables[arm])
