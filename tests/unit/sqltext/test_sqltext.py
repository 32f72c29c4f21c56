"""SQL text: split, bind and classified as PostgreSQL reads it."""

import pytest

from harness import sqltext
from harness.errors import MigrationError


def test_statements_are_split_with_the_line_of_their_first_word() -> None:
    text = "-- é\nSELECT 1;\n\n/* two\nlines */ SELECT 'a;b'; ;\nDO $$ BEGIN PERFORM 1; END $$"
    assert [(item.text, item.line) for item in sqltext.split(text, "f.sql")] == [
        ("SELECT 1", 2),
        ("SELECT 'a;b'", 5),
        ("DO $$ BEGIN PERFORM 1; END $$", 6),
    ]


def test_an_empty_file_has_no_statements() -> None:
    assert sqltext.split("-- nothing\n", "f.sql") == ()


def test_a_syntax_error_names_file_and_line() -> None:
    with pytest.raises(MigrationError, match=r"f\.sql, line 3: syntax error at or near \"SELEC\""):
        sqltext.split("-- ö\nSELECT 1;\nSELEC 2;", "f.sql")


def test_a_backslash_command_is_named_as_such() -> None:
    with pytest.raises(MigrationError, match=r"line 2.*is a command of psql"):
        sqltext.split("SELECT 1;\n\\i other.sql\n", "f.sql")


def test_named_parameters_are_numbered_once_each_and_only_where_they_are_parameters() -> None:
    sql = "SELECT ':a', é::text, :status, x[1: 2] -- :c\nFROM t WHERE a = :id AND b = :status AND \":z\" = e'\\':q'"
    bound, names = sqltext.bind_named(sql)
    assert names == ("status", "id")
    assert bound == ("SELECT ':a', é::text, $1, x[1: 2] -- :c\nFROM t WHERE a = $2 AND b = $1 AND \":z\" = e'\\':q'")


def test_parameters_of_a_part_are_numbered_anew() -> None:
    assert sqltext.renumber("UPDATE é SET a = $3, b = '$9' WHERE c = $1 OR a = $3") == (
        "UPDATE é SET a = $1, b = '$9' WHERE c = $2 OR a = $1",
        (3, 1),
    )


@pytest.mark.parametrize(
    ("statement", "alone"),
    [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", True),
        ("CREATE INDEX i ON t (a)", False),
        ("DROP INDEX CONCURRENTLY i", True),
        ("DROP INDEX i", False),
        ("VACUUM t", True),
        ("ANALYZE t", False),
        ("REINDEX TABLE t", False),
        ("REINDEX TABLE CONCURRENTLY t", True),
        ("REINDEX SCHEMA s", True),
        ("CREATE DATABASE d", True),
        ("ALTER SYSTEM SET work_mem = '1MB'", True),
        ("ALTER TABLE p DETACH PARTITION c CONCURRENTLY", True),
        ("ALTER TABLE p DETACH PARTITION c", False),
        ("ALTER TABLE p DROP COLUMN c", False),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY m", False),
    ],
)
def test_statements_that_refuse_a_transaction_are_known(statement: str, alone: bool) -> None:
    assert sqltext.must_run_alone(statement) is alone


def test_transaction_control_and_client_copy_are_known() -> None:
    assert sqltext.is_transaction_control("BEGIN")
    assert not sqltext.is_transaction_control("SELECT 1")
    assert sqltext.is_copy_from_client("COPY t FROM STDIN")
    assert not sqltext.is_copy_from_client("COPY t FROM '/a/file'")
    assert not sqltext.is_copy_from_client("COPY t TO STDOUT")


def test_roles_are_found_wherever_they_are_named_but_not_the_created_ones() -> None:
    text = """
    CREATE ROLE mine; GRANT SELECT ON t TO anon, mine; CREATE POLICY p ON t TO authenticated USING (true);
    ALTER TABLE t OWNER TO boss; SET ROLE clerk; GRANT SELECT ON t TO PUBLIC, CURRENT_USER;
    ALTER DEFAULT PRIVILEGES FOR ROLE maker GRANT SELECT ON TABLES TO reader;
    """
    assert sqltext.roles_named(text) == {"anon", "authenticated", "boss", "clerk", "maker", "reader"}


def test_identifiers_and_literals_are_quoted_so_that_nothing_escapes() -> None:
    assert sqltext.quote_qualified("public", 'od"d') == '"public"."od""d"'
    assert sqltext.quote_literal("O'Hara") == "'O''Hara'"
    assert sqltext.quote_literal("a\\'b") == "E'a\\\\''b'"
