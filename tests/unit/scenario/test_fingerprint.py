"""Fingerprints: equal for the same question however it is laid out, others for another one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.scenario import (
    AccessRole,
    Query,
    SqlFile,
    access_fingerprint,
    load_scenario,
    query_fingerprint,
    schema_fingerprint,
)

TEXT = "SELECT id, 'a  b' FROM orders WHERE customer = :customer AND tags[1:2] = '{}'"


def file(text: str) -> SqlFile:
    return SqlFile(Path("q.sql"), text)


def query(before: str = TEXT, after: str = TEXT, params: str | None = "SELECT 1 AS customer") -> Query:
    drawn = file(params) if params else None
    return Query("q", "Q", "read", file(before), file(after), drawn, 1.0, 0.05, True, False)


def test_layout_comments_and_what_only_judges_it_are_no_part_of_a_query() -> None:
    same = query(f"-- the list\n{TEXT.replace(' FROM', chr(10) + '  FROM')} /* all */;".replace(";", ""))
    assert query_fingerprint(same) == query_fingerprint(query())
    assert query_fingerprint(replace(query(), title="T", weight=9, gated=False)) == query_fingerprint(query())


@pytest.mark.parametrize(
    "other",
    [
        query(before=TEXT.replace("orders", "sales")),
        query(after=TEXT.replace("a  b", "a b")),
        query(after=TEXT.replace(":customer", ":other")),
        query(after=TEXT.replace("[1:2]", "[1: two]")),
        query(after="/*+ SeqScan(orders) */ " + TEXT),
        query(after=TEXT.replace("FROM orders", 'FROM "Orders"')),
        query(params="SELECT 2 AS customer"),
        query(params=None),
        replace(query(), kind="write"),
        query(before="SELECT 'open"),
    ],
)
def test_another_text_parameter_or_hint_is_another_query(other: Query) -> None:
    assert query_fingerprint(other) != query_fingerprint(query())


def test_the_schema_is_tables_keys_and_indexes_and_the_migrations_are_no_part_of_it() -> None:
    scenario = load_scenario("crm")
    more = file("CREATE TABLE more (id int)")
    usual = schema_fingerprint(scenario)
    assert schema_fingerprint(replace(scenario, migrations=(more,), access=(more,))) == usual
    assert schema_fingerprint(replace(scenario, schema=(*scenario.schema, more))) != usual
    assert schema_fingerprint(replace(scenario, constraints=(*scenario.constraints, more))) != usual
    assert schema_fingerprint(load_scenario("crm-repaired")) == usual


def test_access_is_roles_policies_and_who_asks() -> None:
    scenario = load_scenario("crm")
    usual = access_fingerprint(scenario)
    assert access_fingerprint(replace(scenario, roles=())) != usual
    assert access_fingerprint(replace(scenario, access=())) != usual
    assert access_fingerprint(replace(scenario, queries_as=AccessRole("somebody"))) != usual
    assert access_fingerprint(replace(scenario, migrations=())) == usual
