"""SQL files applied: timed, with locks, in transactions as they say, and with errors that name the place."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError, MigrationError
from harness.result import MigrationStep
from harness.scenario import SqlFile
from harness.server import Server, connect
from harness.server.apply import ApplyError, apply_files


def sql(text: str, name: str = "change.sql") -> SqlFile:
    return SqlFile(path=Path("/migrations") / name, text=text)


def apply(server: Server, database: str, *files: SqlFile) -> tuple[MigrationStep, ...]:
    async def go() -> tuple[MigrationStep, ...]:
        connection = await connect(server.address, database)
        try:
            return await apply_files(connection, files)
        finally:
            await connection.close()

    return asyncio.run(go())


def failure(server: Server, database: str, *files: SqlFile) -> HarnessError:
    with pytest.raises(HarnessError) as caught:
        apply(server, database, *files)
    return caught.value


def fetch(server: Server, database: str, query: str) -> Any:
    async def go() -> Any:
        connection = await connect(server.address, database)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(go())


def test_each_statement_is_a_step_with_its_line_time_and_locks(server: Server, database: str) -> None:
    steps = apply(
        server,
        database,
        sql("CREATE TABLE t (id int);\n\n-- slow\nSELECT pg_sleep(0.05);\nALTER TABLE t\n  ADD x text;\n"),
    )
    assert [(step.file, step.line, step.statement.split()[0]) for step in steps] == [
        ("change.sql", 1, "CREATE"),
        ("change.sql", 4, "SELECT"),
        ("change.sql", 5, "ALTER"),
    ]
    assert steps[1].seconds >= 0.05 > steps[2].seconds
    assert all(step.in_transaction for step in steps)
    assert ("public.t", "AccessExclusiveLock") in {(lock.relation, lock.mode) for lock in steps[2].locks}
    assert not any(lock.relation.startswith("pg_") for step in steps for lock in step.locks)


def test_a_file_is_one_transaction(server: Server, database: str) -> None:
    error = failure(server, database, sql("CREATE TABLE t (id int);\nSELECT 1/0;"))
    assert isinstance(error, ApplyError)
    assert [step.error for step in error.steps] == [None, "division by zero"]
    assert fetch(server, database, "SELECT to_regclass('t')") is None


def test_an_earlier_file_stays_where_a_later_one_fails(server: Server, database: str) -> None:
    error = failure(server, database, sql("CREATE TABLE t (id int);", "1.sql"), sql("SELECT 1/0;", "2.sql"))
    assert isinstance(error, ApplyError)
    assert [step.file for step in error.steps] == ["1.sql", "2.sql"]
    assert fetch(server, database, "SELECT to_regclass('t')::text") == "t"


def test_an_error_names_file_line_words_and_hint(server: Server, database: str) -> None:
    error = failure(server, database, sql("CREATE TABLE t (name text);\n-- Größe\nSELECT 'Größe',\n  nane\nFROM t;\n"))
    assert isinstance(error, MigrationError)
    assert error.message.startswith('/migrations/change.sql, line 4: column "nane" does not exist HINT:')
    assert "SELECT 'Größe', nane FROM t" in error.message
    assert error.next_step
    assert "\n" not in str(error)


def test_an_error_within_a_function_names_the_statement_that_called_it(server: Server, database: str) -> None:
    text = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1/0;\nEND $$;\nSELECT\n  f();"
    assert "line 5: division by zero" in str(failure(server, database, sql(text)))


def test_a_deferred_constraint_that_fails_at_commit_is_told(server: Server, database: str) -> None:
    text = (
        "CREATE TABLE a (id int PRIMARY KEY);\n"
        "CREATE TABLE b (id int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO b VALUES (1);"
    )
    assert "line 3: at the file's COMMIT, insert or update on table" in str(failure(server, database, sql(text)))
    assert fetch(server, database, "SELECT to_regclass('b')") is None


def test_statements_that_must_run_alone_do(server: Server, database: str) -> None:
    text = "CREATE TABLE t (id int);\nCREATE INDEX CONCURRENTLY i ON t (id);\nALTER TABLE t ADD x int;\nVACUUM t;"
    steps = apply(server, database, sql(text))
    assert [step.in_transaction for step in steps] == [False] * 4
    assert steps[1].locks == ()
    assert ("public.t", "AccessExclusiveLock") in {(lock.relation, lock.mode) for lock in steps[2].locks}
    assert fetch(server, database, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") is True


def test_a_files_own_transaction_is_its_own(server: Server, database: str) -> None:
    text = "CREATE TABLE a ();\nBEGIN;\nCREATE TABLE b ();\nCOMMIT;\nBEGIN;\nCREATE TABLE c ();\nROLLBACK;"
    steps = apply(server, database, sql(text))
    assert [step.in_transaction for step in steps] == [False, False, True, True, False, True, True]
    assert {lock.relation for lock in steps[2].locks} == {"public.b"}
    tables = "SELECT string_agg(relname, '' ORDER BY relname) FROM pg_class WHERE relname IN ('a', 'b', 'c')"
    assert fetch(server, database, tables) == "ab"


def test_a_file_that_never_commits_is_told(server: Server, database: str) -> None:
    error = failure(server, database, sql("BEGIN;\nCREATE TABLE a ();"))
    assert "ends within a transaction" in str(error)
    assert fetch(server, database, "SELECT to_regclass('a')") is None


def test_what_one_file_sets_does_not_reach_the_next(server: Server, database: str) -> None:
    first = sql("CREATE SCHEMA other; SET search_path = other; CREATE TEMP TABLE scratch (); SET ROLE pg_monitor;")
    apply(server, database, first, sql("CREATE TABLE t (); CREATE TABLE scratch ();"))
    assert fetch(server, database, "SELECT to_regclass('public.t')::text") == "t"
    assert fetch(server, database, "SELECT to_regclass('public.scratch')::text") == "scratch"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT 1;\n\\i other.sql\n", "line 2: '\\\\i other.sql' is a command of psql"),
        ("SELECT 1;\nCOPY t FROM stdin;\n1\tx\n\\.\n", "line 2: COPY ... FROM stdin"),
        ("SELECT 1;\nCOPY t (id) FROM STDIN WITH (FORMAT csv);", "line 2: COPY ... FROM stdin"),
        ("SELECT 1;\nCREATE TABEL t ();", "line 2: syntax error"),
    ],
)
def test_what_cannot_be_run_is_told_before_anything_ran(server: Server, database: str, text: str, words: str) -> None:
    error = failure(server, database, sql("CREATE TABLE before_it ();", "1.sql"), sql(text, "2.sql"))
    assert isinstance(error, MigrationError)
    assert words in str(error)
    assert fetch(server, database, "SELECT to_regclass('before_it')") is None


def test_an_enum_value_used_too_early_is_explained(server: Server, database: str) -> None:
    apply(server, database, sql("CREATE TYPE mood AS ENUM ('fine');"))
    text = "ALTER TYPE mood ADD VALUE 'bad';\nSELECT 'bad'::mood;"
    assert "give ALTER TYPE a file of its own" in str(failure(server, database, sql(text)))


def test_a_lost_connection_is_no_fault_of_the_statement(server: Server, database: str) -> None:
    error = failure(server, database, sql("SELECT pg_terminate_backend(pg_backend_pid());"))
    assert not isinstance(error, MigrationError)
    assert "connection to the server was lost" in str(error)


def test_an_empty_file_is_no_error(server: Server, database: str) -> None:
    assert apply(server, database, sql("-- nothing\n")) == ()
