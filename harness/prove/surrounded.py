"""Defects that are a script, a witness and a finding: the rows of the tables of such faults, made into defects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from harness.prove.model import Defect
from harness.sqltext import quote_literal

Row: TypeAlias = tuple[str, str, str, str, str] | tuple[str, str, str, str, str, Sequence[str]]
"""The fault, its script, its witness, the kind and the object that the check must name, what else it may name."""


def defects(rows: Sequence[Row]) -> Iterator[Defect]:
    """Each with its fault named."""
    for row in rows:
        fault, script, witness, kind, about = row[:5]
        touches = frozenset({about, *(row[5] if len(row) == 6 else ())})
        yield Defect(about, (script,), witness, kind, about, touches=touches, fault=fault)


def catalogue_rows(source: str, owner: str, table: str, columns: str) -> str:
    """A witness: what the catalogue has of a table, in rows that a concatenation makes one text."""
    first = columns.split(",", maxsplit=1)[0]
    return (
        f"SELECT string_agg(concat_ws(' ', {columns}), '; ' ORDER BY {first}::text) FROM {source}"
        f" WHERE {owner} = {quote_literal(table)}::regclass"
    )
