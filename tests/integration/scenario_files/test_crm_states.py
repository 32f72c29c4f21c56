"""The CRM's schema and its migration on a real server: columns, views, types, indexes, roles."""

from __future__ import annotations

from typing import Any

import pytest

from harness.scenario import Scenario, load_scenario
from harness.sqltext import roles_named
from tests.integration.scenario_files.expected import (
    DROPPED,
    INDEXES_BEFORE,
    INDEXES_EXPECTED_AFTER,
    VIEWS,
    WITHOUT_COUNTERPART,
    pairs,
)
from tests.integration.scenario_files.states import ANOMALIES, SMALL_DATA, States, build, columns, execute, indexes


def test_the_migration_drops_36_columns_of_11_tables(states: States) -> None:
    before = states.ask("crm_before", lambda connection: columns(connection, "r"))
    after = states.ask("crm_after", lambda connection: columns(connection, "r"))
    dropped = set(before) - set(after)
    assert dropped == pairs(DROPPED)
    assert len(dropped) == 36
    assert len({table for table, _ in dropped}) == 11


def test_the_repaired_migration_drops_the_same_columns(states: States) -> None:
    before = states.ask("crm_before", lambda connection: columns(connection, "r"))
    after = states.ask("crm_repaired", lambda connection: columns(connection, "r"))
    assert set(before) - set(after) == pairs(DROPPED)


def test_the_migration_creates_12_views_that_run_with_their_owners_rights(states: States) -> None:
    assert states.ask("crm_after", _views) == dict.fromkeys(VIEWS, False)
    assert len(VIEWS) == 12


def test_the_repaired_migration_adds_two_views_and_all_run_with_the_readers_rights(states: States) -> None:
    more = {"products_with_details", "ticket_attachments_with_details"}
    assert states.ask("crm_repaired", _views) == dict.fromkeys(VIEWS | more, True)


async def _views(connection: Any) -> dict[str, bool]:
    rows = await connection.fetch(
        "SELECT relname, coalesce('security_invoker=true' = ANY (reloptions), false) AS invoker FROM pg_class "
        "WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace"
    )
    return {row["relname"]: row["invoker"] for row in rows}


def test_views_have_every_dropped_column_but_four_under_its_name(states: States) -> None:
    views = states.ask("crm_after", lambda connection: columns(connection, "v"))
    without = {(table, column) for table, column in pairs(DROPPED) if (f"{table}_with_details", column) not in views}
    assert without == WITHOUT_COUNTERPART


@pytest.mark.parametrize(
    ("state", "drifted"), [("crm_after", {("ticket_comments", "author_role")}), ("crm_repaired", set())]
)
def test_only_the_authors_role_changes_its_type_and_only_unrepaired(
    states: States, state: str, drifted: set[tuple[str, str]]
) -> None:
    before = states.ask("crm_before", lambda connection: columns(connection, "r"))
    views = states.ask(state, lambda connection: columns(connection, "v"))
    shown = {(table, column): views.get((f"{table}_with_details", column)) for table, column in pairs(DROPPED)}
    assert {key for key, kind in shown.items() if kind is not None and kind != before[key]} == drifted


def test_the_old_state_has_the_indexes_that_such_a_schema_has(states: States) -> None:
    keys = {(table, "id") for table, _ in states.ask("crm_before", lambda connection: columns(connection, "r"))}
    unique = {("products", "tenant_id,sku"), ("job_works", "tenant_id,job_ref_id")}
    assert states.ask("crm_before", indexes) == keys | unique | pairs(INDEXES_BEFORE)


def test_the_migration_leaves_the_indexes_that_the_runbook_expects_and_none_twice(states: States) -> None:
    expected = pairs(INDEXES_BEFORE) | pairs(INDEXES_EXPECTED_AFTER) | {("suppliers", "id")}
    before = states.ask("crm_before", indexes)
    assert states.ask("crm_after", indexes) == before | expected
    assert states.ask("crm_after", _index_count) == len(before | expected)


async def _index_count(connection: Any) -> int:
    return int(await connection.fetchval("SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'"))


def test_without_indexes_the_migration_adds_every_index_that_the_runbook_expects(states: States) -> None:
    bare = load_scenario("crm-noindex")
    states.make("noindex", lambda connection: build(connection, bare, [SMALL_DATA]))
    try:
        before = states.ask("noindex", indexes)
        states.ask("noindex", lambda connection: execute(connection, bare.migrations))
        after = states.ask("noindex", indexes)
    finally:
        states.drop("noindex")
    assert {columns for _, columns in before} == {"id", "tenant_id,sku", "tenant_id,job_ref_id"}
    assert after - before == pairs(INDEXES_EXPECTED_AFTER) | {("suppliers", "id")}


def test_the_roles_may_be_created_twice(states: States, crm: Scenario) -> None:
    states.ask("crm_before", lambda connection: execute(connection, [*crm.roles, *crm.roles]))


@pytest.mark.parametrize("name", ["crm", "crm-repaired", "crm-noindex"])
def test_only_the_access_files_need_the_roles(states: States, name: str) -> None:
    scenario = load_scenario(name)
    others = (*scenario.schema, *scenario.constraints, *scenario.migrations)
    assert {role for file in others for role in roles_named(file.text)} == set()
    assert {role for file in scenario.access for role in roles_named(file.text)} >= {"anon", "authenticated"}

    async def apply(connection: Any) -> None:
        await build(connection, scenario, [SMALL_DATA, ANOMALIES], access=False)
        await execute(connection, scenario.migrations)

    states.make("roleless", apply)
    states.drop("roleless")


@pytest.mark.parametrize("name", ["crm", "crm-repaired", "crm-noindex"])
def test_every_file_opens_with_what_it_is_and_whose_words_it_holds(name: str) -> None:
    scenario = load_scenario(name)
    files = (*scenario.schema, *scenario.constraints, *scenario.access, *scenario.migrations)
    for file in files:
        opening = " ".join(line[3:] for line in file.text.split("\n\n")[0].splitlines())
        assert file.text.startswith("-- "), file.name
        assert any(words in opening for words in ("not the runbook's words", "Ours", "Our own")), file.name
