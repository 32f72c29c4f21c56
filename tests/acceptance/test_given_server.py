"""A server of the user's: refused with a reason, or used and left exactly as it was."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.progress import Silent
from harness.server import Journal, Server, ServerOptions, connect, open_server
from harness.server.home import Home
from tests.acceptance.place import Place, copied_mini

ROLES = """
roles = ["sql/roles.sql"]
access = ["sql/access.sql"]
"""
MAKE_ROLE = """
DO $$
BEGIN
    IF to_regrole('mini_reader') IS NULL THEN
        CREATE ROLE mini_reader NOLOGIN;
        GRANT mini_reader TO CURRENT_USER;
    END IF;
END
$$;
"""
GRANT = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO mini_reader;\n"
STATE = {
    "databases": "SELECT datname, datdba, datacl, shobj_description(oid, 'pg_database') FROM pg_database ORDER BY 1",
    "roles": "SELECT rolname, rolsuper, rolcanlogin, rolcreatedb, rolconfig FROM pg_roles ORDER BY 1",
    "members": "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members ORDER BY 1, 2",
    "kept settings": "SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting ORDER BY 1, 2",
    "settings": "SELECT name, setting FROM pg_settings WHERE source NOT IN ('client', 'session') ORDER BY 1",
    "tablespaces": "SELECT spcname FROM pg_tablespace ORDER BY 1",
    "comments": "SELECT objoid, description FROM pg_shdescription ORDER BY 1",
    "extensions": "SELECT extname FROM pg_extension ORDER BY 1",
    "schemas": "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_' ORDER BY 1",
}


class Given:
    """A server that is not the tool's own, as far as the tool can tell."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def url(self, role: str = "", database: str = "postgres") -> str:
        """How the user connects; as the superuser where no role is named."""
        assert self.server.home is not None
        home = Home(self.server.home)
        login = f"{role}:secret" if role else "postgres"
        passfile = "" if role else f"&passfile={home.passfile}"
        return f"postgresql://{login}@/{database}?host={home.server}&port=5432{passfile}"

    def execute(self, *statements: str) -> list[Any]:
        """Runs statements as the superuser; the rows of the last one."""

        async def go() -> list[Any]:
            connection = await connect(self.server.address)
            try:
                return [list(await connection.fetch(statement)) for statement in statements][-1]
            finally:
                await connection.close()

        return asyncio.run(go())

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """All of it that a run must leave as it was."""
        return {name: [tuple(row) for row in self.execute(query)] for name, query in STATE.items()}


@contextlib.contextmanager
def serving(folder: Path, pg_bin: Path | None) -> Iterator[Given]:
    """A server with roles of the user's, and a database of the user's that is named like ours."""
    journal = Journal.begin(folder)
    with asyncio.Runner() as runner:
        opened = open_server(ServerOptions(pg_bin=pg_bin), journal, Silent())
        given = Given(runner.run(opened.__aenter__()))
        try:
            given.execute(
                "CREATE ROLE weak LOGIN PASSWORD 'secret'",
                "CREATE ROLE maker LOGIN CREATEDB PASSWORD 'secret'",
                "CREATE DATABASE bench_mine",
                "COMMENT ON DATABASE bench_mine IS 'the measurements of my workbench'",
            )
            yield given
        finally:
            runner.run(opened.__aexit__(None, None, None))
            journal.end(kept=False)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory, pg15: Path) -> Iterator[Given]:
    """The system's PostgreSQL 15, the oldest that is supported."""
    with serving(tmp_path_factory.mktemp("given"), pg15) as given:
        yield given


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    """The packaged PostgreSQL."""
    with serving(tmp_path_factory.mktemp("newer"), None) as given:
        yield given


@pytest.fixture
def scenario(place: Place) -> str:
    """The small scenario with a role of its own."""
    folder = copied_mini(place.folder, scenario=ROLES, roles=MAKE_ROLE, access=GRANT)
    return str(folder)


@pytest.mark.parametrize(
    ("role", "database", "code", "told"),
    [
        ("weak", "postgres", 5, "may not create databases"),
        ("maker", "bench_mine", 2, "bench_mine"),
        ("maker", "nowhere", 5, "no database 'nowhere'"),
        ("nobody_here", "postgres", 5, "refuses the login"),
    ],
)
def test_a_server_that_cannot_serve_is_told_before_anything_is_done(
    given: Given, place: Place, scenario: str, role: str, database: str, code: int, told: str
) -> None:
    before = given.state()
    outcome = place.bench("run", scenario, "--scale", "1k", "--dsn", given.url(role, database))
    assert outcome.code == code, outcome.err
    assert told in outcome.error
    assert "secret" not in outcome.err
    assert given.state() == before
    result = place.result()
    assert (result["complete"], [phase["name"] for phase in result["phases"]]) == (False, ["server"])


@pytest.mark.parametrize("version", ["given", "newer"])
def test_without_leave_no_role_is_made_and_nothing_is_left(
    request: pytest.FixtureRequest, version: str, place: Place, scenario: str
) -> None:
    given: Given = request.getfixturevalue(version)
    before = given.state()
    url = given.url("maker")
    outcome = place.bench("run", scenario, "--scale", "1k", "--budget", "8s", "--dsn", url)
    result = place.result()
    assert result["complete"], outcome.err
    assert any("no role mini_reader" in note for note in result["notes"])
    assert result["environment"]["server_kind"] == "given"
    assert result["environment"]["degraded"]
    assert given.state() == before
    for file in place.runs()[-1].iterdir():
        assert b"secret" not in file.read_bytes(), file.name


def test_with_leave_the_roles_are_made_and_go_again_also_when_it_is_interrupted(
    given: Given, place: Place, scenario: str
) -> None:
    before = given.state()
    run = place.start("run", scenario, "--scale", "1k", "--budget", "60s", "--allow-roles", "--dsn", given.url())
    run.wait_for("a block of")
    assert {"mini_reader"} == {name for name, *_ in given.state()["roles"]} - {name for name, *_ in before["roles"]}
    run.signal(signal.SIGINT)
    assert run.end().code == 130
    assert given.state() == before


def test_what_a_killed_run_left_is_told_and_removed_by_clean_alone(given: Given, place: Place, scenario: str) -> None:
    before = given.state()
    run = place.start("run", scenario, "--scale", "1k", "--allow-roles", "--dsn", given.url())
    run.wait_for("migrate")
    run.process.kill()
    run.end()
    assert len(given.state()["databases"]) > len(before["databases"])
    told = place.bench("run", scenario, "--scale", "1k", "--dsn", given.url("weak"))
    assert "bench run --resume" in told.err
    assert f"bench clean --dsn '{given.url()}'" in told.err
    cleaned = place.bench("clean", "--dsn", given.url())
    assert cleaned.code == 0, cleaned.err
    assert "removed mini_reader" in cleaned.out
    assert "left alone: bench_mine: it does not carry this tool's mark" in cleaned.out
    assert given.state() == before


def test_a_server_without_its_migrations_role_refuses_the_scenario(given: Given, place: Place) -> None:
    scenario = copied_mini(place.folder, migrate_1_view="GRANT SELECT ON orders_with_customer TO somebody;\n")
    outcome = place.bench("run", str(scenario), "--scale", "1k", "--dsn", given.url())
    assert outcome.code == 5
    assert "migrate_1_view.sql: the server has no role somebody" in outcome.error
    assert "--allow-roles" in outcome.error


def test_kept_databases_stay_until_they_are_cleaned(given: Given, place: Place, scenario: str) -> None:
    before = given.state()
    kept = place.bench("seed", scenario, "--scale", "1k", "--dsn", given.url("maker"))
    assert kept.code == 0, kept.err
    assert "bench clean --kept --dsn" in kept.out
    (opens,) = re.findall(r"^    psql (\S+)$", kept.out, re.MULTILINE)
    assert "_template?" in opens
    assert place.bench("clean", "--dsn", given.url()).out.startswith("left alone")
    place.bench("clean", "--kept", "--dsn", given.url())
    assert given.state() == before


def test_the_check_is_proven_by_a_role_that_may_only_create_databases(
    newer: Given, place: Place, scenario: str
) -> None:
    before = newer.state()
    proof = place.bench("prove", scenario, "--scale", "300", "--json", "--quiet", "--dsn", newer.url("maker"))
    assert (proof.code, proof.err) == (0, ""), proof.out
    said = json.loads(proof.out)
    assert said["false_alarms"] == 0
    assert len(said["defects"]) >= 40
    assert all(item["caught"] and item["found_kind"] == item["expected_kind"] for item in said["defects"])
    assert newer.state() == before


def test_options_of_the_embedded_server_do_not_go_with_a_given_one(place: Place, tmp_path: Path) -> None:
    outcome = place.bench("run", "--dsn", "postgresql://localhost/postgres", "--pg-bin", str(tmp_path))
    assert outcome.code == 2
    assert "--pg-bin" in outcome.error
