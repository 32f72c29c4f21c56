"""The repaired migration loses nothing, for its owner and for each tenant; the unrepaired one leaks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.scenario import Scenario, load_scenario
from tests.integration.scenario_files.expected import DROPPED, STALE
from tests.integration.scenario_files.states import States, become, columns, execute, key_of, read_columns

Cells = dict[tuple[str, str, str], tuple[object, object]]
"""Differing cells: (table, column, id) to the old and the new text; a missing row counts with each of its columns."""


def _stale_cells() -> set[tuple[str, str, str]]:
    return {(table, column, key_of(name)) for table, column, names in STALE for name in names.split()}


async def _differences(old: Any, new: Any) -> Cells:
    """Every cell of the dropped columns that the view over their table shows otherwise, or not at all."""
    found: Cells = {}
    views = {view for view, _ in await columns(new, "v")}
    for table, text in DROPPED.items():
        if f"{table}_with_details" not in views:
            continue
        names = text.split()
        before = await read_columns(old, table, names)
        after = await read_columns(new, f"{table}_with_details", names)
        assert before, table
        assert set(after) <= set(before)
        for key, values in before.items():
            shown = after.get(key, ("no row",) * len(names))
            cells = zip(names, values, shown, strict=True)
            found |= {(table, name, key): (was, now) for name, was, now in cells if was != now}
    return found


def _differences_between(states: States, before: str, after: str, tenant: str | None = None) -> Cells:
    """As the owner, or as a request of one tenant."""

    async def compare(old: Any, new: Any) -> Cells:
        if tenant is not None:
            for connection in (old, new):
                await become(connection, "authenticated", {"tenant_id": key_of(tenant)})
        return await _differences(old, new)

    async def on_old(old: Any) -> Cells:
        async with old.transaction():
            new = await states.connect(after)
            try:
                async with new.transaction():
                    return await compare(old, new)
            finally:
                await new.close()

    return states.ask(before, on_old)


def test_views_as_written_show_every_clean_value_unchanged(states: States) -> None:
    assert _differences_between(states, "crm_before", "crm_after") == {}


def test_views_as_written_lose_what_no_join_can_rebuild(states: States) -> None:
    async def migrate(connection: Any) -> None:
        await execute(connection, load_scenario("crm").migrations)

    states.make("real_after", migrate, "real_before")
    try:
        lost = _differences_between(states, "real_before", "real_after")
    finally:
        states.drop("real_after")
    nulls = {key: was for key, (was, now) in lost.items() if now is None}
    assert nulls["tickets", "customer_name", key_of("ticket3")] == "Company 3"
    assert nulls["service_contracts", "product_name", key_of("service2")] == "Product 2"
    assert set(lost) > _stale_cells()


def test_repaired_views_show_every_clean_value_unchanged(states: States) -> None:
    assert _differences_between(states, "crm_before", "crm_repaired") == {}


def test_repaired_views_differ_only_where_a_copy_was_stale(states: States) -> None:
    assert set(_differences_between(states, "real_before", "real_repaired")) == _stale_cells()


@pytest.mark.parametrize("tenant", ["tenant1", "tenant2", "tenant3"])
def test_a_tenant_reads_through_repaired_views_what_it_read_before(states: States, tenant: str) -> None:
    assert _differences_between(states, "crm_before", "crm_repaired", tenant) == {}


def test_tenants_see_live_names_for_stale_copies_unless_the_source_is_another_tenants(states: States) -> None:
    differing = [_differences_between(states, "real_before", "real_repaired", f"tenant{n}") for n in (1, 2, 3)]
    hidden = ("ticket_comments", "author_role", key_of("comment1"))
    assert set().union(*differing) == _stale_cells() - {hidden}


def test_anon_reads_nothing_but_through_the_unrepaired_views(states: States) -> None:
    async def read(connection: Any) -> tuple[int, int]:
        async with connection.transaction():
            await become(connection, "anon", {})
            rows = await connection.fetchval("SELECT count(*) FROM sales")
            return int(rows), int(await connection.fetchval("SELECT count(*) FROM sales_with_details"))

    assert states.ask("crm_after", read) == (0, 90)
    assert states.ask("crm_repaired", read) == (0, 0)


def test_kept_copies_are_row_secured_and_granted_as_the_tables_are(states: States) -> None:
    async def kept(connection: Any) -> dict[str, int]:
        async with connection.transaction():
            await become(connection, "authenticated", {"tenant_id": key_of("tenant1")})
            names = [f"{table}_copies" for table in DROPPED]
            return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in names}

    async def all_kept(connection: Any) -> int:
        return int(await connection.fetchval("SELECT count(*) FROM sales_copies"))

    assert 0 < states.ask("real_repaired", kept)["sales_copies"] < states.ask("real_repaired", all_kept)


def test_the_settings_query_names_a_tenant_that_reads_rows(states: States, crm: Scenario) -> None:
    [role] = [role for role in crm.access_roles if role.settings_query]

    async def read(connection: Any) -> int:
        row = await connection.fetchrow(role.settings_query)
        [(name, value)] = row.items()
        assert name == "request__jwt__claims"
        async with connection.transaction():
            await become(connection, role.role, json.loads(value))
            return int(await connection.fetchval("SELECT count(*) FROM sales"))

    assert states.ask("crm_before", read) > 0


def test_the_askers_are_users_of_a_large_a_typical_and_a_small_tenant(states: States, crm: Scenario) -> None:
    [role] = [role for role in crm.access_roles if role.askers_query]

    async def read(connection: Any) -> list[tuple[int, bool]]:
        found = []
        for row in await connection.fetch(role.askers_query):
            claims = json.loads(row["request__jwt__claims"])
            async with connection.transaction():
                await become(connection, role.role, claims)
                sales = await connection.fetchval("SELECT count(*) FROM sales")
                found.append(
                    (sales, await connection.fetchval("SELECT EXISTS (SELECT FROM users WHERE id = auth.uid())"))
                )
        return found

    counts, users = zip(*states.ask("crm_before", read), strict=True)
    assert counts[0] >= counts[1] >= counts[2] > 0
    assert users == (True, True, True)
