"""The stages of a migration are told from its statements, wherever they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import sqlchanges
from harness.migrate.stages import stages_of
from harness.scenario import SqlFile


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("CREATE VIEW v AS SELECT 1", "views"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1", "views"),
        ("CREATE TABLE t AS SELECT 1", "tables"),
        ("ALTER TABLE t DROP COLUMN a, ADD COLUMN b int", "columns"),
        ("ALTER TABLE t ADD COLUMN b int", "tables"),
        ("CREATE INDEX CONCURRENTLY ON t (a)", "indexes"),
        ("DROP INDEX i", "indexes"),
        ("DROP TABLE t", "tables"),
        ("UPDATE t SET a = 1", "tables"),
        ("COMMENT ON COLUMN t.a IS 'x'", None),
        ("GRANT SELECT ON t TO public", None),
        ("BEGIN", None),
        ("ANALYZE t", None),
        ("SET ROLE keeper", None),
        ("RESET search_path", None),
        ("SELECT pg_catalog.set_config('search_path', '', false)", None),
        ("SELECT set_config('a.b', refresh_all(), false)", "tables"),
        ("SELECT set_config('a.b', (SELECT max(a) FROM t), false)", "tables"),
        ("SELECT set_config('a.b', 'c', false) INTO t", "tables"),
    ],
)
def test_a_statement_is_told_by_what_it_changes(statement: str, kind: str | None) -> None:
    assert sqlchanges.kind_of_change(statement) == kind


def file(text: str) -> SqlFile:
    return SqlFile(Path("m.sql"), text)


def test_a_stage_is_reached_with_the_last_statement_of_its_kind() -> None:
    files = (
        file("CREATE TABLE s (a int); CREATE INDEX ON s (a); CREATE VIEW v AS SELECT 1; COMMENT ON VIEW v IS 'x'"),
        file("ALTER TABLE t DROP COLUMN a; CREATE VIEW w AS SELECT 1; ALTER TABLE u DROP COLUMN a"),
        file("CREATE INDEX ON t (b)"),
    )
    assert stages_of(files) == {1: "tables_changed", 6: "views_created", 7: "columns_dropped", 8: "indexes_added"}


def test_a_stage_that_does_not_occur_is_missing() -> None:
    assert stages_of((file("CREATE VIEW v AS SELECT 1"),)) == {1: "views_created"}
    assert stages_of((file("-- nothing"),)) == {}
