"""One connection of a worker: every query of its arm prepared, parameters encoded, rows left undecoded."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

import asyncpg

from harness.measure.claims import Turns
from harness.measure.encoding import encode_sets, number_places, numbered, types_passed_through
from harness.measure.orders import ArmWork, Fault, Work
from harness.measure.statements import executor
from harness.measure.wire import Wire
from harness.scenario.paths import catalogue_sql
from harness.server.address import Address, connect

Answer = TypeVar("Answer")


class Operation:
    """One query on one connection, ready to run; several statements run as one transaction.

    After a run that succeeded `answered_s` holds its seconds from handing over each request to the arrival of its
    answer's last byte, all statements together; NaN where the connection's wire cannot be watched.
    """

    def __init__(
        self,
        connection: Any,
        work: Work,
        statements: Sequence[Any],
        arguments: Sequence[Sequence[tuple[Any, ...]]],
    ) -> None:
        self.query = work.query
        self.statements = statements
        self.connection = connection
        self.answered_s = 0.0
        self._wire: Wire | None = None
        self._execute = [executor(statement) for statement in statements]
        self._arguments = arguments
        self._claims = work.claims
        self._turns: Turns | None = None
        self._numbered = [
            number_places(names, statement) for (_, names), statement in zip(work.statements, statements, strict=True)
        ]

    def needs_change(self, chosen: int) -> bool:
        """Whether the connection has to be given to another asker before the run with the parameter set `chosen`."""
        return self._turns is not None and not self._turns.is_with(self._claims[chosen])

    async def change_asker(self, chosen: int) -> None:
        """Gives the connection to whoever asks with the parameter set; no part of a run, nor of its time."""
        assert self._turns is not None
        await self._turns.give(self._claims[chosen])

    async def run(self, chosen: int, number: int) -> int:
        """Runs it once with the parameter set `chosen` as operation `number`; gives the rows read or touched."""
        self.answered_s = 0.0
        if len(self._execute) == 1:
            return await self._statement(0, chosen, number)
        await self._answer(self.connection.execute("BEGIN"))
        try:
            rows = [await self._statement(index, chosen, number) for index in range(len(self._execute))]
        except BaseException:
            if not self.connection.is_closed():
                await self.connection.execute("ROLLBACK")
            raise
        await self._answer(self.connection.execute("COMMIT"))
        return sum(rows)

    async def _statement(self, index: int, chosen: int, number: int) -> int:
        arguments: Sequence[Any] = self._arguments[index][chosen]
        if self._numbered[index]:
            arguments = numbered(arguments, self._numbered[index], number)
        rows, tag, _ = await self._answer(self._execute[index](arguments))
        return len(rows) or _touched(tag)

    async def _answer(self, request: Awaitable[Answer]) -> Answer:
        """The request's answer; what it took is added up, without the client's work on it."""
        wire = self._wire
        if wire is None:
            self.answered_s = math.nan
            return await request
        wire.asked()
        asked_s = time.perf_counter()
        answer = await request
        self.answered_s += wire.arrived_s - asked_s
        return answer

    def watch(self, wire: Wire | None) -> None:
        """From now on the connection's answers are timed where they arrive."""
        self._wire = wire

    def take_turns(self, turns: Turns) -> None:
        """From now on several askers use the connection in turn."""
        self._turns = turns


class Session:
    """What one client has on one arm: its operations, each on a connection whose settings are those of its asker.

    Askers that differ in their claims alone use one connection in turn, as the users of an application use a pool's.
    A query that cannot be prepared is a Fault instead of an Operation.
    """

    def __init__(self, connections: Sequence[Any], operations: Sequence[Operation | Fault]) -> None:
        self.connections = connections
        self.operations = operations

    @classmethod
    async def open(cls, address: Address, arm: ArmWork, settings: Sequence[tuple[str, str]]) -> Session:
        """Connects once for each asker, sets the settings, prepares everything."""
        connections = []
        operations: dict[int, Operation | Fault] = {}
        for asker, names in dict.fromkeys((work.session, _names(work)) for work in arm.works):
            connection = await connect(address, arm.database)
            connections.append(connection)
            for name, value in (*settings, *asker):
                await connection.execute("SELECT set_config($1, $2, false)", name, value)
            places = [place for place, work in enumerate(arm.works) if (work.session, _names(work)) == (asker, names)]
            turns = await Turns.prepare(connection, names) if names else None
            if turns is not None:
                await turns.give(arm.works[places[0]].claims[0])
            prepared = await _prepare_all(connection, arm.arm, [arm.works[place] for place in places])
            operations |= dict(zip(places, prepared, strict=True))
            await connection.execute("SELECT")  # preparing leaves a transaction open, with its locks, until it is ended
            wire = Wire.of(connection)
            for operation in prepared:
                if isinstance(operation, Operation):
                    operation.watch(wire)
                    if turns is not None:
                        operation.take_turns(turns)
        return cls(connections, [operations[place] for place in range(len(arm.works))])

    @property
    def backends(self) -> tuple[int, ...]:
        """The process ids of the server's side."""
        return tuple(int(connection.get_server_pid()) for connection in self.connections)

    @property
    def is_broken(self) -> bool:
        """Whether a connection is gone."""
        return any(connection.is_closed() for connection in self.connections)

    async def plan_counts(self) -> dict[str, tuple[int, int]]:
        """query -> executions with a generic and with a custom plan, of all its statements."""
        counts = {}
        for connection in self.connections:
            rows = await connection.fetch(catalogue_sql("measure", "count_plans"))
            by_name = {row["name"]: (row["generic_plans"], row["custom_plans"]) for row in rows}
            for operation in self.operations:
                if isinstance(operation, Operation) and operation.connection is connection:
                    found = [by_name.get(statement.get_name(), (0, 0)) for statement in operation.statements]
                    counts[operation.query] = (sum(pair[0] for pair in found), sum(pair[1] for pair in found))
        return counts


def _names(work: Work) -> tuple[str, ...]:
    """The names of the claims that are set between the query's requests."""
    return tuple(name for name, _ in work.claims[0]) if work.claims else ()


async def _prepare_all(connection: Any, arm: str, works: Sequence[Work]) -> list[Operation | Fault]:
    """Prepares twice: the first time tells the types, after which the values that pass through need not be decoded."""
    prepared = [await _prepare(connection, work, arm) for work in works]
    arguments = [
        [] if isinstance(item, Fault) else await encode_sets(connection, work, item)
        for work, item in zip(works, prepared, strict=True)
    ]
    for name in sorted(types_passed_through([item for item in prepared if not isinstance(item, Fault)])):
        await connection.set_builtin_type_codec(name, schema="pg_catalog", codec_name="bytea", format="binary")
    return [await _operation(connection, work, encoded, arm) for work, encoded in zip(works, arguments, strict=True)]


async def _operation(connection: Any, work: Work, arguments: Any, arm: str) -> Operation | Fault:
    statements = await _prepare(connection, work, arm)
    return statements if isinstance(statements, Fault) else Operation(connection, work, statements, arguments)


async def _prepare(connection: Any, work: Work, arm: str) -> list[Any] | Fault:
    try:
        return [await connection.prepare(sql) for sql, _ in work.statements]
    except asyncpg.PostgresError as error:
        return Fault(work.query, arm, error.sqlstate or "XX000", str(error))


def _touched(tag: bytes) -> int:
    """The rows of a command tag: `UPDATE 3`, `INSERT 0 1`, `SELECT 0`; 0 for a tag without a number."""
    last = tag.rpartition(b" ")[2]
    return int(last) if last.isdigit() else 0
