"""An address connects, travels, and keeps its password to itself."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from harness.server.address import Address

GIVEN = Address("postgresql://me:p%40ss@db.example:5433/app?sslmode=require")
EMBEDDED = Address.of_socket(Path("/var/tmp/a b/server"), 5432, "postgres", Path("/var/tmp/a b/pgpass"))


def test_a_url_to_print_holds_everything_but_the_password() -> None:
    assert GIVEN.url("bench_1_after") == "postgresql://me@db.example:5433/bench_1_after?sslmode=require"
    assert Address("postgresql://h/d?user=u&password=secret").url() == "postgresql://h/d?user=u"


def test_no_representation_shows_the_password() -> None:
    assert "p%40ss" not in repr(GIVEN) + str(GIVEN) + GIVEN.place


def test_the_password_goes_to_other_programs_by_their_environment() -> None:
    assert GIVEN.environment() == {"PGPASSWORD": "p@ss"}
    assert Address("postgresql://h/d?password=a%20b").environment() == {"PGPASSWORD": "a b"}
    assert EMBEDDED.environment() == {}


def test_a_socket_address_is_a_url_that_psql_reads() -> None:
    expected = "postgresql://postgres@/x?host=/var/tmp/a%20b/server&port=5432&passfile=/var/tmp/a%20b/pgpass"
    assert EMBEDDED.url("x") == expected


@pytest.mark.parametrize(
    ("dsn", "access"),
    [
        ("postgresql://me:secret@h:5433/a?sslmode=require", {"user": "me", "port": "5433", "sslmode": "require"}),
        (
            "postgres://h:5433/b?user=me&password=x&sslmode=require&dbname=c",
            {"user": "me", "port": "5433", "sslmode": "require"},
        ),
        ("postgresql://me@h/a", {"user": "me", "port": "5432"}),
        ("postgresql://h:/a?options=-cwork_mem%3D1MB", {"port": "5432", "options": "-cwork_mem=1MB"}),
    ],
)
def test_how_a_database_is_reached_is_told_apart_from_which(dsn: str, access: dict[str, str]) -> None:
    assert Address(dsn).access == {"host": "h", **access}


def test_the_access_of_a_socket_and_of_an_ipv6_address() -> None:
    assert Address("postgresql://u@[::1]/a").access == {"user": "u", "host": "[::1]", "port": "5432"}
    assert EMBEDDED.access["host"] == "/var/tmp/a b/server"


def test_an_address_travels_to_other_processes() -> None:
    assert pickle.loads(pickle.dumps(GIVEN)) == GIVEN


@pytest.mark.parametrize(
    ("dsn", "database", "local"),
    [
        ("postgresql://u@localhost/app", "app", True),
        ("postgresql://u@127.0.0.1:5/a%20b", "a b", True),
        ("postgresql://u@[::1]/app", "app", True),
        ("postgresql://u@/app?host=/run/pg", "app", True),
        ("postgresql:///?dbname=app", "app", True),
        ("postgresql://u@db.example", "", False),
        ("postgresql://u@/app?host=db.example", "app", False),
    ],
)
def test_database_and_nearness_are_read_from_the_url(dsn: str, database: str, local: bool) -> None:
    assert (Address(dsn).database, Address(dsn).is_local) == (database, local)
