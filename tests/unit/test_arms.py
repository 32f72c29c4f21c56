"""The corners of the 2x2 get the index statements, or all but those, statement by statement."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness import sqltext
from harness.arms import CORNERS, USUAL, arms_to_run, migrations_of
from harness.scenario import Scenario, SqlFile, load_scenario

CRM = load_scenario("crm")
INDEX_FILE = "20250328000027_add_performance_indexes.sql"


def scenario(*texts: str) -> Scenario:
    files = tuple(SqlFile(Path(f"{number}.sql"), text) for number, text in enumerate(texts, start=1))
    return replace(CRM, migrations=files, index_migrations=())


def statements(arm: str, of: Scenario) -> list[tuple[str, int, str]]:
    return [
        (file.name, item.line, item.text) for file in migrations_of(arm, of) for item in sqltext.split(file.text, "x")
    ]


def test_a_file_that_mixes_indexes_with_the_rest_is_split_and_keeps_its_lines() -> None:
    mixed = "-- größer\nALTER TABLE t DROP COLUMN a;\nCREATE INDEX i\n  ON t (b);\nCREATE VIEW v AS SELECT 1;"
    parted = scenario(mixed)
    assert statements("before_indexes", parted) == [("1.sql", 3, "CREATE INDEX i\n  ON t (b)")]
    assert [line for _, line, _ in statements("after_noindexes", parted)] == [2, 5]
    assert migrations_of("after", parted) == parted.migrations
    assert migrations_of("before", parted) == migrations_of("control", parted) == ()


@pytest.mark.parametrize(
    "bound",
    [
        "CREATE TABLE t (b int); CREATE INDEX i ON t (b)",
        "ALTER TABLE t ADD COLUMN b int; CREATE INDEX i ON t (lower(b))",
        "ALTER TABLE t ADD COLUMN b int; CREATE INDEX i ON t (a) WHERE b > 0",
        "ALTER TABLE t RENAME COLUMN a TO b; CREATE INDEX i ON t (b)",
        "ALTER TABLE s RENAME TO t; CREATE INDEX i ON t (b)",
        "CREATE MATERIALIZED VIEW t AS SELECT 1 AS b; CREATE INDEX i ON t (b); COMMENT ON INDEX i IS 'x'",
        "CREATE VIEW v AS SELECT 1; ANALYZE t",
        "SET search_path = app; CREATE VIEW v AS SELECT 1; RESET search_path",
        "SET search_path = app",
    ],
)
def test_an_index_on_what_the_migration_makes_itself_is_no_part_to_separate(bound: str) -> None:
    assert migrations_of("before_indexes", scenario(bound)) == ()
    assert arms_to_run((), scenario(bound)) == USUAL
    assert arms_to_run(("before", "after", *CORNERS), scenario(bound)) == ("before", "after")


def test_what_is_said_of_an_index_goes_with_it() -> None:
    parted = scenario("CREATE INDEX i ON t (b); COMMENT ON INDEX i IS 'x'; DROP INDEX old; DROP VIEW v;")
    assert len(statements("before_indexes", parted)) == 3
    assert [text for _, _, text in statements("after_noindexes", parted)] == ["DROP VIEW v"]


def test_a_files_own_transaction_stays_around_both_parts() -> None:
    parted = scenario("BEGIN; CREATE INDEX i ON t (b); DROP VIEW v; COMMIT;")
    for arm, kept in (("before_indexes", "CREATE INDEX i ON t (b)"), ("after_noindexes", "DROP VIEW v")):
        assert [text for _, _, text in statements(arm, parted)] == ["BEGIN", kept, "COMMIT"]


def test_settings_stay_around_both_parts_and_are_none_of_their_own() -> None:
    settings = "SET ROLE keeper; SELECT set_config('search_path', 'app', false);"
    parted = scenario(f"{settings} CREATE INDEX i ON t (b);", f"{settings} DROP VIEW v; RESET ROLE;")
    kept = ["SET ROLE keeper", "SELECT set_config('search_path', 'app', false)"]
    assert [text for _, _, text in statements("before_indexes", parted)] == [*kept, "CREATE INDEX i ON t (b)"]
    assert [text for _, _, text in statements("after_noindexes", parted)] == [*kept, "DROP VIEW v", "RESET ROLE"]


def test_a_grant_beside_an_index_stays_with_the_rest_and_a_comment_alone_makes_no_corner() -> None:
    parted = scenario("CREATE INDEX i ON t (b); GRANT SELECT ON v TO keeper;")
    assert [text for _, _, text in statements("after_noindexes", parted)] == ["GRANT SELECT ON v TO keeper"]
    commented = scenario("COMMENT ON INDEX old IS 'x'; DROP VIEW v;")
    assert arms_to_run((), commented) == USUAL


def test_the_scenarios_own_marking_goes_by_file() -> None:
    assert [file.name for file in migrations_of("before_indexes", CRM)] == [INDEX_FILE]
    assert INDEX_FILE not in [file.name for file in migrations_of("after_noindexes", CRM)]
    assert len(migrations_of("after_noindexes", CRM)) == len(CRM.migrations) - 1


def test_unmarked_the_crm_is_split_in_the_same_way() -> None:
    unmarked = replace(CRM, index_migrations=())
    assert [file.name for file in migrations_of("before_indexes", unmarked)] == [INDEX_FILE]
    assert migrations_of("after_noindexes", unmarked) == migrations_of("after_noindexes", CRM)


def test_the_corners_join_by_default_and_only_those_that_are_named_otherwise() -> None:
    assert arms_to_run((), CRM) == (*USUAL, *CORNERS)
    assert arms_to_run(("before", "after"), CRM) == ("before", "after")
