"""Fingerprints of what a scenario asks, apart from the migrations: equal ones are the same question."""

from __future__ import annotations

from collections.abc import Iterable

from harness import sqltext
from harness.digest import digest
from harness.scenario.model import Query, Scenario, SqlFile


def schema_fingerprint(scenario: Scenario) -> str:
    """Of the old state before the migration: tables, keys and indexes."""
    return digest([_wordings(scenario.schema), _wordings(scenario.constraints)])


def access_fingerprint(scenario: Scenario) -> str:
    """Of what the server checks when the queries are asked: roles, grants, policies, and who asks."""
    asker = scenario.queries_as
    asks = [asker.role, asker.settings, asker.settings_query, asker.askers_query] if asker else []
    return digest([_wordings(scenario.roles), _wordings(scenario.access), asks])


def query_fingerprint(query: Query) -> str:
    """Of one operation: both its forms, and what draws its parameters."""
    files = (query.before, query.after, *((query.params,) if query.params else ()))
    return digest([query.kind, _wordings(files)])


def _wordings(files: Iterable[SqlFile]) -> list[list[str]]:
    return [list(sqltext.wording(file.text)) for file in files]
