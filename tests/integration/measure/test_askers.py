"""Queries that several ask in turn: every request has its own asker's claims, and none has the setting of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from harness.measure.model import MIX, Measurement, OpenLoad
from harness.server import Databases, Server
from harness.workload import BoundQuery
from tests.integration.measure.measuring import measured, options, query

TENANTS = ("1", "1", "2", "2", "2", "3")
SESSION = (("role", "pg_monitor"),)
CLAIMS = tuple((("app.tenant", tenant), ("app.user", f"of {tenant}")) for tenant in TENANTS)
SETS = tuple(
    {"id": 1000 * place, "tenant": int(tenant), "user": f"of {tenant}"} for place, tenant in enumerate(TENANTS, start=1)
)
MINE = "1 / (current_setting('app.tenant')::int = $2::int AND current_setting('app.user') = $3::text)::int = 1"
"""An error where whoever asks is not the one whose parameters these are."""


def asked(item: BoundQuery) -> BoundQuery:
    return replace(item, session=SESSION, claims=CLAIMS)


POINT = asked(query("point", f"SELECT id FROM item WHERE id = $1::int AND {MINE}", names=tuple(SETS[0]), sets=SETS))
NOTE = asked(
    query(
        "note",
        (
            f"UPDATE item SET note = $4::bigint::text WHERE id = $1::int AND {MINE}",
            f"SELECT WHERE $1::int > $4::bigint * 0 AND {MINE}",
        ),
        names=(*SETS[0], "op"),
        sets=SETS,
        kind="write",
    )
)
ALONE = query("alone", "SELECT current_setting('app.tenant', true) IS NULL, id FROM item WHERE id = $1::int")


def test_every_request_has_the_claims_of_its_own_asker(
    arms: dict[str, str], server: Server, databases: Databases, tmp_path: Path
) -> None:
    """Closed and mixed, reads and writes, also where a query that nobody else asks runs beside them."""

    async def run() -> Measurement:
        for arm in arms:
            connection = await databases.connect(arm)
            await connection.execute("GRANT SELECT, UPDATE ON item TO pg_monitor")
            await connection.close()
        statistics = await databases.create("askers_statistics")
        load = OpenLoad(rate_per_s=150, connections=3, budget_share=0.6)
        chosen = options(budget_s=15, clients=(3,), stats_database=statistics, open_load=load)
        try:
            return await measured([POINT, NOTE, ALONE], arms, server.address, tmp_path / "samples", chosen)
        finally:
            await databases.drop("askers_statistics")

    measurement = asyncio.run(run())
    assert measurement.errors == ()
    assert measurement.left_out == {}
    assert {item.query for item in measurement.table.slices} == {"point", "note", "alone"}
    assert sum(item.executions for item in measurement.open_table.slices if item.query == MIX) > 50, measurement.notes
    assert measurement.equality
    assert all(proof.equal for proof in measurement.equality)
    assert {item.query for item in measurement.pages} >= {"point", "note"}, "the changes are no calls of the query's"
