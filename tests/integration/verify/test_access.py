"""What a role reads through the views against what the tables let it read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from harness.errors import ScenarioError
from harness.scenario import AccessRole
from harness.server import Databases
from tests.integration.verify.checking import Outcome, check, run_apart

OLD_STATE = """
    CREATE TABLE teams (id int PRIMARY KEY, name text, tenant int);
    CREATE TABLE notes (id int PRIMARY KEY, team_id int REFERENCES teams, team_name text, tenant int);
    CREATE TABLE open_notes (id int PRIMARY KEY, team_id int, team_name text);
    INSERT INTO teams SELECT n, 'team ' || n, 1 + n % 2 FROM generate_series(1, 10) n;
    INSERT INTO notes SELECT n, t.id, t.name, t.tenant FROM generate_series(1, 40) n JOIN teams t ON t.id = 1 + n % 10;
    UPDATE notes SET team_id = 2, team_name = 'team 2' WHERE id IN (1, 2, 3);
    -- The second note is of tenant 2, its team is not.
    INSERT INTO open_notes SELECT id, team_id, team_name FROM notes;
    ALTER TABLE teams ENABLE ROW LEVEL SECURITY;
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON teams USING (tenant = current_setting('app.tenant', true)::int);
    CREATE POLICY own ON notes USING (tenant = current_setting('app.tenant', true)::int);
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO verify_reader;
    CREATE TABLE closed (id int PRIMARY KEY, word text);
"""
MIGRATION = """
    CREATE VIEW notes_leaky AS
        SELECT n.id, t.name AS team_name FROM notes n LEFT JOIN teams t ON t.id = n.team_id;
    CREATE VIEW notes_safe WITH (security_invoker = true) AS
        SELECT n.id, n.team_id, t.name AS team_name FROM notes n LEFT JOIN teams t ON t.id = n.team_id;
    CREATE VIEW open_notes_shown WITH (security_invoker = true) AS
        SELECT o.id, t.name AS team_name FROM open_notes o JOIN teams t ON t.id = o.team_id;
    CREATE VIEW notes_hidden WITH (security_invoker = true) AS SELECT id, team_id FROM notes;
    GRANT SELECT ON notes_leaky, notes_safe, open_notes_shown TO verify_reader;
    ALTER TABLE notes DROP COLUMN team_name;
    ALTER TABLE open_notes DROP COLUMN team_name;
    ALTER TABLE closed ENABLE ROW LEVEL SECURITY;
"""
READER = AccessRole("verify_reader", (("app.tenant", "1"),))


@pytest.fixture(scope="module")
def roles(databases: Databases) -> Iterator[None]:
    run_apart(databases, "CREATE ROLE verify_reader")
    yield
    run_apart(databases, "DROP ROLE verify_reader")


@pytest.fixture(scope="module")
def outcome(databases: Databases, roles: None) -> Iterator[Outcome]:
    made = check(
        databases,
        OLD_STATE,
        MIGRATION,
        access_roles=(READER, AccessRole("verify_nobody"), AccessRole("verify_reader", (), "SELECT 2 AS app__tenant")),
    )
    yield made
    made.drop()


def test_a_view_with_its_owners_rights_shows_what_row_security_hides(outcome: Outcome) -> None:
    first, second = outcome.found("access_wider", "notes_leaky")
    assert (first.count, second.count) == (20, 20)
    assert first.rows == 40
    assert outcome.one("rls_bypassed").object == "notes_leaky"


def test_a_view_with_the_readers_rights_is_not_wider(outcome: Outcome) -> None:
    assert not outcome.found("access_wider", "notes_safe")


def test_rows_that_the_view_hides_from_the_role_are_counted(outcome: Outcome) -> None:
    counts = {item.count for item in outcome.found("access_narrower", "open_notes_shown")}
    assert counts == {19, 21}


def test_a_missing_grant_hides_every_row(outcome: Outcome) -> None:
    for finding in outcome.found("access_narrower", "notes_hidden"):
        assert finding.count == finding.rows
        assert "permission denied" in finding.detail


def test_values_that_the_parents_row_security_hides_are_counted(outcome: Outcome) -> None:
    (finding,) = outcome.found("access_narrower", "notes_safe")
    assert "team_name (1)" in finding.detail


def test_a_role_that_does_not_exist_is_noted(outcome: Outcome) -> None:
    assert "access not checked as verify_nobody: the server has no such role" in outcome.integrity.notes


def test_row_security_without_a_policy_is_found(outcome: Outcome) -> None:
    assert outcome.one("policy_missing").object == "closed"


def test_the_script_of_a_finding_shows_its_rows(outcome: Outcome) -> None:
    finding = outcome.found("access_wider", "notes_leaky")[0]

    async def run() -> int:
        connection = await outcome.databases.connect(outcome.arms[2])
        try:
            lines = finding.query.split("\n")
            await connection.execute("\n".join(lines[:-2]))
            rows = await connection.fetch(lines[-2])
            await connection.execute(lines[-1])
            return len(rows)
        finally:
            await connection.close()

    assert asyncio.run(run()) == finding.count


def test_settings_that_cannot_be_drawn_are_the_scenarios_fault(databases: Databases, roles: None) -> None:
    wrong = AccessRole("verify_reader", (), "SELECT nonsense")
    with pytest.raises(ScenarioError, match="access_role verify_reader: settings_query"):
        check(databases, OLD_STATE, MIGRATION, access_roles=(wrong,))
