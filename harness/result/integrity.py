"""Records of the integrity check: views, columns and findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning", "info"]
IntegrityVerdict = Literal["pass", "fail", "not_checked"]
Fate = Literal["dropped", "rewritten", "hidden"]
ColumnVerdict = Literal["identical", "renders_differently", "different", "no_counterpart", "not_compared"]


@dataclass(frozen=True)
class Example:
    """One row that shows a finding; values are rendered by PostgreSQL, None is SQL's NULL."""

    key: str
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True)
class Finding:
    """Something the integrity check discovered.

    `object` is a qualified name (`sales.customer_name`, `public.sales_with_details`); `count` rows are touched out of
    `rows`; `query` reproduces it when pasted into psql on the database `database` (an arm's or the verification
    clone's name; kept with --keep). `accepted` is the scenario's reason where a rule accepts it, else None.
    """

    kind: str
    severity: Severity
    object: str
    detail: str
    count: int = 0
    rows: int = 0
    cause: str = ""
    examples: tuple[Example, ...] = ()
    query: str = ""
    database: str = ""
    next_step: str = ""
    accepted: str | None = None


@dataclass(frozen=True)
class ViewCheck:
    """One view that the migration creates: is it readable, and over which tables it lies."""

    view: str
    tables: tuple[str, ...]
    columns: int
    rows: int | None
    error: str | None = None


@dataclass(frozen=True)
class ColumnCheck:
    """One column that the migration took away, against its counterpart; the six disjoint counts add up to `rows`.

    `fate` is what became of it: dropped; rewritten, in its own table (another type, a table made anew); or hidden,
    there still but behind a view that took the table's name. `rows` is the number of old rows compared. `extra_row`
    (rows of the view without an old one) and `duplicate_row` (further copies of a row: fan-out) stand beside them.
    `stale_before` is that part of the differences which disagreed with its source already before the migration.
    `reason` tells why a column was not compared.
    """

    table: str
    column: str
    type: str
    counterpart: str | None
    counterpart_type: str | None
    lineage: Literal["map", "name", "data", "none"]
    verdict: ColumnVerdict
    rows: int = 0
    identical: int = 0
    renders_differently: int = 0
    different: int = 0
    null_to_value: int = 0
    value_to_null: int = 0
    missing_row: int = 0
    extra_row: int = 0
    duplicate_row: int = 0
    stale_before: int = 0
    non_null: int = 0
    reason: str = ""
    fate: Fate = "dropped"


@dataclass(frozen=True)
class PlantedKind:
    """What became of one kind of planted anomaly (profile `realistic`), in cells of dropped columns with a counterpart.

    Of `planted` cells the migration shows `kept` as they were; of the others `found` were found with the kind and the
    cause that belong to them (`recall`, None where none is left). `precision` is the share of planted cells among all
    that were found with these kinds and causes (None where none was found).
    """

    kind: str
    planted: int
    kept: int
    found: int
    recall: float | None
    precision: float | None


@dataclass(frozen=True)
class Integrity:
    """The outcome of `verify`."""

    verdict: IntegrityVerdict
    views: tuple[ViewCheck, ...] = ()
    columns: tuple[ColumnCheck, ...] = ()
    findings: tuple[Finding, ...] = ()
    rows_compared: int = 0
    cells_compared: int = 0
    notes: tuple[str, ...] = field(default=())
