"""Parameters as a worker's prepared statements take them: encoded beforehand, so that no timed run has to do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import MeasureError
from harness.measure.orders import Work

OPERATION = "op"

PASSED_THROUGH = frozenset(
    {"numeric", "uuid", "date", "time", "timetz", "timestamp", "timestamptz", "interval", "inet", "cidr"}
)
"""Types whose values asyncpg would make into Python objects at a cost that is no part of the query: they stay bytes.

Each has a function `<type>_send` on the server, with which the parameters are encoded beforehand."""


def types_passed_through(prepared: Sequence[Sequence[Any]]) -> set[str]:
    """The names of the types to pass through that occur in results or parameters, elements of arrays included."""
    kinds = [
        kind
        for statements in prepared
        for statement in statements
        for kind in (*(attribute.type for attribute in statement.get_attributes()), *statement.get_parameters())
    ]
    return {_element(kind.name) for kind in kinds} & PASSED_THROUGH


def _element(name: str) -> str:
    """`uuid` for `uuid`, `uuid[]` and `_uuid`."""
    return name.removesuffix("[]").removeprefix("_")


async def encode_sets(connection: Any, work: Work, statements: Sequence[Any]) -> list[list[tuple[Any, ...]]]:
    """For each statement and parameter set the arguments as the prepared statement takes them."""
    encoded = []
    for (_, names), statement in zip(work.statements, statements, strict=True):
        kinds = statement.get_parameters()
        encoded.append([await _encode(connection, names, kinds, values) for values in work.sets])
    return encoded


async def _encode(
    connection: Any, names: Sequence[str], kinds: Sequence[Any], values: Mapping[str, Any]
) -> tuple[Any, ...]:
    return tuple(
        [
            0 if name == OPERATION else await _encode_value(connection, _element(kind.name), values[name])
            for name, kind in zip(names, kinds, strict=True)
        ]
    )


async def _encode_value(connection: Any, kind: str, value: Any) -> Any:
    """The value's binary form by the server's own send function, for types that pass through; else the value."""
    if value is None or kind not in PASSED_THROUGH:
        return value
    if isinstance(value, list):
        return [await _encode_value(connection, kind, item) for item in value]
    return await connection.fetchval(f"SELECT pg_catalog.{kind}_send($1)", value)


def number_places(names: Sequence[str], statement: Any) -> list[tuple[int, bool]]:
    """(index of the argument, whether it is text) for each place of the operation's number."""
    places = []
    for index, (name, kind) in enumerate(zip(names, statement.get_parameters(), strict=True)):
        if name != OPERATION:
            continue
        if kind.name not in {"int2", "int4", "int8", "text", "varchar"}:
            raise MeasureError(f"the parameter :{OPERATION} is used as {kind.name}", f"write :{OPERATION}::bigint")
        places.append((index, kind.name in {"text", "varchar"}))
    return places


def numbered(arguments: Sequence[Any], places: Sequence[tuple[int, bool]], number: int) -> list[Any]:
    """A copy of the arguments with the operation's number at its places."""
    filled = list(arguments)
    for index, is_text in places:
        filled[index] = str(number) if is_text else number
    return filled
