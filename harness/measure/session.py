"""One connection of a worker: every query of its arm prepared, its requests made, rows left as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from harness.measure.claims import Turns
from harness.measure.clients import started
from harness.measure.encoding import Requests, requests_of
from harness.measure.messages import simple
from harness.measure.orders import ArmWork, Fault, Work
from harness.measure.wire import AnswerError, Wire
from harness.scenario.paths import catalogue_sql
from harness.server.address import Address, connect

_TIME_LIMIT = "statement_timeout"

_BEGIN, _COMMIT, _ROLLBACK = simple("BEGIN"), simple("COMMIT"), simple("ROLLBACK")


class Operation:
    """One query on one connection, ready to run; several statements run as one transaction.

    After a run that succeeded `answered_s` holds its seconds from handing over each request to the arrival of its
    answer's last byte, all statements together. `run` and `change_asker` are for coroutines of `clients.started`.
    """

    def __init__(
        self, connection: Any, wire: Wire, work: Work, statements: Sequence[Any], requests: Sequence[Requests]
    ) -> None:
        self.query = work.query
        self.statements = statements
        self.connection = connection
        self.answered_s = 0.0
        self._wire = wire
        self._requests = requests
        self._claims = work.claims
        self._turns: Turns | None = None

    def needs_change(self, chosen: int) -> bool:
        """Whether the connection has to be given to another asker before the run with the parameter set `chosen`."""
        return self._turns is not None and not self._turns.is_with(self._claims[chosen])

    async def change_asker(self, chosen: int) -> None:
        """Gives the connection to whoever asks with the parameter set; no part of a run, nor of its time."""
        assert self._turns is not None
        await self._turns.give(self._claims[chosen])

    async def run(self, chosen: int, number: int) -> int:
        """Runs it once with the parameter set `chosen` as operation `number`; gives the rows read or touched.

        Raises AnswerError where the server's answer is an error, ConnectionError where the connection is gone.
        """
        wire = self._wire
        if len(self._requests) == 1:
            tag = await wire.ask(self._requests[0].of(chosen, number))
            self.answered_s = wire.arrived_s - wire.asked_s
            return _touched(tag)
        self.answered_s = 0.0
        await self._step(_BEGIN)
        try:
            rows = [_touched(await self._step(requests.of(chosen, number))) for requests in self._requests]
        except AnswerError:
            await wire.ask(_ROLLBACK)
            raise
        await self._step(_COMMIT)
        return sum(rows)

    async def _step(self, request: bytes) -> bytes:
        tag: bytes = await self._wire.ask(request)
        self.answered_s += self._wire.arrived_s - self._wire.asked_s
        return tag

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
        """Connects once for each asker, sets the settings, prepares everything.

        The time limit of a timed statement holds for these alone: it is set last.
        """
        limits = [item for item in settings if item[0] == _TIME_LIMIT]
        settings = [item for item in settings if item[0] != _TIME_LIMIT]
        connections = []
        operations: dict[int, Operation | Fault] = {}
        for asker, names in dict.fromkeys((work.session, _names(work)) for work in arm.works):
            connection = await connect(address, arm.database)
            connections.append(connection)
            for name, value in (*settings, *asker):
                await connection.execute("SELECT set_config($1, $2, false)", name, value)
            places = [place for place, work in enumerate(arm.works) if (work.session, _names(work)) == (asker, names)]
            wire = Wire.of(connection)
            turns = await Turns.prepare(connection, wire, names) if names else None
            if turns is not None:
                await started(turns.give(arm.works[places[0]].claims[0]))
            for place in places:
                operations[place] = await _operation(connection, wire, arm.works[place], arm.arm, turns)
            await connection.execute("SELECT")  # preparing leaves a transaction open, with its locks, until it is ended
            for name, value in limits:
                await connection.execute("SELECT set_config($1, $2, false)", name, value)
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


async def _operation(connection: Any, wire: Wire, work: Work, arm: str, turns: Turns | None) -> Operation | Fault:
    try:
        statements = [await connection.prepare(sql) for sql, _ in work.statements]
    except asyncpg.PostgresError as error:
        return Fault(work.query, arm, error.sqlstate or "XX000", str(error))
    operation = Operation(connection, wire, work, statements, await requests_of(connection, work, statements))
    if turns is not None:
        operation.take_turns(turns)
    return operation


def _touched(tag: bytes) -> int:
    """The rows of a command tag: `UPDATE 3`, `INSERT 0 1`, `SELECT 0`; 0 for a tag without a number."""
    last = tag.rpartition(b" ")[2]
    return int(last) if last.isdigit() else 0
