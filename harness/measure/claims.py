"""Whose claims a connection has: set between the requests, so that no request's time holds the setting of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.measure.messages import execution
from harness.measure.wire import Wire
from harness.workload import Settings


class Turns:
    """The askers that use one connection in turn, all with claims of the same names.

    The claims hold for the session, not for a transaction: a transaction around each request would add its own
    statements to what is timed. Prepared statements stay valid, for the role is the same.
    """

    def __init__(self, statement: Any, wire: Wire) -> None:
        self._statement = statement  # held: the driver closes a statement that nobody holds
        self._wire = wire
        self._current: Settings | None = None

    @classmethod
    async def prepare(cls, connection: Any, wire: Wire, names: Sequence[str]) -> Turns:
        """Ready to set the claims of these names, in one statement."""
        calls = (f"pg_catalog.set_config(${2 * place + 1}, ${2 * place + 2}, false)" for place in range(len(names)))
        return cls(await connection.prepare(f"SELECT {', '.join(calls)}"), wire)

    def is_with(self, claims: Settings) -> bool:
        """Whether the connection has these claims."""
        return claims == self._current

    async def give(self, claims: Settings) -> None:
        """Gives the connection to whoever has these claims."""
        self._current = None
        texts = [(text.encode(), False) for pair in claims for text in pair]
        await self._wire.ask(execution(self._statement.get_name(), texts, (False,) * len(claims)))
        self._current = claims
