"""Views whose values hold only for the moment, the role or the settings with which they were read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.catalogue import Catalogue
from harness.scenario.paths import catalogue_sql
from harness.verify.explain import Explained


async def momentary_views(connection: Any, after: Catalogue, explained: Sequence[Explained]) -> tuple[str, ...]:
    """A note for each view that was compared, or lies below one, and calls what may answer otherwise the next time."""
    compared = {item.work.relation.oid for item in explained}
    below = frozenset().union(*map(after.reads_transitively, compared)) | compared
    views = sorted(oid for oid in below if oid in after.relations and not after.relations[oid].is_table)
    rows = await connection.fetch(catalogue_sql("verify", "find_session_calls"), views)
    found = {after.relations[row["view"]].display: ", ".join(row["names"]) for row in rows}
    return tuple(
        f"{name} calls {names}: its values were compared as this moment and TimeZone UTC show them, and may be others"
        " at another time, in another time zone or for another role"
        for name, names in sorted(found.items())
    )
