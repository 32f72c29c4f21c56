"""A server of the user's: refused with a reason where it cannot serve, otherwise left as it is."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import HarnessError, ServerError, UsageError
from harness.progress import Silent
from harness.server import Databases, Journal, Server, ServerOptions, connect, open_server
from harness.server.given import open_given
from harness.server.home import Home
from tests.integration.server.outside import wait_until


def execute(server: Server, *statements: str) -> None:
    async def go() -> None:
        connection = await connect(server.address)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(go())


def dsn_for(server: Server, role: str, password: str, database: str = "postgres") -> str:
    assert server.home is not None
    return f"postgresql://{role}:{password}@/{database}?host={Home(server.home).server}&port=5432"


@pytest.fixture
def role(server: Server) -> Iterator[str]:
    """A role with no right but to log in, and the URL of the session's server for it."""
    execute(server, "CREATE ROLE weak LOGIN PASSWORD 'secret'")
    yield dsn_for(server, "weak", "secret")
    execute(server, "DROP OWNED BY weak", "DROP ROLE weak")


def refusal(dsn: str) -> HarnessError:
    with pytest.raises(HarnessError) as caught:
        asyncio.run(open_given(dsn, allow_roles=False))
    assert "\n" not in str(caught.value)
    assert caught.value.next_step
    return caught.value


def test_a_superusers_server_lacks_nothing(server: Server) -> None:
    given = asyncio.run(open_given(server.address.dsn, allow_roles=False))
    assert given.kind == "given"
    assert given.version_num == server.version_num
    assert given.degraded == ()
    assert not given.allow_roles
    assert given.home is None


def test_a_role_that_may_not_create_databases_is_told_before_anything_is_done(role: str) -> None:
    error = refusal(role)
    assert isinstance(error, ServerError)
    assert "the role weak may not create databases" in str(error)
    assert 'ALTER ROLE "weak" CREATEDB' in str(error)
    assert "secret" not in str(error)


def test_missing_rights_are_listed(server: Server, role: str) -> None:
    execute(server, "ALTER ROLE weak CREATEDB")
    given = asyncio.run(open_given(role, allow_roles=False))
    text = " ".join(given.degraded)
    for word in ("superuser", "CHECKPOINT", "BYPASSRLS", "pg_stat_statements", "pgstattuple", "pg_prewarm"):
        assert word in text
    execute(server, "GRANT pg_checkpoint TO weak", "ALTER ROLE weak BYPASSRLS")
    text = " ".join(asyncio.run(open_given(role, allow_roles=False)).degraded)
    assert "CHECKPOINT" not in text
    assert "BYPASSRLS" not in text


def test_a_plain_role_makes_clones_and_drops_its_databases(server: Server, role: str, tmp_path: Path) -> None:
    execute(server, "ALTER ROLE weak CREATEDB")

    async def go() -> None:
        journal = Journal.begin(tmp_path)
        async with open_server(ServerOptions(dsn=role), journal, Silent()) as given:
            databases = Databases(given, journal)
            await databases.create("template")
            idle = await databases.connect("template")
            await databases.create("before", template="template")
            await databases.drop_all()
            idle.terminate()
        journal.end(kept=False)

    asyncio.run(go())
    assert "secret" not in (tmp_path / "journal.jsonl").read_text()


def test_nobody_at_the_address_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = refusal(f"postgresql://u:secret@127.0.0.1:{port}/d")
    assert f"no server answers at 127.0.0.1:{port}" in str(error)
    assert "secret" not in str(error)


def test_an_unknown_host_is_told() -> None:
    assert "no server answers at no.such.host.invalid" in str(refusal("postgresql://u@no.such.host.invalid/d"))


@pytest.mark.parametrize(
    "dsn", ["", "localhost", "mysql://localhost/x", "postgresql://u@h:port/x", "host=localhost dbname=x"]
)
def test_what_is_no_url_is_a_wrong_option(dsn: str) -> None:
    assert isinstance(refusal(dsn), UsageError)


def test_a_wrong_password_is_told(server: Server, role: str) -> None:
    assert "refuses the login" in str(refusal(role.replace("secret", "guess")))


def test_a_database_that_is_not_there_is_told(server: Server, role: str) -> None:
    assert "no database 'nowhere'" in str(refusal(role.replace("/postgres?", "/nowhere?")))


def test_a_role_that_only_reads_is_refused(server: Server, role: str) -> None:
    execute(server, "ALTER ROLE weak SET default_transaction_read_only = on")
    assert "read-only" in str(refusal(role))


def test_a_database_named_like_ours_without_our_mark_is_refused(server: Server) -> None:
    execute(server, "CREATE DATABASE bench_mine")
    try:
        error = refusal(server.address.url("bench_mine"))
    finally:
        execute(server, "DROP DATABASE bench_mine")
    assert isinstance(error, UsageError)
    assert "bench_mine" in str(error)


def test_a_database_of_ours_is_no_stranger(server: Server, database: str) -> None:
    assert asyncio.run(open_given(server.address.url(database), allow_roles=False)).kind == "given"


@pytest.fixture
def pooler(server: Server) -> Iterator[str]:
    """The port of a pgbouncer before the session's server; its mode is that of the database's name."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("the system has no pgbouncer")
    assert server.home is not None
    home = Home(server.home)
    folder = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="p-"))
    secret = home.passfile.read_text().strip().rpartition(":")[2]
    (folder / "users").write_text(f'"postgres" "{secret}"\n')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    target = f"host={home.server} port=5432 dbname=postgres user=postgres"
    (folder / "ini").write_text(
        f"[databases]\ntransaction = {target} pool_mode=transaction\nsession = {target} pool_mode=session\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
        f"auth_file = {folder / 'users'}\nignore_startup_parameters = statement_timeout,lock_timeout,"
        "idle_in_transaction_session_timeout,extra_float_digits\n"
    )
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
    process = subprocess.Popen([program, "-q", str(folder / "ini")], user=user, group=user, stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: _answers(port))
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_transaction_pooler_is_refused(pooler: str) -> None:
    assert "is a transaction pooler" in str(refusal(f"{pooler}/transaction"))


def test_a_session_pooler_is_not(pooler: str) -> None:
    assert asyncio.run(open_given(f"{pooler}/session", allow_roles=False)).kind == "given"
