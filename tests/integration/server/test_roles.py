"""Roles and other things of the whole server: made only where that is allowed, missed before anything is done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import MigrationError
from harness.progress import Silent
from harness.scenario import SqlFile
from harness.server import Databases, Server, connect
from harness.server.access import check_access
from harness.server.roles import RoleReport, drop_made_roles, existing_roles, prepare_roles

ROLES = "DO $$ BEGIN IF to_regrole('tester') IS NULL THEN CREATE ROLE tester NOLOGIN; END IF; END $$;"


def sql(text: str, name: str = "change.sql") -> SqlFile:
    return SqlFile(path=Path("/migrations") / name, text=text)


@pytest.fixture
def given(server: Server) -> Iterator[Server]:
    """The session's server as if it were the user's; a role made here goes afterwards."""
    yield replace(server, kind="given", home=None, allow_roles=False)

    async def drop() -> None:
        connection = await connect(server.address)
        await connection.execute("DROP ROLE IF EXISTS tester")
        await connection.close()

    asyncio.run(drop())


def prepare(server: Server) -> RoleReport:
    return asyncio.run(prepare_roles(server, [sql(ROLES)], ["tester", "postgres"], Silent()))


def test_no_role_is_made_on_a_given_server_unless_allowed(given: Server) -> None:
    assert prepare(given) == RoleReport(made=False, existing=("postgres",), missing=("tester",))
    assert asyncio.run(existing_roles(given, ["tester"])) == ()
    allowed = replace(given, allow_roles=True)
    assert prepare(allowed) == RoleReport(made=True, existing=("postgres", "tester"), missing=())
    assert prepare(allowed).made


def test_a_role_that_the_server_lacks_is_told_before_anything_is_done(given: Server) -> None:
    files = [sql("CREATE TABLE t ();", "1.sql"), sql("GRANT SELECT ON t TO tester, postgres;", "2.sql")]
    with pytest.raises(MigrationError, match=r"2\.sql: the server has no role tester — .*--allow-roles"):
        asyncio.run(check_access(given, files))
    prepare(replace(given, allow_roles=True))
    asyncio.run(check_access(given, files))


def test_a_role_that_the_files_create_themselves_is_not_missed(server: Server) -> None:
    files = [sql("CREATE ROLE own;", "1.sql"), sql("GRANT own TO postgres; ALTER TABLE t OWNER TO own;", "2.sql")]
    asyncio.run(check_access(server, files))


@pytest.mark.parametrize(
    "text",
    [
        "CREATE ROLE x",
        "ALTER ROLE postgres SET work_mem = '1GB'",
        "GRANT pg_monitor TO postgres",
        "DROP ROLE IF EXISTS x",
        "ALTER SYSTEM SET fsync = off",
        "CREATE DATABASE other",
        "ALTER DATABASE postgres SET work_mem = '1GB'",
        "DO $$ BEGIN CREATE ROLE x; END $$",
    ],
)
def test_what_changes_a_given_server_is_refused(given: Server, text: str) -> None:
    with pytest.raises(MigrationError, match=r"change\.sql, line 2: .* changes the server itself"):
        asyncio.run(check_access(given, [sql(f"CREATE TABLE t ();\n{text};")]))


@pytest.mark.parametrize(
    "text",
    [
        "GRANT SELECT ON t TO postgres",
        "CREATE POLICY p ON t TO postgres USING (true)",
        "ALTER TABLE t OWNER TO postgres",
        "DO $$ BEGIN PERFORM 1; END $$",
        "COMMENT ON TABLE t IS 'create role x'",
    ],
)
def test_what_changes_only_the_database_is_not(given: Server, text: str) -> None:
    asyncio.run(check_access(given, [sql(text)]))


def run(server: Server, *statements: str, database: str | None = None) -> None:
    async def go() -> None:
        connection = await connect(server.address, database)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(go())


def test_roles_that_a_run_made_go_with_the_last_database_and_no_others(given: Server, databases: Databases) -> None:
    run(given, "CREATE ROLE mine")
    prepare(replace(given, allow_roles=True))
    asyncio.run(databases.create("last"))
    try:
        assert asyncio.run(drop_made_roles(given.address)) == (), "a run that is at work may need them"
    finally:
        asyncio.run(databases.drop("last"))
    try:
        assert asyncio.run(drop_made_roles(given.address)) == ("tester",)
        assert asyncio.run(existing_roles(given, ["tester", "mine"])) == ("mine",)
    finally:
        run(given, "DROP ROLE mine")


def test_a_role_that_something_has_come_to_depend_on_stays(given: Server) -> None:
    prepare(replace(given, allow_roles=True))
    run(given, "CREATE TABLE theirs ()", "GRANT SELECT ON theirs TO tester")
    try:
        assert asyncio.run(drop_made_roles(given.address)) == ()
        assert asyncio.run(existing_roles(given, ["tester"])) == ("tester",)
    finally:
        run(given, "DROP TABLE theirs")
