"""Generated columns whose stored values are those of a function as it was before the migration changed it."""

from __future__ import annotations

import asyncpg

from harness import sqltext
from harness.catalogue import Catalogue, Column, Relation
from harness.result import Finding
from harness.sqltext import quote_ident
from harness.verify.context import Context
from harness.verify.kinds import make_finding
from harness.verify.sessions import is_about_data


async def outdated_findings(context: Context) -> list[Finding]:
    """Every generated column that calls a function of the user's is reckoned anew, once any such function changed."""
    if not _is_any_changed(context.before, context.after):
        return []
    names = {function.identity.partition("(")[0].rpartition(".")[2] for function in context.after.functions}
    found = []
    for table in context.after.relations.values():
        for column in table.columns if table.is_table else ():
            if column.generated and names & set(sqltext.words(column.default_sql or "")):
                found += await _reckoned(context, table, column)
    return found


def _is_any_changed(before: Catalogue, after: Catalogue) -> bool:
    now = {function.identity: function.definition for function in after.functions}
    return any(now.get(function.identity) != function.definition for function in before.functions)


async def _reckoned(context: Context, table: Relation, column: Column) -> list[Finding]:
    name, shown = quote_ident(column.name), f"{table.display}.{column.name}"
    differs = f"FROM {table.sql} WHERE {name}::text IS DISTINCT FROM ({column.default_sql})::{column.type_sql}::text"
    try:
        async with context.sessions.one() as connection:
            count, rows = await connection.fetchrow(
                f"SELECT (SELECT count(*) {differs}), (SELECT count(*) FROM {table.sql})"
            )
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
        return []  # a function that fails is told of as that
    if not count:
        return []
    detail = f"{count} rows of {shown} hold other values than {column.default_sql} gives now"
    query = f"SELECT {name}, {column.default_sql} AS now {differs};"
    return [
        make_finding("generated_stale", shown, detail, count=count, rows=rows, query=query,
                     database=context.verification_db)
    ]  # fmt: skip
