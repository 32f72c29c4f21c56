"""Enum labels that the migration renamed, in a key: rows are followed by what their labels are called now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.catalogue import Column, Relation
from harness.server.address import Address, connect
from harness.sqltext import quote_ident, quote_literal
from harness.verify.compare import is_drift


def new_labels(old: Column, now: Column) -> dict[str, str]:
    """Labels that were renamed, and what they are called now; none where another change leaves that open.

    A label keeps its place: as many as before, and each that is gone has a new one where it stood.
    """
    if old.category != "E" or is_drift(old, now) or len(old.labels) != len(now.labels):
        return {}
    renamed = {a: b for a, b in zip(old.labels, now.labels, strict=True) if a != b}
    return {} if set(renamed) & set(now.labels) or set(renamed.values()) & set(old.labels) else renamed


async def follow_labels(
    address: Address, database: str, known: Relation, renamed: Mapping[str, Mapping[str, str]]
) -> tuple[Relation, dict[str, str]]:
    """Gives the copy of an old table a column with the labels of now beside each with those of then (kept as text).

    Returns the copy, and the names of its new columns by those of the old.
    """
    if not renamed:
        return known, {}
    names = {name: f"{name[:58]} now" for name in renamed}
    connection = await connect(address, database)
    try:
        for name, labels in renamed.items():
            cases = "".join(f" WHEN {quote_literal(a)} THEN {quote_literal(b)}" for a, b in labels.items())
            value = f"CASE {quote_ident(name)}{cases} ELSE {quote_ident(name)} END"
            column = f"{quote_ident(names[name])} text GENERATED ALWAYS AS ({value}) STORED"
            await connection.execute(f"ALTER TABLE {known.sql} ADD COLUMN {column}")
    finally:
        await connection.close()
    made = tuple(replace(column, name=names[column.name]) for column in known.columns if column.name in names)
    return replace(known, columns=known.columns + made), names
