"""The workload made ready: statements with their parameters bound, parameter sets drawn from the seeded database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg

from harness import sqltext
from harness.errors import ScenarioError
from harness.scenario import AccessRole, Query, SqlFile

OPERATION = "op"
"""The built-in parameter: the number of the operation (bigint), the same on every arm."""


@dataclass(frozen=True)
class BoundStatement:
    """One statement with `$1`, `$2`, ...; `names[i]` is the parameter that `$(i+1)` takes."""

    sql: str
    names: tuple[str, ...]

    def arguments(self, values: Mapping[str, object], operation: int) -> tuple[object, ...]:
        """The statement's arguments for one parameter set and operation number."""
        return tuple(operation if name == OPERATION else values[name] for name in self.names)


@dataclass(frozen=True)
class BoundQuery:
    """A query whose both forms are bound; `sets` are its parameter sets, at least one (empty where it takes none).

    `session` are the settings of whoever asks it (`role` and claims), empty for the connecting user. `remarks` belong
    beside each of its figures.
    """

    query: Query
    before: tuple[BoundStatement, ...]
    after: tuple[BoundStatement, ...]
    sets: tuple[Mapping[str, Any], ...]
    session: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The query's name."""
        return self.query.name

    def form(self, name: str) -> tuple[BoundStatement, ...]:
        """The statements of the form `before` or `after`."""
        return self.before if name == "before" else self.after


async def bind_workload(connection: Any, queries: Sequence[Query]) -> tuple[BoundQuery, ...]:
    """Binds every query and draws its parameter sets on the given connection (to a database in the old state).

    Raises ScenarioError, naming the file, where a statement is no SQL, names a parameter that nothing draws, or where
    the parameters' query fails or draws no row.
    """
    return tuple([await _bind(connection, query) for query in queries])


async def draw_session(connection: Any, wanted: AccessRole) -> tuple[tuple[str, str], ...]:
    """The settings that make a session the role's: its claims, those that a query gives included, then the role.

    Raises ScenarioError where the query fails or gives no row.
    """
    settings = dict(wanted.settings)
    if wanted.settings_query:
        try:
            row = await connection.fetchrow(wanted.settings_query)
        except asyncpg.PostgresError as error:
            raise ScenarioError(f"access_role {wanted.role}: settings_query: {error}", "mend it") from None
        if row is None:
            raise ScenarioError(f"access_role {wanted.role}: settings_query gives no row", "let it give one")
        settings |= {name.replace("__", "."): str(value) for name, value in row.items()}
    return (*settings.items(), ("role", wanted.role))


async def become(connection: Any, session: Sequence[tuple[str, str]]) -> None:
    """Gives the connection to whoever the settings are of, for good."""
    for name, value in session:
        await connection.execute("SELECT set_config($1, $2, false)", name, value)


async def bind_as(
    connection: Any, queries: Sequence[Query], session: tuple[tuple[str, str], ...]
) -> tuple[BoundQuery, ...]:
    """Binds the queries with parameter sets that the asker draws, and so with keys that it may see.

    The connection becomes the asker's. Queries of which it draws none are left out.
    """
    await become(connection, session)
    bound = []
    for query in queries:
        try:
            bound.append(replace(await _bind(connection, query), session=session))
        except ScenarioError:
            continue
    return tuple(bound)


async def _bind(connection: Any, query: Query) -> BoundQuery:
    sets = await _draw(connection, query.params) if query.params else ({},)
    known = {*sets[0], OPERATION}
    return BoundQuery(
        query=query,
        before=_bind_file(query.before, known, query.params),
        after=_bind_file(query.after, known, query.params),
        sets=sets,
    )


def _bind_file(file: SqlFile, known: set[str], params: SqlFile | None) -> tuple[BoundStatement, ...]:
    text, names = sqltext.bind_named(file.text)
    unknown = sorted(set(names) - known)
    if unknown:
        source = f"{params.path} draws {', '.join(sorted(known - {OPERATION}))}" if params else "it has no .params.sql"
        raise ScenarioError(f"{file.path}: nothing draws the parameter :{unknown[0]}", f"{source}; add a column there")
    statements = sqltext.split(text, str(file.path))
    if not statements:
        raise ScenarioError(f"{file.path}: the file holds no statement", "write the query there")
    return tuple(_renumber(statement.text, names) for statement in statements)


def _renumber(sql: str, names: tuple[str, ...]) -> BoundStatement:
    """One statement of several has only its own parameters: PostgreSQL cannot infer the type of an absent one."""
    own, used = sqltext.renumber(sql)
    return BoundStatement(sql=own, names=tuple(names[number - 1] for number in used))


async def _draw(connection: Any, file: SqlFile) -> tuple[Mapping[str, Any], ...]:
    statements = sqltext.split(file.text, str(file.path))
    if len(statements) != 1:
        raise ScenarioError(f"{file.path}: holds {len(statements)} statements", "write one query that draws the sets")
    try:
        rows = await connection.fetch(statements[0].text)
    except asyncpg.PostgresSyntaxOrAccessError as error:
        raise ScenarioError(f"{file.path}: {error}", "mend the query; it runs on the seeded, old state") from None
    if not rows:
        raise ScenarioError(
            f"{file.path}: draws no parameter set", "let the query return at least one row at this scale"
        )
    return tuple(dict(row) for row in rows)
