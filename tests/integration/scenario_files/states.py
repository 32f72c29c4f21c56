"""Databases of the CRM in its states (before, after, repaired, ...), and what the tests ask of them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from harness.scenario import Scenario, SqlFile
from harness.server import Databases
from harness.sqltext import quote_ident
from harness.workload import BoundQuery

HERE = Path(__file__).parent
SMALL_DATA = HERE / "small_data.sql"
ANOMALIES = HERE / "anomalies.sql"

Rows = dict[str, tuple[object, ...]]
Answer = TypeVar("Answer")


class States:
    """The CRM's databases by state; a question is a coroutine function on a fresh connection to one of them."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    async def connect(self, state: str) -> Any:
        """A connection to that state's database."""
        return await self._databases.connect(state)

    def ask(self, state: str, question: Callable[[Any], Awaitable[Answer]]) -> Answer:
        """The answer of that state's database."""

        async def answer() -> Answer:
            connection = await self.connect(state)
            try:
                return await question(connection)
            finally:
                await connection.close()

        return asyncio.run(answer())

    def make(self, state: str, change: Callable[[Any], Awaitable[None]], template: str | None = None) -> None:
        """A new state: a clone of `template`, or an empty database, changed."""
        asyncio.run(self._databases.create(state, template))
        self.ask(state, change)

    def drop(self, state: str) -> None:
        """Takes the state away."""
        asyncio.run(self._databases.drop(state))


def key_of(name: str) -> str:
    """The id of a row of the small data, as text: `key_of("sale1")`."""
    return str(uuid.UUID(hashlib.md5(name.encode()).hexdigest()))


async def execute(connection: Any, files: Iterable[SqlFile | Path]) -> None:
    """Runs whole files, each as one transaction."""
    for file in files:
        await connection.execute(file.read_text(encoding="utf-8") if isinstance(file, Path) else file.text)


async def build(connection: Any, scenario: Scenario, data: Iterable[Path], access: bool = True) -> None:
    """The scenario's old state with the given rows, as the seeder would leave it."""
    await execute(connection, [*scenario.schema, *data, *scenario.constraints])
    if access:
        await execute(connection, scenario.access)
    await connection.execute("ANALYZE")


async def columns(connection: Any, kind: str) -> dict[tuple[str, str], str]:
    """Types of the columns of all relations of a kind (`r` tables, `v` views) in public, by relation and column."""
    rows = await connection.fetch(
        """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = $1::text::"char"
            AND a.attnum > 0 AND NOT a.attisdropped
        """,
        kind,
    )
    return {(row["relname"], row["attname"]): row["type"] for row in rows}


async def indexes(connection: Any) -> set[tuple[str, str]]:
    """Indexes of public as (table, columns joined with commas)."""
    rows = await connection.fetch(
        """
        SELECT x.indrelid::regclass::text AS relation, string_agg(a.attname, ',' ORDER BY k.place) AS columns
        FROM pg_index x
        JOIN pg_class i ON i.oid = x.indexrelid AND i.relnamespace = 'public'::regnamespace
        CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
        GROUP BY x.indexrelid, x.indrelid
        """
    )
    return {(row["relation"], row["columns"]) for row in rows}


async def read_columns(connection: Any, relation: str, names: Iterable[str]) -> Rows:
    """The columns' texts of every row that the connection may see, by the row's id."""
    wanted = ", ".join(f"{quote_ident(name)}::text" for name in names)
    rows = await connection.fetch(f"SELECT id::text, {wanted} FROM {quote_ident(relation)}")
    return {row[0]: tuple(row)[1:] for row in rows}


async def become(connection: Any, role: str, claims: Mapping[str, str]) -> None:
    """Lets the rest of the transaction run as a request of that role."""
    await connection.execute(f"SET LOCAL ROLE {quote_ident(role)}")
    await connection.execute("SELECT set_config('request.jwt.claims', $1, true)", json.dumps(claims))


async def answers(connection: Any, query: BoundQuery, form: str) -> list[list[tuple[Any, ...]]]:
    """The rows, or for a write the numbers of rows touched, of every parameter set; nothing stays."""
    found = []
    for number, values in enumerate(query.sets):
        transaction = connection.transaction()
        await transaction.start()
        try:
            found.append(await _answer(connection, query, form, values, number))
        finally:
            await transaction.rollback()
    return found


async def _answer(
    connection: Any, query: BoundQuery, form: str, values: Mapping[str, Any], number: int
) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for statement in query.form(form):
        prepared = await connection.prepare(statement.sql)
        fetched = await prepared.fetch(*statement.arguments(values, number))
        touched = int(prepared.get_statusmsg().split()[-1])
        rows += [tuple(row) for row in fetched] if query.query.kind == "read" else [(touched,)]
    return rows
