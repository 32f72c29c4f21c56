"""Requests made beforehand: every parameter set's values as bytes, so that no timed run has to encode them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import MeasureError
from harness.measure.messages import Parameter, execution
from harness.measure.orders import Work
from harness.scenario.paths import catalogue_sql

OPERATION = "op"

_NUMBERS = {"int2": struct.Struct("!h"), "int4": struct.Struct("!i"), "int8": struct.Struct("!q")}
_TEXTS = frozenset({"text", "varchar"})


@dataclass(frozen=True)
class Requests:
    """What is sent for one prepared statement: one request per parameter set, or made anew for each operation.

    `places` are those of the operation's number among the parameters, with its type; where there is none, `ready`
    holds the whole requests.
    """

    statement: str
    sets: tuple[tuple[Parameter, ...], ...]
    binary_results: tuple[bool, ...]
    places: tuple[tuple[int, str], ...]
    ready: tuple[bytes, ...]

    def of(self, chosen: int, number: int) -> bytes:
        """The request with the parameter set `chosen` as operation `number`."""
        if self.ready:
            return self.ready[chosen]
        filled = list(self.sets[chosen])
        for index, kind in self.places:
            filled[index] = _number(kind, number)
        return execution(self.statement, filled, self.binary_results)


async def requests_of(connection: Any, work: Work, statements: Sequence[Any]) -> list[Requests]:
    """For each of the query's prepared statements its requests."""
    return [
        await _requests(connection, names, statement, work.sets)
        for (_, names), statement in zip(work.statements, statements, strict=True)
    ]


async def _requests(
    connection: Any, names: Sequence[str], statement: Any, sets: Sequence[Mapping[str, Any]]
) -> Requests:
    wanted = statement.get_parameters()
    results = [attribute.type.oid for attribute in statement.get_attributes()]
    rows = await connection.fetch(catalogue_sql("measure", "wire_types"), [*results, *(kind.oid for kind in wanted)])
    types = {row["oid"]: row for row in rows}
    places = _number_places(names, wanted)
    encoded = tuple([await _encoded(connection, names, wanted, types, values) for values in sets])
    binary_results = tuple(bool(types[oid]["send"]) for oid in results)
    ready = () if places else tuple(execution(statement.get_name(), values, binary_results) for values in encoded)
    return Requests(statement.get_name(), encoded, binary_results, places, ready)


async def _encoded(
    connection: Any,
    names: Sequence[str],
    wanted: Sequence[Any],
    types: Mapping[int, Any],
    values: Mapping[str, Any],
) -> tuple[Parameter, ...]:
    """The values in binary form by the server's own send functions; as text where a type has none."""
    chosen = [index for index, name in enumerate(names) if name != OPERATION and values[name] is not None]
    if not chosen:
        return (None,) * len(names)
    forms = [_form(types[wanted[index].oid], place) for place, index in enumerate(chosen, 1)]
    query = f"SELECT {', '.join(sql for sql, _ in forms)}"
    row = await connection.fetchrow(query, *(values[names[index]] for index in chosen))
    found: dict[int, Parameter] = {
        index: (bytes(value) if is_binary else value.encode(), is_binary)
        for index, value, (_, is_binary) in zip(chosen, row, forms, strict=True)
    }
    return tuple(found.get(index) for index in range(len(names)))


def _form(kind: Any, place: int) -> tuple[str, bool]:
    """The expression that gives a parameter's bytes, and whether they are its binary form."""
    value = f"${place}::{kind['name']}"
    is_binary = bool(kind["send"]) and kind["is_receivable"]
    return (f"{kind['send']}({value})", True) if is_binary else (f"({value})::pg_catalog.text", False)


def _number_places(names: Sequence[str], wanted: Sequence[Any]) -> tuple[tuple[int, str], ...]:
    """(index of the parameter, its type) for each place of the operation's number."""
    places = []
    for index, (name, kind) in enumerate(zip(names, wanted, strict=True)):
        if name != OPERATION:
            continue
        if kind.name not in _NUMBERS and kind.name not in _TEXTS:
            raise MeasureError(f"the parameter :{OPERATION} is used as {kind.name}", f"write :{OPERATION}::bigint")
        places.append((index, kind.name))
    return tuple(places)


def _number(kind: str, number: int) -> Parameter:
    return (str(number).encode(), False) if kind in _TEXTS else (_NUMBERS[kind].pack(number), True)
