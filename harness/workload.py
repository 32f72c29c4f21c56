"""The workload made ready: statements with their parameters bound, parameter sets drawn from the seeded database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg

from harness import sqltext
from harness.errors import ScenarioError
from harness.scenario import AccessRole, Query, SqlFile

Settings = tuple[tuple[str, str], ...]
"""Settings of a session, in the order in which they are set: `role` and claims."""

OPERATION = "op"
"""The built-in parameter: the number of the operation (bigint), the same on every arm."""

MOST_SETS = 16
"""Parameter sets of a query that several ask, all together: so many as a slice can run through."""


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

    `session` are the settings of whoever asks it (`role` and claims), empty for the connecting user. Where several ask
    in turn, it is what they have in common, and `claims` holds for each of the sets what its own asker has besides.
    `remarks` belong beside each of its figures.
    """

    query: Query
    before: tuple[BoundStatement, ...]
    after: tuple[BoundStatement, ...]
    sets: tuple[Mapping[str, Any], ...]
    session: Settings = ()
    remarks: tuple[str, ...] = ()
    claims: tuple[Settings, ...] = ()

    @property
    def name(self) -> str:
        """The query's name."""
        return self.query.name

    def form(self, name: str) -> tuple[BoundStatement, ...]:
        """The statements of the form `before` or `after`."""
        return self.before if name == "before" else self.after

    def only(self, number: int) -> BoundQuery:
        """The query with one of its sets alone, and with the whole session of whoever asks with that one."""
        own = self.claims[number] if self.claims else ()
        return replace(self, sets=(self.sets[number],), session=(*self.session, *own), claims=())

    def thinned(self, most: int) -> BoundQuery:
        """The query with at most so many of its sets, evenly chosen."""
        return replace(self, sets=tuple(self.sets[place] for place in spread(len(self.sets), most)))


def spread(count: int, most: int) -> tuple[int, ...]:
    """At most so many of the numbers below `count`, evenly chosen."""
    length = min(count, most)
    return tuple(place * count // length for place in range(length))


async def bind_workload(connection: Any, queries: Sequence[Query]) -> tuple[BoundQuery, ...]:
    """Binds every query and draws its parameter sets on the given connection (to a database in the old state).

    Raises ScenarioError, naming the file, where a statement is no SQL, names a parameter that nothing draws, or where
    the parameters' query fails or draws no row.
    """
    return tuple([await _bind(connection, query) for query in queries])


async def draw_session(connection: Any, wanted: AccessRole) -> Settings:
    """The settings that make a session the role's: its claims, those that a query gives included, then the role.

    A role that has askers only is the first of them. Raises ScenarioError where the query fails or gives no row.
    """
    settings = dict(wanted.settings)
    if wanted.settings_query:
        settings |= (await _draw_settings(connection, wanted, "settings_query", wanted.settings_query))[0]
    elif wanted.askers_query:
        settings |= (await _draw_settings(connection, wanted, "askers_query", wanted.askers_query))[0]
    return (*settings.items(), ("role", wanted.role))


async def draw_askers(connection: Any, wanted: AccessRole) -> tuple[Settings, tuple[Settings, ...]]:
    """What those who ask as the role have in common, the role last, and what each has besides: its claims.

    Without an `askers_query` it is one who asks, and all is in common. Raises ScenarioError as `draw_session` does, and
    where there are more askers than a query has parameter sets.
    """
    if not wanted.askers_query:
        return await draw_session(connection, wanted), ((),)
    rows = await _draw_settings(connection, wanted, "askers_query", wanted.askers_query)
    askers = tuple(dict.fromkeys(tuple(row.items()) for row in rows))
    if len(askers) > MOST_SETS:
        raise ScenarioError(
            f"access_role {wanted.role}: askers_query gives {len(askers)} askers",
            f"let it give at most {MOST_SETS}: the largest, typical and small ones",
        )
    return (*wanted.settings, ("role", wanted.role)), askers


async def _draw_settings(connection: Any, wanted: AccessRole, key: str, query: str) -> list[dict[str, str]]:
    """The rows of the query as settings, at least one; NULL is an empty text, as it is for set_config."""
    try:
        rows = await connection.fetch(query)
    except asyncpg.PostgresError as error:
        raise ScenarioError(f"access_role {wanted.role}: {key}: {error}", "mend it") from None
    if not rows:
        raise ScenarioError(f"access_role {wanted.role}: {key} gives no row", "let it give one")
    return [
        {name.replace("__", "."): "" if value is None else str(value) for name, value in row.items()} for row in rows
    ]


async def become(connection: Any, session: Settings) -> None:
    """Gives the connection to whoever the settings are of, for good."""
    for name, value in session:
        await connection.execute("SELECT set_config($1, $2, false)", name, value)


async def bind_as(connection: Any, queries: Sequence[Query], session: Settings) -> tuple[BoundQuery, ...]:
    """Binds the queries with parameter sets that the asker draws, and so with keys that it may see.

    The connection becomes the asker's. Queries of which it draws none are left out. Raises ScenarioError where it
    cannot have these settings.
    """
    try:
        await become(connection, session)
    except asyncpg.PostgresError as error:
        names = ", ".join(name for name, _ in session)
        raise ScenarioError(f"queries_as: {names} cannot be set: {error}", "look at the access_role") from None
    bound = []
    for query in queries:
        try:
            bound.append(replace(await _bind(connection, query), session=session))
        except ScenarioError:
            continue
    return tuple(bound)


def join_askers(parts: Sequence[tuple[Settings, BoundQuery]], session: Settings) -> BoundQuery:
    """One query, asked in turn by those who have the claims: each with the sets that its part holds."""
    return replace(
        parts[0][1],
        session=session,
        sets=tuple(values for _, part in parts for values in part.sets),
        claims=tuple(claims for claims, part in parts for _ in part.sets) if any(own for own, _ in parts) else (),
    )


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
