"""The CRM's states on both ends of the supported range of PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from harness.progress import Silent
from harness.scenario import Scenario, load_scenario
from harness.server import Databases, Journal, ServerOptions, open_server
from tests.integration.scenario_files.states import ANOMALIES, SMALL_DATA, States, build, execute

STATES = ("crm_before", "crm_after", "crm_repaired", "real_before", "real_repaired")


@pytest.fixture(scope="package")
def crm() -> Scenario:
    """The runbook's migration as written."""
    return load_scenario("crm")


@pytest.fixture(scope="package")
def repaired() -> Scenario:
    """The migration done right."""
    return load_scenario("crm-repaired")


@pytest.fixture(scope="package")
def databases15(pg15: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes databases on an embedded server of PostgreSQL 15."""
    journal = Journal.begin(tmp_path_factory.mktemp("run15"))
    with asyncio.Runner() as runner:
        opened = open_server(ServerOptions(pg_bin=pg15), journal, Silent())
        server = runner.run(opened.__aenter__())
        try:
            yield Databases(server, journal)
        finally:
            runner.run(opened.__aexit__(None, None, None))
            journal.end(kept=False)


@pytest.fixture(scope="package", params=["databases", "databases15"], ids=["newest", "oldest"])
def states(request: pytest.FixtureRequest, crm: Scenario, repaired: Scenario) -> Iterator[States]:
    """`crm_before`, `crm_after`, `crm_repaired` hold clean rows; `real_before`, `real_repaired` rows with anomalies."""

    async def old_state(connection: Any) -> None:
        await execute(connection, crm.roles)
        await build(connection, crm, [SMALL_DATA])

    made = States(request.getfixturevalue(request.param))
    made.make("crm_before", old_state)
    made.make("crm_after", lambda connection: execute(connection, crm.migrations), "crm_before")
    made.make("crm_repaired", lambda connection: execute(connection, repaired.migrations), "crm_before")
    made.make("real_before", lambda connection: execute(connection, [ANOMALIES]), "crm_before")
    made.make("real_repaired", lambda connection: execute(connection, repaired.migrations), "real_before")
    yield made
    for state in STATES:
        made.drop(state)
