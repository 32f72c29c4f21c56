"""Columns are read from the schema's files as from the server; those of a domain are what lies under it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from harness.scenario import SqlFile
from harness.seed.catalogue import declared_catalogue, read_catalogue
from harness.seed.column_type import ColumnType
from harness.server import Server, connect

SCHEMA = """
CREATE DOMAIN address AS varchar(80) CHECK (VALUE LIKE '%@%');
CREATE DOMAIN work_address AS address NOT NULL;
CREATE DOMAIN money_amount AS numeric(12, 2);
CREATE TABLE people (home address, work work_address, salary money_amount);
CREATE TYPE mood AS ENUM ('fine', 'low');
CREATE DOMAIN state AS mood;
CREATE TABLE odd (
    moods mood[], states state[], mood mood, state state, rounded numeric(5, -2), fine numeric(3, 5),
    any_number numeric, "char" "char", code char(3), codes char(3)[], words varchar(7)[], big float8, bits bit(3),
    at timestamp(3), counted serial
);
"""


def test_a_domain_is_its_base_type_with_its_limits(server: Server, database: str) -> None:
    async def read() -> dict[str, dict[str, ColumnType]]:
        connection = await connect(server.address, database)
        try:
            await connection.execute(SCHEMA)
            return await read_catalogue(connection)
        finally:
            await connection.close()

    wanted = {
        "people": {
            "home": ColumnType("varchar", length=80),
            "work": ColumnType("varchar", length=80, not_null=True),
            "salary": ColumnType("numeric", precision=12, scale=2),
        }
    }
    real = asyncio.run(read())
    declared = declared_catalogue([SqlFile(path=Path("schema.sql"), text=SCHEMA)])
    assert real["people"] == declared["people"] == wanted["people"]
    assert declared["odd"] == real["odd"]
    assert real["odd"]["words"] == ColumnType("_varchar", length=7)
    assert real["odd"]["moods"] == ColumnType("_mood")
    assert real["odd"]["rounded"] == ColumnType("numeric", precision=5, scale=-2)
    assert real["odd"]["fine"] == ColumnType("numeric", precision=3, scale=5)
    assert real["odd"]["rounded"].arrow() is None
