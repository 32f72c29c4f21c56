"""The undamaged migration: whether what the check says of its views is borne out by a plain join of the battery's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.prove.ground import Ground, Stand
from harness.result import Finding
from harness.sqltext import quote_ident

_CELLS = frozenset({"value_differs", "value_to_null", "null_to_value", "renders_differently"})


async def unfounded(connection: Any, ground: Ground) -> list[str]:
    """Accusations of values or rows where a plain join of the old copy with the view shows nothing of the kind."""
    accused = []
    for stand in ground.stands:
        for finding, question in _questions(ground, stand):
            if not await connection.fetchval(question):
                accused.append(f"{finding.kind} of {finding.object}")
    return accused


def _questions(ground: Ground, stand: Stand) -> Iterator[tuple[Finding, str]]:
    """Findings about the view and the columns that it replaces, each with a query that must count something."""
    old = ground.copies[stand.change.old.oid]
    pairs = zip(stand.change.key, stand.key, strict=True)
    on_key = " AND ".join(f"o.{quote_ident(a)} = n.{quote_ident(b)}" for a, b in pairs)

    def joined(kind: str) -> str:
        return f"{old} AS o {kind} JOIN {stand.view.sql} AS n ON {on_key}"

    first, shown = quote_ident(stand.change.key[0]), quote_ident(stand.key[0])
    keys = ", ".join(f"o.{quote_ident(name)}" for name in stand.change.key)
    rows = {
        "row_missing": f"SELECT count(*) FROM {joined('LEFT')} WHERE n.{shown} IS NULL",
        "row_extra": f"SELECT count(*) FROM {joined('RIGHT')} WHERE o.{first} IS NULL",
        "row_duplicated": f"SELECT count(*) - count(DISTINCT ({keys})) FROM {joined('')}",
    }
    columns = {stand.object_of(place): place for place in stand.lost}
    for finding in ground.clean.findings:
        if finding.object == stand.view.display and finding.kind in rows:
            yield finding, rows[finding.kind]
        elif finding.object in columns and finding.kind in _CELLS:
            place = columns[finding.object]
            a, b = quote_ident(stand.lost[place].name), quote_ident(stand.view.columns[place].name)
            differs = f"o.{a}::text IS DISTINCT FROM n.{b}::text"
            yield finding, f"SELECT count(*) FROM {joined('')} WHERE {differs}"
