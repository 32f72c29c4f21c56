"""The frozen Scenario: what is migrated, how it is seeded, queried, and what is claimed and accepted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class SqlFile:
    """A SQL file, read once; `path` is for messages, `name` for results."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name


@dataclass(frozen=True)
class Query:
    """One operation of the workload in its old form (on the columns) and its new form (on the views).

    Each form is one or more statements with named parameters (`:customer_id`); several statements run as one
    transaction. `params` is a query whose rows, drawn once on the seeded database, are the parameter sets: its column
    names are the parameters' names. The built-in parameter `:op` is the operation's number, the same on every arm,
    for writes that need a value of their own. `weight` is its share in the load mix; a `gated` query can set the exit
    code when it is slower than `max_slowdown` (0.05: five percent).
    """

    name: str
    title: str
    kind: Literal["read", "write"]
    before: SqlFile
    after: SqlFile
    params: SqlFile | None
    weight: float
    max_slowdown: float
    gated: bool
    ordered: bool
    """The order of the rows is part of the answer (ORDER BY with the key as tie-breaker)."""


@dataclass(frozen=True)
class AcceptRule:
    """Findings that the scenario accepts, with the reason; at most `max_share` of the object's rows."""

    kind: str
    object: str
    reason: str
    max_share: float = 1.0
    cause: str = ""
    """Only findings with this cause; empty: any."""
    condition: str = ""
    """SQL over the rows that a finding's own query returns (its key columns, `old`, `new`): only those are accepted."""


@dataclass(frozen=True)
class AccessRole:
    """A role that reads the views in the access check, with the settings that identify its user."""

    role: str
    settings: tuple[tuple[str, str], ...] = ()
    settings_query: str = ""
    """A query on the seeded database whose one row gives further settings; `__` in a column's name stands for a dot."""
    askers_query: str = ""
    """The same, but each of its rows is one of those who ask the timed queries, in turn; empty: one alone asks."""


@dataclass(frozen=True)
class Scenario:
    """A migration and all that is needed to judge it; made of data files only."""

    name: str
    title: str
    description: str
    origin: str
    """Where the SQL comes from, shown at the top of the report: our reconstruction, a user's files, ..."""
    folder: Path
    main_tables: tuple[str, ...]
    roles: tuple[SqlFile, ...]
    """Run once per server, before any database: they create roles, so a given server needs --allow-roles."""
    schema: tuple[SqlFile, ...]
    """Run before the load: types, tables without keys and indexes."""
    constraints: tuple[SqlFile, ...]
    """Run after the load: keys, foreign keys, indexes."""
    access: tuple[SqlFile, ...]
    """Run after `constraints`, only where the roles exist: grants, default privileges, row level security."""
    migrations: tuple[SqlFile, ...]
    index_migrations: tuple[str, ...]
    """File names of the migrations that only add indexes; empty: told from the statements themselves."""
    seed: Path
    column_map: tuple[tuple[str, str], ...]
    """Pairs (`table.column`, `view.column`), for counterparts whose names differ."""
    accept: tuple[AcceptRule, ...]
    access_roles: tuple[AccessRole, ...]
    queries: tuple[Query, ...]
    claims: Path | None
    queries_as: AccessRole | None = None
    """Who asks the timed queries, where the server has the role: row security costs time, too."""
