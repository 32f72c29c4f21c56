"""Requests as a worker sends them: values of every kind reach the server as they are, errors come back as errors."""

from __future__ import annotations

import asyncio
import datetime as dt
import decimal
import ssl
import subprocess
import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.measure.clients import started
from harness.measure.orders import ArmWork, Work
from harness.measure.session import Operation, Session
from harness.measure.wire import AnswerError
from harness.server import Address, Server

DAY = dt.date(2024, 2, 29)
NOON = dt.datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=dt.UTC)
VALUES: tuple[tuple[str, Any, str], ...] = (
    ("bool", True, "true"),
    ("int2", -7, "-7"),
    ("int4", 2**31 - 1, "2147483647"),
    ("int8", -(2**63), "-9223372036854775808"),
    ("float4", 1.5, "1.5"),
    ("float8", -0.1, "-0.1"),
    ("numeric", decimal.Decimal("1234567.890"), "1234567.890"),
    ("text", "naïve 😀", "naïve 😀"),
    ("varchar", "", ""),
    ('pg_catalog."char"', b"x", "x"),
    ("bytea", b"\x00\xff", "\\x00ff"),
    ("uuid", uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    ("date", DAY, "2024-02-29"),
    ("timestamptz", NOON, "2024-02-29 12:00:00.123456+00"),
    ("timestamp", NOON.replace(tzinfo=None), "2024-02-29 12:00:00.123456"),
    ("interval", dt.timedelta(days=3, seconds=4), "3 days 00:00:04"),
    ("inet", "10.0.0.1/8", "10.0.0.1/8"),
    ("json", '{"a":  1}', '{"a":  1}'),
    ("jsonb", '{"a": 1}', '{"a": 1}'),
    ("mood", "good", "good"),
    ("mood[]", ["good", None, "bad"], "{good,NULL,bad}"),
    ("uuid[]", [uuid.UUID(int=1)], "{00000000-0000-0000-0000-000000000001}"),
    ("timestamptz[]", [NOON], '{"2024-02-29 12:00:00.123456+00"}'),
    ("text[]", ['a"b', "c,d"], '{"a\\"b","c,d"}'),
    ("aclitem", "postgres=r/postgres", "postgres=r/postgres"),
)


async def on_session(address: Address, database: str, work: Work, act: Callable[[Session, Any], Awaitable[Any]]) -> Any:
    """What `act` gives of a client's session and its one operation."""
    session = await Session.open(address, ArmWork("before", database, (work,)), ())
    try:
        return await act(session, session.operations[0])
    finally:
        for connection in session.connections:
            await connection.close()


async def first_run(_: Session, operation: Operation) -> int:
    return await started(operation.run(0, 17))


def rows_of(
    server: Server, database: str, sql: str | Sequence[str], names: Sequence[str], values: dict[str, Any]
) -> Any:
    statements = tuple((text, tuple(names)) for text in ([sql] if isinstance(sql, str) else sql))
    return asyncio.run(on_session(server.address, database, Work("q", True, statements, (values,)), first_run))


@pytest.mark.parametrize(("kind", "value", "literal"), VALUES, ids=[kind for kind, _, _ in VALUES])
def test_a_value_of_every_kind_arrives_as_it_is(
    arms: dict[str, str], server: Server, kind: str, value: Any, literal: str
) -> None:
    quoted = literal.replace("'", "''")
    sql = (
        f"SELECT 1 FROM generate_series(1, 3) WHERE $1::{kind}::text = '{quoted}'::{kind}::text AND $2::{kind} IS NULL"
    )
    assert rows_of(server, arms["before"], sql, ("value", "none"), {"value": value, "none": None}) == 3
    assert rows_of(server, arms["before"], sql, ("value", "none"), {"value": value, "none": value}) == 0


@pytest.mark.parametrize("kind", ["int2", "int4", "int8", "text", "varchar"])
def test_the_operations_number_takes_its_place(arms: dict[str, str], server: Server, kind: str) -> None:
    sql = f"SELECT 1 FROM item WHERE $2::{kind} = '17'::{kind} AND id <= $1::int"
    assert rows_of(server, arms["before"], sql, ("id", "op"), {"id": 4}) == 4


def test_several_statements_are_one_transaction(arms: dict[str, str], server: Server) -> None:
    statements = (
        "UPDATE item SET note = 'x' WHERE id <= $1::int + 2",
        "SELECT 12 / ($1::int - 5) FROM item WHERE note = 'x'",
    )
    work = Work("q", False, tuple((sql, ("id",)) for sql in statements), ({"id": 5}, {"id": 3}))

    async def act(session: Session, operation: Operation) -> tuple[int, bool]:
        with pytest.raises(AnswerError, match="division by zero"):
            await started(operation.run(0, 0))
        return await started(operation.run(1, 0)), session.connections[0].is_in_transaction()

    rows, is_open = asyncio.run(on_session(server.address, arms["before"], work, act))
    assert rows == 5 + 5  # the seven that the failed one had updated are not among the second statement's
    assert not is_open
    counted = "SELECT 1 FROM item WHERE note = 'x' AND id > $1::int"
    assert rows_of(server, arms["before"], counted, ("id",), {"id": 0}) == 5


def test_a_connection_goes_on_after_an_error(arms: dict[str, str], server: Server) -> None:
    statement = "SELECT 12 / (id - 5) FROM item WHERE id BETWEEN $1::int AND 9"
    work = Work("q", True, ((statement, ("id",)),), ({"id": 1}, {"id": 6}))

    async def act(session: Session, operation: Operation) -> tuple[str, int, bool]:
        with pytest.raises(AnswerError) as found:
            await started(operation.run(0, 0))
        rows = await started(operation.run(1, 0))
        return found.value.sqlstate, rows, session.is_broken

    assert asyncio.run(on_session(server.address, arms["before"], work, act)) == ("22012", 4, False)


def test_a_session_that_is_ended_says_why(arms: dict[str, str], server: Server) -> None:
    work = Work("q", True, (("SELECT pg_sleep($1::float)", ("s",)),), ({"s": 30.0},))

    async def act(session: Session, operation: Operation) -> tuple[str, bool]:
        running = started(operation.run(0, 0))
        other = await Session.open(
            server.address,
            ArmWork("a", arms["after"], (Work("end", True, (("SELECT pg_terminate_backend($1::int)", ("pid",)),),
                                              ({"pid": session.backends[0]},)),)),
            (),
        )  # fmt: skip
        await started(other.operations[0].run(0, 0))  # type: ignore[union-attr]
        await other.connections[0].close()
        with pytest.raises(AnswerError) as found:
            await running
        return found.value.sqlstate, session.is_broken

    assert asyncio.run(on_session(server.address, arms["before"], work, act)) == ("57P01", True)


class EncryptedDoor:
    """Takes encrypted connections on the loopback and hands them on to the server's socket."""

    def __init__(self, address: Address, folder: Path) -> None:
        query = dict(part.split("=", 1) for part in urlsplit(address.dsn).query.split("&"))
        self._socket = f"{query['host']}/.s.PGSQL.{query['port']}"
        self.passfile = query["passfile"]
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(command, check=True, capture_output=True)
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificate, key)
        self.bytes = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # SSLRequest
        writer.write(b"S")
        await writer.start_tls(self._context)
        inner_reader, inner_writer = await asyncio.open_unix_connection(self._socket)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                self.bytes += len(data)
                sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer), return_exceptions=True)


def test_an_encrypted_connection_is_used_alike(arms: dict[str, str], server: Server, tmp_path: Path) -> None:
    door = EncryptedDoor(server.address, tmp_path)
    work = Work("q", True, (("SELECT * FROM item WHERE id <= $1::int", ("id",)),), ({"id": 15_000},))

    async def run() -> Any:
        listener = await asyncio.start_server(door, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        address = Address(f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=require&passfile={door.passfile}")
        async with listener:
            return await on_session(address, arms["before"], work, first_run)

    assert asyncio.run(run()) == 15_000
    assert door.bytes > 1_000_000
