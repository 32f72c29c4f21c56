"""Sequences moved behind the keys that were loaded: a row that is inserted later draws one that is free."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from harness.scenario.paths import catalogue_sql
from harness.sqltext import quote_ident, quote_qualified


async def move_sequences(connection: Any, schema: str, filled: Mapping[str, Collection[str]]) -> None:
    """Moves every sequence from which one of the `filled` columns (by table) draws; twice does no harm."""
    move = catalogue_sql("seed", "move_sequence")
    for table, column, sequence, ascends in await connection.fetch(catalogue_sql("seed", "drawn_sequences"), schema):
        if column in filled.get(table, ()):
            last = f"{'max' if ascends else 'min'}({quote_ident(column)})::numeric"
            value = await connection.fetchval(f"SELECT {last} FROM {quote_qualified(schema, table)}")  # noqa: S608 - quoted
            if value is not None:
                await connection.execute(move, sequence, value)
