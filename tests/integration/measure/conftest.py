"""Three identical databases to measure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from harness.server import Databases
from tests.integration.measure.measuring import SCHEMA


@pytest.fixture(scope="package")
def template(databases: Databases) -> Iterator[str]:
    """The arm that all others are clones of."""

    async def fill() -> None:
        await databases.create("measured")
        connection = await databases.connect("measured")
        await connection.execute(SCHEMA)
        await connection.close()

    asyncio.run(fill())
    yield "measured"
    asyncio.run(databases.drop("measured"))


@pytest.fixture
def arms(databases: Databases, template: str) -> Iterator[dict[str, str]]:
    """The databases of the arms before, after and control, fresh for the test."""
    names = ("before", "after", "control")

    async def clone() -> dict[str, str]:
        return {arm: await databases.create(arm, template) for arm in names}

    async def drop() -> None:
        for arm in names:
            await databases.drop(arm)

    yield asyncio.run(clone())
    asyncio.run(drop())
