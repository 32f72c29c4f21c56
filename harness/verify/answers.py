"""Two streams of rows held against each other exactly: as multisets, and in order where that is part of the answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from harness.workload import BoundStatement

_BATCH = 1000
_EXAMPLES = 20

Row = tuple[object, ...]


@dataclass
class Tally:
    """What the two answers have not in common so far; rows that both gave are forgotten, so that memory stays flat."""

    balance: Counter[Row] = field(default_factory=Counter)
    old_rows: int = 0
    new_rows: int = 0
    misplaced: int = 0

    def add(self, old: Sequence[Any], new: Sequence[Any]) -> None:
        """Takes the next rows of both answers, of equal numbers until one ends; rows alike in place cost no more."""
        self.old_rows += len(old)
        self.new_rows += len(new)
        if old == new:
            return
        before, after = [_plain_row(row) for row in old], [_plain_row(row) for row in new]
        self.misplaced += sum(a != b for a, b in zip(before, after, strict=False))
        for row in before:
            self._count(row, 1)
        for row in after:
            self._count(row, -1)

    def _count(self, row: Row, one: int) -> None:
        self.balance[row] += one
        if not self.balance[row]:
            del self.balance[row]

    def only(self, sign: int) -> list[Row]:
        """Some rows that only the old (1) or only the new (-1) answer has."""
        return [row for row, count in self.balance.items() if count * sign > 0][:_EXAMPLES]

    @property
    def differing(self) -> int:
        """Rows that only one of the answers has."""
        return sum(abs(count) for count in self.balance.values())

    def agrees(self, *, ordered: bool) -> bool:
        """Whether the answers are the same multiset, or the same sequence."""
        return not self.balance and not (ordered and self.misplaced)


async def compare_answers(
    old: tuple[Any, Sequence[BoundStatement]],
    new: tuple[Any, Sequence[BoundStatement]],
    values: Mapping[str, object],
    operation: int,
    limit_s: float | None = None,
) -> Tally:
    """Runs both forms, each given with its connection, and tallies all rows that their statements return.

    Raises asyncpg.QueryCanceledError where one keeps the client waiting for longer than `limit_s`.
    """
    tally = Tally()
    async with (
        contextlib.aclosing(_batches(*old, values, operation, limit_s)) as old_rows,
        contextlib.aclosing(_batches(*new, values, operation, limit_s)) as new_rows,
    ):
        while True:
            left, right = await _both(anext(old_rows, []), anext(new_rows, []))
            if not left and not right:
                return tally
            tally.add(left, right)


async def _both(old: Awaitable[list[Any]], new: Awaitable[list[Any]]) -> list[list[Any]]:
    """Both at once; an error of one is raised only when the other has ended, too, so that both can be closed."""
    results = await asyncio.gather(old, new, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


async def _batches(
    connection: Any,
    statements: Sequence[BoundStatement],
    values: Mapping[str, object],
    operation: int,
    limit_s: float | None,
) -> AsyncGenerator[list[Any], None]:
    async with connection.transaction(readonly=True):
        await limit(connection, limit_s)
        for statement in statements:
            prepared = await connection.prepare(statement.sql)
            cursor = await prepared.cursor(*statement.arguments(values, operation))
            while rows := await cursor.fetch(_BATCH):
                yield rows


async def limit(connection: Any, limit_s: float | None) -> None:
    """Lets no statement of the transaction run for longer, where there is a limit."""
    if limit_s is not None:
        await connection.execute(f"SET LOCAL statement_timeout = {max(1, round(limit_s * 1000))}")


def _plain_row(row: Sequence[object]) -> Row:
    return tuple(_plain(value) for value in row)


def _plain(value: object) -> object:
    """A value that can be counted: numbers of two types meet exactly, NaN equals itself, arrays are tuples."""
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and value.is_nan():
        return "NaN"
    if isinstance(value, str | int | None):
        return value
    if isinstance(value, Mapping):
        return tuple(_plain(item) for item in value.values())
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    return value
