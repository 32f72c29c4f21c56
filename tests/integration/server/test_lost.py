"""A server that has said that it ends, but whose connection is still open, is a lost connection like any other."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from harness.server import Server, connect
from harness.server.address import Address
from harness.server.faults import CLIENT_FAULTS, ConnectionLostError, as_harness_error


def test_a_request_after_the_servers_last_words_is_a_lost_connection(server: Server, tmp_path: Path) -> None:
    """Its end of the connection is held open here: over TLS or a network the words may come well before the end."""
    kept: list[asyncio.StreamWriter] = []

    async def ask() -> Exception:
        direct = await connect(server.address)
        folder, port = await direct.fetchval("SHOW unix_socket_directories"), await direct.fetchval("SHOW port")
        ended = asyncio.Event()

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            from_server, to_server = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{port}")
            kept.extend((writer, to_server))

            async def send() -> None:
                while data := await reader.read(65536):
                    to_server.write(data)

            sending = asyncio.create_task(send())
            while data := await from_server.read(65536):
                writer.write(data)
                await writer.drain()
            ended.set()
            await sending

        (passfile,) = parse_qs(urlsplit(server.address.dsn).query)["passfile"]
        near = Address.of_socket(tmp_path, 5432, "postgres", Path(passfile))
        relaying = await asyncio.start_unix_server(relay, str(tmp_path / ".s.PGSQL.5432"))
        connection = await connect(near)
        await direct.fetchval("SELECT pg_terminate_backend($1)", connection.get_server_pid())
        await ended.wait()
        for _ in range(20):  # the words lie in the socket; the client's loop reads them
            await asyncio.sleep(0)
        try:
            await connection.fetchval("SELECT 1", timeout=20)
        except CLIENT_FAULTS as error:
            return error
        finally:
            connection.terminate()
            await direct.close()
            for writer in kept:
                writer.close()
            relaying.close()
        raise AssertionError("the server has ended")

    error = asyncio.run(ask())
    assert isinstance(error, asyncpg.InternalClientError)
    assert isinstance(as_harness_error(error, "comparing"), ConnectionLostError)
